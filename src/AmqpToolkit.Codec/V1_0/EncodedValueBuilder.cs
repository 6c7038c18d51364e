using System.Buffers.Binary;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Encodes values one after the other into a buffer that grows, each in its smallest encoding. One owner, one thread; <see cref="Clear"/> makes it
/// reusable without allocation.
/// </summary>
public sealed class EncodedValueBuilder
{
    private const int CompoundOverhead = 9;

    private byte[] _octets = new byte[64];
    private (int At, int Count, bool IsMap)[] _open = new (int, int, bool)[4];
    private int _depth;
    private int _length;

    /// <summary>What was encoded so far.</summary>
    public ReadOnlySpan<byte> Span => _octets.AsSpan(0, _length);

    /// <summary>Forgets everything.</summary>
    public void Clear() => (_length, _depth) = (0, 0);

    /// <summary>A copy of what was encoded: one value.</summary>
    /// <exception cref="InvalidOperationException">A list or map is not ended.</exception>
    public EncodedValue ToValue() => _depth == 0
        ? new EncodedValue(Span.ToArray())
        : throw new InvalidOperationException("A list or map is not ended.");

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

    /// <summary>Adds a string.</summary>
    public EncodedValueBuilder AddString(LongString value) => Added(AmqpWriter.WriteString(Room(value.MaxOctets + AmqpWriter.MaxVariableOverhead), value));

    /// <summary>Adds a symbol.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public EncodedValueBuilder AddSymbol(string value) => Ascii.IsValid(value)
        ? Added(AmqpWriter.WriteSymbol(Room(value.Length + AmqpWriter.MaxVariableOverhead), Encoding.ASCII.GetBytes(value)))
        : throw new ArgumentException($"A symbol is ASCII, '{value}' is not.", nameof(value));

    /// <summary>Adds a value that is encoded already.</summary>
    public EncodedValueBuilder Add(EncodedValueView value) => Added(value.CopyTo(Room(value.Octets)));

    /// <summary>Adds a composite or described value.</summary>
    public EncodedValueBuilder Add<T>(in T value)
        where T : struct, IDescribedType => Added(value.Write(Room(value.MaxOctets)));

    /// <summary>Adds an array of symbols.</summary>
    /// <exception cref="ArgumentException">One of them is not ASCII.</exception>
    public EncodedValueBuilder AddSymbols(IReadOnlyList<string> values)
    {
        int longest = 0;
        int sum = 0;
        foreach (string value in values)
        {
            if (!Ascii.IsValid(value))
            {
                throw new ArgumentException($"A symbol is ASCII, '{value}' is not.", nameof(values));
            }

            longest = Math.Max(longest, value.Length);
            sum += value.Length;
        }

        bool isSmall = longest <= byte.MaxValue;
        int lengthOctets = isSmall ? 1 : sizeof(uint);
        int elements = sum + (values.Count * lengthOctets);
        Span<byte> room = Room(elements + CompoundOverhead + 1);
        int at = BeginArray(room, elements, values.Count);
        room[at++] = isSmall ? (byte)0xA3 : (byte)0xB3;
        foreach (string value in values)
        {
            if (isSmall)
            {
                room[at] = (byte)value.Length;
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(room[at..], value.Length);
            }

            at += lengthOctets;
            at += Encoding.ASCII.GetBytes(value, room[at..]);
        }

        return Added(at);
    }

    /// <summary>Puts a descriptor before the value that comes next.</summary>
    public EncodedValueBuilder Describe(ulong code)
    {
        _length += AmqpWriter.WriteDescriptor(Room(10), code);
        return this;
    }

    /// <summary>Begins a list; what is added until <see cref="End"/> is in it.</summary>
    public EncodedValueBuilder BeginList() => Begin(isMap: false);

    /// <summary>Begins a map; what is added until <see cref="End"/> are its keys and values in turn.</summary>
    public EncodedValueBuilder BeginMap() => Begin(isMap: true);

    /// <summary>Ends the list or map that was begun last.</summary>
    /// <exception cref="InvalidOperationException">None was begun, or a key lacks its value.</exception>
    public EncodedValueBuilder End()
    {
        if (_depth == 0)
        {
            throw new InvalidOperationException("No list or map was begun.");
        }

        (int at, int count, bool isMap) = _open[--_depth];
        if (isMap && (count & 1) != 0)
        {
            throw new InvalidOperationException("A key has no value.");
        }

        int end = AmqpWriter.EndList(_octets, at, _length, count);
        if (isMap)
        {
            // An empty map has no form of its own: size and count are there.
            if (count == 0)
            {
                (_octets[at + 1], _octets[at + 2], end) = (1, 0, at + 3);
            }

            _octets[at] = _octets[at] == 0xD0 ? (byte)0xD1 : (byte)0xC1;
        }

        _length = at;
        return Added(end - at);
    }

    private static int BeginArray(Span<byte> room, int elements, int count)
    {
        if (elements + 2 <= byte.MaxValue && count <= byte.MaxValue)
        {
            room[0] = 0xE0;
            room[1] = (byte)(elements + 2);
            room[2] = (byte)count;
            return 3;
        }

        room[0] = 0xF0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], elements + 1 + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(room[5..], count);
        return CompoundOverhead;
    }

    private EncodedValueBuilder Begin(bool isMap)
    {
        if (_depth == _open.Length)
        {
            Array.Resize(ref _open, 2 * _depth);
        }

        Room(CompoundOverhead);
        _open[_depth++] = (_length, 0, isMap);
        _length += CompoundOverhead;
        return this;
    }

    private EncodedValueBuilder AddVariable(byte small, ReadOnlySpan<byte> value)
    {
        Span<byte> room = Room(value.Length + AmqpWriter.MaxVariableOverhead);
        bool isSmall = value.Length <= byte.MaxValue;
        if (isSmall)
        {
            room[0] = small;
            room[1] = (byte)value.Length;
        }
        else
        {
            room[0] = (byte)(small + 0x10);
            BinaryPrimitives.WriteInt32BigEndian(room[1..], value.Length);
        }

        int at = isSmall ? 2 : AmqpWriter.MaxVariableOverhead;
        value.CopyTo(room[at..]);
        return Added(at + value.Length);
    }

    private Span<byte> Room(int octets)
    {
        if (_octets.Length - _length < octets)
        {
            Array.Resize(ref _octets, Math.Max(2 * _octets.Length, _length + octets));
        }

        return _octets.AsSpan(_length);
    }

    private EncodedValueBuilder Added(int octets)
    {
        _length += octets;
        if (_depth != 0)
        {
            _open[_depth - 1].Count++;
        }

        return this;
    }
}
