using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// Encodes one value, mostly a map, a list or an array, into a buffer that grows; sizes and counts are patched in at their ends. Inside of a map each value is
/// preceded by its <see cref="Key(string)"/>; inside of an array every value has the array's type. Reusable after <see cref="Clear"/>, and then free of
/// allocation as long as its buffers suffice; after an exception it is to be cleared. Owned by one thread at a time.
/// </summary>
public sealed class PackedBuilder
{
    private const int InitialOctets = 256;
    private const int MaxKeyOctets = byte.MaxValue;
    private const int MaxOctetsPerChar = 3;

    private byte[] _octets = new byte[InitialOctets];
    private Level[] _open = new Level[4];
    private int _depth;
    private int _length;

    /// <summary>What was encoded so far: a code, its length if it has one, contents.</summary>
    public ReadOnlySpan<byte> Span => _octets.AsSpan(0, _length);

    private byte ElementCode => _depth == 0 ? (byte)0 : _open[_depth - 1].ElementCode;

    /// <summary>Forgets everything and keeps the buffers.</summary>
    public PackedBuilder Clear()
    {
        (_length, _depth) = (0, 0);
        return this;
    }

    /// <summary>A copy of the value.</summary>
    /// <exception cref="InvalidOperationException">There is none yet, or a map, list or array is not ended.</exception>
    public PackedValue ToValue()
    {
        if (_depth != 0 || _length == 0)
        {
            throw new InvalidOperationException(_length == 0 ? "There is no value yet." : "A map, list or array is not ended.");
        }

        PackedLayout.Measure(_octets[0], Span, 1, out int start, out int length);
        return new PackedValue(_octets[0], _octets.AsSpan(start, length).ToArray());
    }

    /// <summary>Starts a map.</summary>
    public PackedBuilder BeginMap() => Begin(TypeCodes.Map, 0);

    /// <summary>Starts a list.</summary>
    public PackedBuilder BeginList() => Begin(TypeCodes.List, 0);

    /// <summary>Starts an array.</summary>
    /// <param name="elementCode">The type of its elements, one of <see cref="TypeCodes"/>.</param>
    public PackedBuilder BeginArray(byte elementCode) => Begin(TypeCodes.Array, elementCode);

    /// <summary>Ends what was started last.</summary>
    /// <exception cref="InvalidOperationException">Nothing was started, or a key lacks its value.</exception>
    public PackedBuilder End()
    {
        if (_depth == 0)
        {
            throw new InvalidOperationException("No map, list or array is open.");
        }

        if (_open[_depth - 1].HasKey)
        {
            throw new InvalidOperationException("A key has no value.");
        }

        Level level = _open[--_depth];
        int start = level.SizeAt + sizeof(uint);
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(level.SizeAt), _length - start);
        BinaryPrimitives.WriteInt32BigEndian(_octets.AsSpan(start + (level.Kind == TypeCodes.Array ? 1 : 0)), level.Count);
        return this;
    }

    /// <summary>Writes the key of the next value of a map.</summary>
    /// <exception cref="ArgumentException">It has more than 255 octets.</exception>
    public PackedBuilder Key(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Span<byte> target = KeyRoom(key.Length * MaxOctetsPerChar <= MaxKeyOctets ? 0 : Encoding.UTF8.GetByteCount(key));
        return Keyed(target, Encoding.UTF8.GetBytes(key, target[1..]));
    }

    /// <inheritdoc cref="Key(string)"/>
    public PackedBuilder Key(ReadOnlySpan<byte> utf8)
    {
        Span<byte> target = KeyRoom(utf8.Length);
        utf8.CopyTo(target[1..]);
        return Keyed(target, utf8.Length);
    }

    /// <summary>Adds no value (void).</summary>
    public PackedBuilder AddVoid() => Added(Room(TypeCodes.Void, 0), 0);

    /// <summary>Adds a boolean.</summary>
    public PackedBuilder AddBoolean(bool value) => AddBits(TypeCodes.Boolean, sizeof(byte), value ? 1u : 0u);

    /// <summary>Adds a uint8.</summary>
    public PackedBuilder AddUInt8(byte value) => AddBits(TypeCodes.Uint8, sizeof(byte), value);

    /// <summary>Adds an int8.</summary>
    public PackedBuilder AddInt8(sbyte value) => AddBits(TypeCodes.Int8, sizeof(byte), (ulong)value);

    /// <summary>Adds a uint16.</summary>
    public PackedBuilder AddUInt16(ushort value) => AddBits(TypeCodes.Uint16, sizeof(ushort), value);

    /// <summary>Adds an int16.</summary>
    public PackedBuilder AddInt16(short value) => AddBits(TypeCodes.Int16, sizeof(ushort), (ulong)value);

    /// <summary>Adds a uint32.</summary>
    public PackedBuilder AddUInt32(uint value) => AddBits(TypeCodes.Uint32, sizeof(uint), value);

    /// <summary>Adds an int32.</summary>
    public PackedBuilder AddInt32(int value) => AddBits(TypeCodes.Int32, sizeof(uint), (ulong)value);

    /// <summary>Adds a uint64.</summary>
    public PackedBuilder AddUInt64(ulong value) => AddBits(TypeCodes.Uint64, sizeof(ulong), value);

    /// <summary>Adds an int64.</summary>
    public PackedBuilder AddInt64(long value) => AddBits(TypeCodes.Int64, sizeof(ulong), (ulong)value);

    /// <summary>Adds a float.</summary>
    public PackedBuilder AddFloat(float value) => AddBits(TypeCodes.Float, sizeof(uint), BitConverter.SingleToUInt32Bits(value));

    /// <summary>Adds a double.</summary>
    public PackedBuilder AddDouble(double value) => AddBits(TypeCodes.Double, sizeof(ulong), BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Adds a time: seconds since 1970.</summary>
    public PackedBuilder AddDatetime(ulong seconds) => AddBits(TypeCodes.Datetime, sizeof(ulong), seconds);

    /// <summary>Adds a uuid.</summary>
    public PackedBuilder AddUuid(Guid value)
    {
        Span<byte> target = Room(TypeCodes.Uuid, 16);
        return Added(target, PackedWriter.WriteUuid(target, value));
    }

    /// <summary>Adds a string (str16; str8 in an array of these); void for a null reference.</summary>
    /// <exception cref="ArgumentException">It has more octets than its length can say.</exception>
    public PackedBuilder AddString(LongString value)
    {
        if (value.IsNull)
        {
            return AddVoid();
        }

        (byte code, int lengthOctets) = ElementCode == TypeCodes.Str8 ? (TypeCodes.Str8, 1) : (TypeCodes.Str16, 2);
        Span<byte> target = Room(code, (long)lengthOctets + value.MaxOctets);
        return Added(target, PackedWriter.WriteVariable(target, lengthOctets, value));
    }

    /// <summary>Adds octets (vbin32; vbin8 or vbin16 in an array of these).</summary>
    /// <exception cref="ArgumentException">There are more octets than their length can say.</exception>
    public PackedBuilder AddBinary(ReadOnlyMemory<byte> octets)
    {
        (byte code, int lengthOctets) = ElementCode switch
        {
            TypeCodes.Vbin8 => (TypeCodes.Vbin8, 1),
            TypeCodes.Vbin16 => (TypeCodes.Vbin16, 2),
            _ => (TypeCodes.Vbin32, 4),
        };
        Span<byte> target = Room(code, (long)lengthOctets + octets.Length);
        return Added(target, PackedWriter.WriteVariable(target, lengthOctets, octets));
    }

    /// <summary>Adds a struct (struct32).</summary>
    /// <exception cref="ArgumentException">It has no code.</exception>
    public PackedBuilder AddStruct<T>(in T value)
        where T : struct, IPacked
    {
        if (T.Code < 0 || T.SizeOctets != sizeof(uint))
        {
            throw new ArgumentException("Only a struct with a code and a size of four octets can stand for itself.", nameof(value));
        }

        Span<byte> target = Room(TypeCodes.Struct32, (long)PackedWriter.Struct32Overhead + value.MaxOctets);
        return Added(target, PackedWriter.WriteStruct(target, value));
    }

    /// <summary>Adds a value that was read.</summary>
    public PackedBuilder Add(PackedValueView value)
    {
        int lengthOctets = PackedLayout.LengthOctets(value.TypeCode);
        Span<byte> target = Room(value.TypeCode, (long)lengthOctets + value.Contents.Length);
        PackedWriter.WriteLength(target, lengthOctets, value.Contents.Length);
        value.Contents.CopyTo(target[lengthOctets..]);
        return Added(target, lengthOctets + value.Contents.Length);
    }

    /// <summary>Adds a value that is encoded already.</summary>
    public PackedBuilder Add(PackedValue value) => Add(value.View);

    private PackedBuilder AddBits(byte code, int octets, ulong bits)
    {
        Span<byte> target = Room(code, sizeof(ulong));
        BinaryPrimitives.WriteUInt64BigEndian(target, bits << (8 * (sizeof(ulong) - octets))); // what is too much, the next value overwrites
        return Added(target, octets);
    }

    private PackedBuilder Begin(byte code, byte elementCode)
    {
        if (_depth == PackedLayout.MaxDepth)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Maps, lists and arrays are nested at most {PackedLayout.MaxDepth} deep."));
        }

        Span<byte> target = Room(code, sizeof(uint) + PackedLayout.ArrayHeadOctets);
        target[sizeof(uint)] = elementCode;
        int sizeAt = _length;
        Added(target, sizeof(uint) + (code == TypeCodes.Array ? PackedLayout.ArrayHeadOctets : PackedLayout.CountOctets));
        if (_depth == _open.Length)
        {
            Array.Resize(ref _open, _depth * 2);
        }

        _open[_depth++] = new Level(sizeAt, code, elementCode);
        return this;
    }

    private Span<byte> KeyRoom(int octets)
    {
        if (_depth == 0 || _open[_depth - 1] is not { Kind: TypeCodes.Map, HasKey: false })
        {
            throw new InvalidOperationException("A key comes before each value of a map, and nowhere else.");
        }

        if (octets > MaxKeyOctets)
        {
            throw new ArgumentException($"A key has at most {MaxKeyOctets} octets, this one has {octets}.", nameof(octets));
        }

        return Reserve(1 + MaxKeyOctets);
    }

    private PackedBuilder Keyed(Span<byte> target, int octets)
    {
        target[0] = (byte)octets;
        _length += 1 + octets;
        _open[_depth - 1].HasKey = true;
        return this;
    }

    /// <summary>Writes the code where one belongs, and makes room for what comes after it.</summary>
    private Span<byte> Room(byte code, long octets)
    {
        if (_depth == 0)
        {
            if (_length != 0)
            {
                ThrowMisplaced("There is a value already.");
            }
        }
        else
        {
            ref readonly Level level = ref _open[_depth - 1];
            if (level.Kind == TypeCodes.Array)
            {
                if (level.ElementCode != code)
                {
                    ThrowMisplaced($"The elements of the array have the type 0x{level.ElementCode:x2}, this value has 0x{code:x2}.");
                }

                return Reserve(octets);
            }

            if (level is { Kind: TypeCodes.Map, HasKey: false })
            {
                ThrowMisplaced("A value of a map comes after its key.");
            }
        }

        Reserve(1 + octets)[0] = code;
        _length++;
        return _octets.AsSpan(_length);
    }

    private PackedBuilder Added(Span<byte> target, int octets)
    {
        System.Diagnostics.Debug.Assert(octets <= target.Length, "Room was made for what was written.");
        _length += octets;
        if (_depth != 0)
        {
            ref Level level = ref _open[_depth - 1];
            level.Count++;
            level.HasKey = false;
        }

        return this;
    }

    private Span<byte> Reserve(long octets)
    {
        if (_octets.Length - _length < octets)
        {
            long needed = _length + octets;
            if (needed > Array.MaxLength)
            {
                throw new ArgumentException($"All that is encoded has at most {Array.MaxLength} octets, this might have {needed}.", nameof(octets));
            }

            Array.Resize(ref _octets, (int)Math.Min(Math.Max(2L * _octets.Length, needed), Array.MaxLength));
        }

        return _octets.AsSpan(_length);
    }

    [DoesNotReturn]
    private static void ThrowMisplaced(string message) => throw new InvalidOperationException(message);

    private struct Level(int sizeAt, byte kind, byte elementCode)
    {
        public readonly int SizeAt = sizeAt;
        public readonly byte Kind = kind;
        public readonly byte ElementCode = elementCode;
        public int Count;
        public bool HasKey;
    }
}
