using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// A value of any type to be written, in its smallest encoding. Numbers, uuids and small described values are held in place, text as the string that it is,
/// everything else as octets: nothing but the last is allocated. Equality is that of the octets. <c>default</c> is null.
/// <see cref="EncodedValueBuilder"/> makes lists, maps and arrays.
/// </summary>
public readonly struct EncodedValue : IEquatable<EncodedValue>
{
    /// <summary>Octets of a value that is held in place: the constructor of a uuid, and the uuid.</summary>
    internal const int MaxInlineOctets = 1 + (2 * sizeof(ulong));

    /// <summary>Composites up to this size are tried for being small enough to be held in place.</summary>
    private const int ScratchOctets = 64;

    private const byte SmallBinary = 0xA0;
    private const byte SmallString = 0xA1;
    private const byte SmallSymbol = 0xA3;

    private readonly object? _source;  // null; byte[] when octets are held; string or byte[] when the contents of a variable value are
    private readonly ulong _high;      // in place: octets 1 to 8; else the offset in an array
    private readonly ulong _low;       // in place: octets 9 to 16; else the length
    private readonly byte _first;      // in place: octet 0; contents: the constructor that stands before them; else 0
    private readonly byte _octets;     // in place: how many octets

    /// <summary>A value over its octets, constructor first, which are not copied where they lie in an array.</summary>
    public EncodedValue(ReadOnlyMemory<byte> octets)
        : this(new LongString(octets), 0)
    {
    }

    private EncodedValue(LongString contents, byte constructor)
    {
        if (contents.IsEmpty && constructor == 0)
        {
            return;
        }

        if (constructor != 0 && contents.MaxOctets > int.MaxValue - AmqpWriter.MaxVariableOverhead)
        {
            ThrowTooLong();
        }

        (object? source, int offset, int length) = contents.Parts;
        _source = source ?? string.Empty;
        _high = (ulong)offset;
        _low = (ulong)length;
        _first = constructor;
    }

    private EncodedValue(ReadOnlySpan<byte> octets)
    {
        Span<byte> rest = stackalloc byte[MaxInlineOctets - 1];
        rest.Clear();
        octets[1..].CopyTo(rest);
        _first = octets[0];
        _octets = (byte)octets.Length;
        _high = BinaryPrimitives.ReadUInt64BigEndian(rest);
        _low = BinaryPrimitives.ReadUInt64BigEndian(rest[sizeof(ulong)..]);
    }

    /// <summary>Whether this is null.</summary>
    public bool IsNull => _source is null ? _octets == 0 || _first == 0x40 : _first == 0 && Unsafe.As<byte[]>(_source)[(int)_high] == 0x40;

    /// <summary>Upper bound of what <see cref="Write"/> writes; exact where octets are held.</summary>
    public int MaxOctets => _source is null
        ? Math.Max((int)_octets, 1)
        : _first == 0 ? (int)_low : AmqpWriter.MaxVariableOverhead + Contents.MaxOctets;

    /// <summary>The value to be read. Allocates, except where octets are held.</summary>
    public EncodedValueView View => IsNull ? default : new EncodedValueView(ToMemory().Span);

    private LongString Contents => new(_source, (int)_high, (int)_low);

    /// <summary>A boolean.</summary>
    public static EncodedValue Boolean(bool value) => new([value ? (byte)0x41 : (byte)0x42]);

    /// <summary>A ubyte.</summary>
    public static EncodedValue UByte(byte value) => new([0x50, value]);

    /// <summary>A ushort.</summary>
    public static EncodedValue UShort(ushort value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteUShort(octets, value)]);
    }

    /// <summary>A uint.</summary>
    public static EncodedValue UInt(uint value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteUInt(octets, value)]);
    }

    /// <summary>A ulong.</summary>
    public static EncodedValue ULong(ulong value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteULong(octets, value)]);
    }

    /// <summary>A byte, which is signed.</summary>
    public static EncodedValue Byte(sbyte value) => new([0x51, (byte)value]);

    /// <summary>A short.</summary>
    public static EncodedValue Short(short value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteShort(octets, value)]);
    }

    /// <summary>An int.</summary>
    public static EncodedValue Int(int value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteInt(octets, value)]);
    }

    /// <summary>A long.</summary>
    public static EncodedValue Long(long value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteLong(octets, value)]);
    }

    /// <summary>A float.</summary>
    public static EncodedValue Float(float value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteFloat(octets, value)]);
    }

    /// <summary>A double.</summary>
    public static EncodedValue Double(double value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteDouble(octets, value)]);
    }

    /// <summary>The bits of a decimal32.</summary>
    public static EncodedValue Decimal32(uint value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteDecimal32(octets, value)]);
    }

    /// <summary>The bits of a decimal64.</summary>
    public static EncodedValue Decimal64(ulong value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteDecimal64(octets, value)]);
    }

    /// <summary>The bits of a decimal128.</summary>
    public static EncodedValue Decimal128(UInt128 value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteDecimal128(octets, value)]);
    }

    /// <summary>A char.</summary>
    public static EncodedValue Char(Rune value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteChar(octets, value)]);
    }

    /// <summary>A timestamp: milliseconds since 1970.</summary>
    public static EncodedValue Timestamp(long value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteTimestamp(octets, value)]);
    }

    /// <summary>A uuid.</summary>
    public static EncodedValue Uuid(Guid value)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        return new EncodedValue(octets[..AmqpWriter.WriteUuid(octets, value)]);
    }

    /// <summary>Octets, which are not copied where they lie in an array.</summary>
    /// <exception cref="ArgumentException">With what stands before them they may be more than <see cref="int.MaxValue"/>.</exception>
    public static EncodedValue Binary(ReadOnlyMemory<byte> value) => new(new LongString(value), SmallBinary);

    /// <summary>A string: text, or its UTF-8, which is not copied where it lies in an array; null for a null reference.</summary>
    /// <exception cref="ArgumentException">With what stands before it, it may take more than <see cref="int.MaxValue"/> octets.</exception>
    public static EncodedValue String(LongString value) => value.IsNull ? default : new(value, SmallString);

    /// <summary>A symbol.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public static EncodedValue Symbol(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        AmqpWriter.ThrowUnlessSymbol(value);
        return new EncodedValue(value, SmallSymbol);
    }

    /// <summary>Symbols for a field that may have several: none is null, one stands for itself, more are an array.</summary>
    /// <exception cref="ArgumentException">One is not ASCII.</exception>
    public static EncodedValue Symbols(params string[] values) => values.Length switch
    {
        0 => default,
        1 => Symbol(values[0]),
        _ => new EncodedValueBuilder().AddSymbols(values).ToValue(),
    };

    /// <summary>Encodes a composite or described value; a small one, like an outcome without fields, without allocating.</summary>
    public static EncodedValue Of<T>(in T value)
        where T : struct, IDescribedType
    {
        int octets = value.MaxOctets;
        if (octets > Array.MaxLength)
        {
            ThrowTooLong();
        }

        Span<byte> scratch = octets <= ScratchOctets ? stackalloc byte[ScratchOctets] : new byte[octets];
        scratch = scratch[..value.Write(scratch)];
        return scratch.Length <= MaxInlineOctets ? new EncodedValue(scratch) : new EncodedValue(scratch.ToArray().AsMemory());
    }

    /// <summary>Copies the octets of a value, constructor first; few octets without allocating.</summary>
    public static EncodedValue CopyOf(ReadOnlySpan<byte> octets) =>
        octets.IsEmpty ? default : octets.Length <= MaxInlineOctets ? new EncodedValue(octets) : new EncodedValue(octets.ToArray().AsMemory());

    /// <summary>Whether both have the same octets.</summary>
    public static bool operator ==(EncodedValue left, EncodedValue right) => left.Equals(right);

    /// <summary>Whether their octets differ.</summary>
    public static bool operator !=(EncodedValue left, EncodedValue right) => !left.Equals(right);

    /// <summary>Writes the value, constructor first.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short; <see cref="MaxOctets"/> always suffice.</exception>
    /// <returns>The number of octets written.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // inlined, its copies have every composite with such a field clear a stack frame that most do not need
    public int Write(Span<byte> destination)
    {
        if (_source is null)
        {
            return WriteInline(destination);
        }

        return _first == 0 ? Contents.Write(destination) : AmqpWriter.WriteVariable(destination, _first, Contents);
    }

    /// <summary>The octets, constructor first; none for null. Allocates, except where octets are held.</summary>
    public ReadOnlyMemory<byte> ToMemory()
    {
        if (IsNull)
        {
            return default;
        }

        if (_source is not null && _first == 0)
        {
            return Contents.ToMemory();
        }

        byte[] octets = new byte[MaxOctets];
        return octets.AsMemory(0, Write(octets));
    }

    /// <inheritdoc/>
    public bool Equals(EncodedValue other)
    {
        if (_source is null && other._source is null)
        {
            return (_octets == other._octets && _first == other._first && _high == other._high && _low == other._low) || (IsNull && other.IsNull);
        }

        if (_first == other._first && _source is not null && other._source is not null)
        {
            return Contents.Equals(other.Contents);
        }

        return ToMemory().Span.SequenceEqual(other.ToMemory().Span);
    }

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is EncodedValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(ToMemory().Span);
        return hash.ToHashCode();
    }

    [DoesNotReturn]
    private static void ThrowTooLong() => throw new ArgumentException("The value may take more octets than can be encoded at once.");

    private int WriteInline(Span<byte> destination)
    {
        if (_octets == 0)
        {
            return AmqpWriter.WriteNull(destination);
        }

        if (_octets is < sizeof(uint) or > sizeof(ulong))
        {
            return WriteInlineOctets(destination);
        }

        // Numbers and outcomes: two stores that overlap.
        ulong octets = ((ulong)_first << 56) | (_high >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)(octets >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(destination[(_octets - sizeof(uint))..], (uint)(octets >> (8 * (sizeof(ulong) - _octets))));
        return _octets;
    }

    private int WriteInlineOctets(Span<byte> destination)
    {
        Span<byte> octets = stackalloc byte[MaxInlineOctets];
        BinaryPrimitives.WriteUInt64BigEndian(octets[(1 + sizeof(ulong))..], _low);
        BinaryPrimitives.WriteUInt64BigEndian(octets[1..], _high);
        octets[0] = _first;
        octets[.._octets].CopyTo(destination);
        return _octets;
    }
}
