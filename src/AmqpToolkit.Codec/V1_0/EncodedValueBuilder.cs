using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Encodes values one after the other into a buffer that grows, each in its smallest encoding; the elements of an array share one. One owner, one thread;
/// <see cref="Clear"/> makes it reusable without allocation.
/// </summary>
public sealed partial class EncodedValueBuilder
{
    private const int SmallOverhead = 3;
    private const int CompoundOverhead = 1 + (2 * sizeof(uint));

    private byte[] _octets = new byte[64];
    private Open[] _open = new Open[4];
    private int _depth;
    private int _length;
    private int _values;      // outside of lists, maps and arrays
    private int _descriptors; // before the value that comes next

    /// <summary>What was encoded so far; valid until something is added.</summary>
    public ReadOnlySpan<byte> Span => _octets.AsSpan(0, _length);

    /// <summary>What was encoded so far; valid until something is added or the builder is cleared.</summary>
    public ReadOnlyMemory<byte> Memory => _octets.AsMemory(0, _length);

    /// <summary>Forgets everything.</summary>
    public EncodedValueBuilder Clear()
    {
        (_length, _depth, _values, _descriptors) = (0, 0, 0, 0);
        return this;
    }

    /// <summary>A copy of what was encoded: one value.</summary>
    /// <exception cref="InvalidOperationException">A list, map or array is not ended, a descriptor lacks its value, or there are several values.</exception>
    public EncodedValue ToValue()
    {
        ThrowUnlessOneValue();
        return EncodedValue.CopyOf(Span);
    }

    /// <summary>What was encoded, one value, without a copy: valid until something is added or the builder is cleared.</summary>
    /// <inheritdoc cref="ToValue" path="/exception"/>
    public EncodedValue AsValue()
    {
        ThrowUnlessOneValue();
        return new EncodedValue(Memory);
    }

    /// <summary>Adds null.</summary>
    public EncodedValueBuilder AddNull() => Added(AmqpWriter.WriteNull(Room(1)));

    /// <summary>Adds a boolean.</summary>
    public EncodedValueBuilder AddBoolean(bool value) => Added(AmqpWriter.WriteBoolean(Room(1), value));

    /// <summary>Adds a ubyte.</summary>
    public EncodedValueBuilder AddUByte(byte value) => Added(AmqpWriter.WriteUByte(Room(2), value));

    /// <summary>Adds a ushort.</summary>
    public EncodedValueBuilder AddUShort(ushort value) => Added(AmqpWriter.WriteUShort(Room(3), value));

    /// <summary>Adds a uint.</summary>
    public EncodedValueBuilder AddUInt(uint value) => Added(AmqpWriter.WriteUInt(Room(5), value));

    /// <summary>Adds a ulong.</summary>
    public EncodedValueBuilder AddULong(ulong value) => Added(AmqpWriter.WriteULong(Room(9), value));

    /// <summary>Adds a byte, which is signed.</summary>
    public EncodedValueBuilder AddByte(sbyte value) => Added(AmqpWriter.WriteByte(Room(2), value));

    /// <summary>Adds a short.</summary>
    public EncodedValueBuilder AddShort(short value) => Added(AmqpWriter.WriteShort(Room(3), value));

    /// <summary>Adds an int.</summary>
    public EncodedValueBuilder AddInt(int value) => Added(AmqpWriter.WriteInt(Room(5), value));

    /// <summary>Adds a long.</summary>
    public EncodedValueBuilder AddLong(long value) => Added(AmqpWriter.WriteLong(Room(9), value));

    /// <summary>Adds a float.</summary>
    public EncodedValueBuilder AddFloat(float value) => Added(AmqpWriter.WriteFloat(Room(5), value));

    /// <summary>Adds a double.</summary>
    public EncodedValueBuilder AddDouble(double value) => Added(AmqpWriter.WriteDouble(Room(9), value));

    /// <summary>Adds the bits of a decimal32.</summary>
    public EncodedValueBuilder AddDecimal32(uint value) => Added(AmqpWriter.WriteDecimal32(Room(5), value));

    /// <summary>Adds the bits of a decimal64.</summary>
    public EncodedValueBuilder AddDecimal64(ulong value) => Added(AmqpWriter.WriteDecimal64(Room(9), value));

    /// <summary>Adds the bits of a decimal128.</summary>
    public EncodedValueBuilder AddDecimal128(UInt128 value) => Added(AmqpWriter.WriteDecimal128(Room(17), value));

    /// <summary>Adds a char.</summary>
    public EncodedValueBuilder AddChar(Rune value) => Added(AmqpWriter.WriteChar(Room(5), value));

    /// <summary>Adds a timestamp: milliseconds since 1970.</summary>
    public EncodedValueBuilder AddTimestamp(long value) => Added(AmqpWriter.WriteTimestamp(Room(9), value));

    /// <summary>Adds a uuid.</summary>
    public EncodedValueBuilder AddUuid(Guid value) => Added(AmqpWriter.WriteUuid(Room(17), value));

    /// <summary>Adds a binary.</summary>
    public EncodedValueBuilder AddBinary(ReadOnlySpan<byte> value) => AddVariable(0xA0, value);

    /// <summary>Adds a string; null for a null reference.</summary>
    public EncodedValueBuilder AddString(LongString value) => Added(AmqpWriter.WriteString(Room((long)value.MaxOctets + AmqpWriter.MaxVariableOverhead), value));

    /// <summary>Adds a symbol; null for a null reference.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public EncodedValueBuilder AddSymbol(LongString value) => Added(AmqpWriter.WriteSymbol(Room((long)value.MaxOctets + AmqpWriter.MaxVariableOverhead), value));

    /// <summary>Adds a value that is encoded already.</summary>
    /// <exception cref="InvalidOperationException">It would be nested deeper than <see cref="AmqpReader.MaxDepth"/>.</exception>
    public EncodedValueBuilder Add(EncodedValueView value) => AddedWhole(value.CopyTo(Room(value.Octets)));

    /// <summary>Adds a value.</summary>
    /// <inheritdoc cref="Add(EncodedValueView)" path="/exception"/>
    public EncodedValueBuilder Add(in EncodedValue value) => AddedWhole(value.Write(Room(value.MaxOctets)));

    /// <summary>Adds a composite or described value.</summary>
    /// <inheritdoc cref="Add(EncodedValueView)" path="/exception"/>
    public EncodedValueBuilder Add<T>(in T value)
        where T : struct, IDescribedType => AddedWhole(value.Write(Room(value.MaxOctets)));

    /// <summary>Adds an array of symbols.</summary>
    /// <exception cref="ArgumentException">One of them is not ASCII.</exception>
    public EncodedValueBuilder AddSymbols(IReadOnlyList<string> values)
    {
        for (int i = 0; i < values.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(values[i]);
            AmqpWriter.ThrowUnlessSymbol(values[i]);
        }

        BeginArray(AmqpType.Symbol);
        for (int i = 0; i < values.Count; i++)
        {
            AddSymbol(values[i]);
        }

        return End();
    }

    /// <summary>Puts a descriptor before the value that comes next.</summary>
    /// <exception cref="InvalidOperationException">That value is an element of an array, or it has too many descriptors.</exception>
    public EncodedValueBuilder Describe(ulong code)
    {
        if (_depth != 0 && _open[_depth - 1].Type == AmqpType.Array)
        {
            throw new InvalidOperationException("The elements of an array share their descriptor: BeginArray takes it.");
        }

        if (_depth + _descriptors == AmqpReader.MaxDepth)
        {
            ThrowTooDeep();
        }

        _length += AmqpWriter.WriteDescriptor(Room(10), code);
        _descriptors++;
        return this;
    }

    /// <summary>Begins a list; what is added until <see cref="End"/> is in it.</summary>
    public EncodedValueBuilder BeginList() => Begin(new Open(_length, AmqpType.List));

    /// <summary>Begins a map; what is added until <see cref="End"/> are its keys and values in turn.</summary>
    public EncodedValueBuilder BeginMap() => Begin(new Open(_length, AmqpType.Map));

    /// <summary>Begins an array; what is added until <see cref="End"/> are its elements, all of one type.</summary>
    /// <param name="elements">The type of the elements.</param>
    public EncodedValueBuilder BeginArray(AmqpType elements) => Begin(new Open(_length, AmqpType.Array) { Elements = elements });

    /// <summary>Begins an array of described values, which share their descriptor; they are added without it.</summary>
    /// <param name="elements">The type that is described.</param>
    /// <param name="code">The descriptor.</param>
    public EncodedValueBuilder BeginArray(AmqpType elements, ulong code) =>
        Begin(new Open(_length, AmqpType.Array) { Elements = elements, Descriptor = code });

    /// <summary>Ends the list, map or array that was begun last.</summary>
    /// <exception cref="InvalidOperationException">None was begun, or a key or a descriptor lacks its value.</exception>
    public EncodedValueBuilder End()
    {
        if (_depth == 0)
        {
            throw new InvalidOperationException("No list, map or array was begun.");
        }

        Open open = _open[_depth - 1];
        if (_descriptors != 0)
        {
            throw new InvalidOperationException("A descriptor has no value.");
        }

        if (open.Type == AmqpType.Map && (open.Count & 1) != 0)
        {
            throw new InvalidOperationException("A key has no value.");
        }

        Room(MaxArrayHeader + CompoundOverhead); // all that its end and its becoming an element can take
        _depth--;
        int end = open.Type switch
        {
            AmqpType.List => EndList(open),
            AmqpType.Map => EndMap(open),
            _ => EndArray(open),
        };
        _length = open.At;
        return Added(end - open.At);
    }

    private EncodedValueBuilder Begin(Open open)
    {
        if (_depth + (open.Descriptor is null ? 0 : 1) >= AmqpReader.MaxDepth)
        {
            ThrowTooDeep();
        }

        if (open.Type == AmqpType.Array)
        {
            Widest(open.Elements);
        }

        if (_depth != 0 && _open[_depth - 1].Type == AmqpType.Array)
        {
            ThrowUnlessElement(_open[_depth - 1], open.Type);
        }

        Room(CompoundOverhead);
        if (_depth == _open.Length)
        {
            Array.Resize(ref _open, 2 * _depth);
        }

        _open[_depth++] = open;
        _descriptors = 0;
        _length += open.Type == AmqpType.Array ? CompoundOverhead : SmallOverhead;
        return this;
    }

    private int EndList(Open open)
    {
        Room(CompoundOverhead);
        return AmqpWriter.EndList(_octets, open.At + SmallOverhead, _length, open.Count);
    }

    private int EndMap(Open open)
    {
        int end = EndList(open);
        if (open.Count == 0)
        {
            // An empty map has no form of its own: size and count are there.
            (_octets[open.At + 1], _octets[open.At + 2], end) = (1, 0, open.At + 3);
        }

        _octets[open.At] = _octets[open.At] == 0xD0 ? (byte)0xD1 : (byte)0xC1;
        return end;
    }

    private EncodedValueBuilder AddVariable(byte small, ReadOnlySpan<byte> value)
    {
        Span<byte> room = Room((long)value.Length + AmqpWriter.MaxVariableOverhead);
        int at = AmqpWriter.WriteVariableHeader(room, small, value.Length);
        value.CopyTo(room[at..]);
        return Added(at + value.Length);
    }

    private Span<byte> Room(long octets)
    {
        if (_octets.Length - _length < octets)
        {
            Grow(_length + octets);
        }

        return _octets.AsSpan(_length);
    }

    private void Grow(long octets)
    {
        if (octets > Array.MaxLength)
        {
            throw new ArgumentException($"All that is encoded has at most {Array.MaxLength} octets, this might have {octets}.", nameof(octets));
        }

        Array.Resize(ref _octets, (int)Math.Min(Math.Max(2L * _octets.Length, octets), Array.MaxLength));
    }

    /// <summary>Takes a value that was written as a whole, unless what is open around it makes it too deep. At the top its own depth is known to do.</summary>
    private EncodedValueBuilder AddedWhole(int octets)
    {
        if (_depth + _descriptors != 0 && _octets[_length] is 0 or >= 0xC0)
        {
            int at = 0;
            ReadOnlySpan<byte> value = _octets.AsSpan(_length, octets);
            bool isTooDeep = AmqpReader.Validate(value, ref at, _depth) == DecodeError.NestingTooDeep;
            at = 0;
            if (isTooDeep || AmqpReader.SkipConstructor(value, ref at, _depth + _descriptors, out _) == DecodeError.NestingTooDeep)
            {
                ThrowTooDeep();
            }
        }

        return Added(octets);
    }

    /// <summary>Takes what was written. Until here nothing has changed: whoever is refused before may go on.</summary>
    private EncodedValueBuilder Added(int octets)
    {
        if (_depth == 0)
        {
            _values++;
            _length += octets;
        }
        else
        {
            ref Open open = ref _open[_depth - 1];
            int start = _length;
            if (open.Type == AmqpType.Array)
            {
                ThrowUnlessElement(open, AmqpReader.TypeOf(_octets[start]));
                Room((long)octets + CompoundOverhead);
                _length += octets;
                WidenElement(start);
            }
            else
            {
                _length += octets;
            }

            open.Count++;
        }

        _descriptors = 0;
        return this;
    }

    private static void ThrowUnlessElement(in Open array, AmqpType type)
    {
        if (type != array.Elements)
        {
            throw new InvalidOperationException($"The elements of this array are {array.Elements}, this one is {type}.");
        }

        if (type == AmqpType.Null && array.Count == AmqpReader.MaxZeroWidthElements)
        {
            throw new InvalidOperationException($"An array has at most {AmqpReader.MaxZeroWidthElements} elements without octets.");
        }
    }

    private void ThrowUnlessOneValue()
    {
        if (_depth != 0 || _descriptors != 0 || _values > 1)
        {
            throw new InvalidOperationException(_depth != 0 ? "A list, map or array is not ended."
                : _descriptors != 0 ? "A descriptor has no value."
                : "There are several values.");
        }
    }

    [DoesNotReturn]
    private static void ThrowTooDeep() =>
        throw new InvalidOperationException($"Lists, maps, arrays and descriptors are nested at most {AmqpReader.MaxDepth} deep.");

    /// <summary>A list, map or array that is not ended: where it begins, and what is in it so far.</summary>
    private record struct Open(int At, AmqpType Type)
    {
        internal int Count { get; set; }

        internal AmqpType Elements { get; init; }

        internal ulong? Descriptor { get; init; }
    }
}
