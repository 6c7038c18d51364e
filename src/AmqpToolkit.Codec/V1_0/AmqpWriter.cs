using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Writes values of 1.0 to the start of a span, constructor first, in their smallest encoding, and returns the octets written. No state, any thread.
/// </summary>
/// <remarks>A target that is too short throws <see cref="ArgumentException"/> or <see cref="IndexOutOfRangeException"/>: sizing is the caller's business.</remarks>
public static class AmqpWriter
{
    /// <summary>Octets before the contents of a variable value at most: constructor and length.</summary>
    public const int MaxVariableOverhead = 1 + sizeof(uint);

    /// <summary>Octets before the fields of a composite at most: descriptor, constructor, size, count.</summary>
    public const int MaxCompositeOverhead = MaxDescriptorOctets + 1 + (2 * sizeof(uint));

    private const int MinDescriptorOctets = 3;
    private const int MaxDescriptorOctets = 10;
    private const int SmallListOverhead = 3;
    private const int LargeListOverhead = 1 + (2 * sizeof(uint));

    /// <summary>Writes null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteNull(Span<byte> destination)
    {
        destination[0] = 0x40;
        return 1;
    }

    /// <summary>Writes a boolean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteBoolean(Span<byte> destination, bool value)
    {
        destination[0] = value ? (byte)0x41 : (byte)0x42;
        return 1;
    }

    /// <summary>Writes a ubyte.</summary>
    public static int WriteUByte(Span<byte> destination, byte value)
    {
        destination[1] = value;
        destination[0] = 0x50;
        return 2;
    }

    /// <summary>Writes a ushort.</summary>
    public static int WriteUShort(Span<byte> destination, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], value);
        destination[0] = 0x60;
        return 1 + sizeof(ushort);
    }

    /// <summary>Writes a uint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt(Span<byte> destination, uint value)
    {
        if (value - 1 < byte.MaxValue)
        {
            destination[1] = (byte)value;
            destination[0] = 0x52;
            return 2;
        }

        if (value == 0)
        {
            destination[0] = 0x43;
            return 1;
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], value);
        destination[0] = 0x70;
        return 1 + sizeof(uint);
    }

    /// <summary>Writes a ulong.</summary>
    public static int WriteULong(Span<byte> destination, ulong value)
    {
        if (value == 0)
        {
            destination[0] = 0x44;
            return 1;
        }

        if (value <= byte.MaxValue)
        {
            destination[1] = (byte)value;
            destination[0] = 0x53;
            return 2;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], value);
        destination[0] = 0x80;
        return 1 + sizeof(ulong);
    }

    /// <summary>Writes a byte, which is signed.</summary>
    public static int WriteByte(Span<byte> destination, sbyte value)
    {
        destination[1] = (byte)value;
        destination[0] = 0x51;
        return 2;
    }

    /// <summary>Writes a short.</summary>
    public static int WriteShort(Span<byte> destination, short value)
    {
        BinaryPrimitives.WriteInt16BigEndian(destination[1..], value);
        destination[0] = 0x61;
        return 1 + sizeof(short);
    }

    /// <summary>Writes an int.</summary>
    public static int WriteInt(Span<byte> destination, int value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            destination[1] = (byte)value;
            destination[0] = 0x54;
            return 2;
        }

        BinaryPrimitives.WriteInt32BigEndian(destination[1..], value);
        destination[0] = 0x71;
        return 1 + sizeof(int);
    }

    /// <summary>Writes a long.</summary>
    public static int WriteLong(Span<byte> destination, long value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            destination[1] = (byte)value;
            destination[0] = 0x55;
            return 2;
        }

        BinaryPrimitives.WriteInt64BigEndian(destination[1..], value);
        destination[0] = 0x81;
        return 1 + sizeof(long);
    }

    /// <summary>Writes a float.</summary>
    public static int WriteFloat(Span<byte> destination, float value)
    {
        BinaryPrimitives.WriteSingleBigEndian(destination[1..], value);
        destination[0] = 0x72;
        return 1 + sizeof(float);
    }

    /// <summary>Writes a double.</summary>
    public static int WriteDouble(Span<byte> destination, double value)
    {
        BinaryPrimitives.WriteDoubleBigEndian(destination[1..], value);
        destination[0] = 0x82;
        return 1 + sizeof(double);
    }

    /// <summary>Writes the bits of a decimal32.</summary>
    public static int WriteDecimal32(Span<byte> destination, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], value);
        destination[0] = 0x74;
        return 1 + sizeof(uint);
    }

    /// <summary>Writes the bits of a decimal64.</summary>
    public static int WriteDecimal64(Span<byte> destination, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], value);
        destination[0] = 0x84;
        return 1 + sizeof(ulong);
    }

    /// <summary>Writes the bits of a decimal128.</summary>
    public static int WriteDecimal128(Span<byte> destination, UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination[1..], value);
        destination[0] = 0x94;
        return 17;
    }

    /// <summary>Writes a char.</summary>
    public static int WriteChar(Span<byte> destination, Rune value)
    {
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], value.Value);
        destination[0] = 0x73;
        return 1 + sizeof(int);
    }

    /// <summary>Writes a timestamp: milliseconds since 1970.</summary>
    public static int WriteTimestamp(Span<byte> destination, long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination[1..], value);
        destination[0] = 0x83;
        return 1 + sizeof(long);
    }

    /// <summary>Writes a uuid.</summary>
    public static int WriteUuid(Span<byte> destination, Guid value)
    {
        if (!value.TryWriteBytes(destination[1..], bigEndian: true, out _))
        {
            ThrowTooShort();
        }

        destination[0] = 0x98;
        return 17;
    }

    /// <summary>Writes a binary.</summary>
    public static int WriteBinary(Span<byte> destination, LongString value) => WriteVariable(destination, 0xA0, value);

    /// <summary>Writes a string.</summary>
    public static int WriteString(Span<byte> destination, LongString value) => WriteVariable(destination, 0xA1, value);

    /// <summary>Writes a symbol.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public static int WriteSymbol(Span<byte> destination, LongString value)
    {
        int octets = WriteVariable(destination, 0xA3, value);
        if (!Ascii.IsValid(destination[(octets - 2 <= byte.MaxValue ? 2 : MaxVariableOverhead)..octets]))
        {
            ThrowNotSymbol(value.ToString());
        }

        return octets;
    }

    /// <summary>Writes what stands before the octets of a binary that are sent from where they lie.</summary>
    /// <param name="destination">At least <see cref="MaxVariableOverhead"/> long.</param>
    /// <param name="octets">How many octets the binary has.</param>
    /// <returns>The number of octets written.</returns>
    public static int WriteBinaryHeader(Span<byte> destination, int octets) => WriteVariableHeader(destination, 0xA0, octets);

    /// <summary>Writes the descriptor of a described value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteDescriptor(Span<byte> destination, ulong code)
    {
        destination[0] = 0;
        return 1 + WriteULong(destination[1..], code);
    }

    /// <summary>Begins a composite: descriptor, then room for the start of a small list.</summary>
    /// <returns>Where the first field goes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BeginComposite(Span<byte> destination, ulong code)
    {
        if (code <= byte.MaxValue)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, CompositeReader.SmallStart((byte)code));
            return MinDescriptorOctets + SmallListOverhead;
        }

        int list = WriteDescriptor(destination, code);
        destination[list] = 0xC0;
        return list + SmallListOverhead;
    }

    /// <summary>Ends a list: as one without fields, as a small one, or, when it has become too long, as a large one, to which its fields are moved.</summary>
    /// <param name="destination">What the list is written to.</param>
    /// <param name="first">Where its fields begin; the three octets before it are the start of a small list.</param>
    /// <param name="end">Where its fields end.</param>
    /// <param name="count">How many fields there are.</param>
    /// <returns>Where the list ends.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EndList(Span<byte> destination, int first, int end, int count)
    {
        int size = end - first + 1;
        if (size <= byte.MaxValue && count - 1 < byte.MaxValue && count != 0)
        {
            destination[first - 1] = (byte)count;
            destination[first - 2] = (byte)size;
            destination[first - 3] = 0xC0;
            return end;
        }

        return EndUnusualList(destination, first, end, count);
    }

    /// <summary>Says that a composite lacks a mandatory field.</summary>
    /// <exception cref="InvalidOperationException">Always.</exception>
    [DoesNotReturn]
    public static void ThrowMissingField(string composite) => throw new InvalidOperationException($"A mandatory field of '{composite}' is not set.");

    private static int EndUnusualList(Span<byte> destination, int first, int end, int count)
    {
        int list = first - SmallListOverhead;
        if (count == 0)
        {
            destination[list] = 0x45;
            return list + 1;
        }

        int octets = end - first;
        destination.Slice(first, octets).CopyTo(destination[(list + LargeListOverhead)..]);
        destination[list] = 0xD0;
        BinaryPrimitives.WriteInt32BigEndian(destination[(list + 1)..], octets + sizeof(uint));
        BinaryPrimitives.WriteInt32BigEndian(destination[(list + 1 + sizeof(uint))..], count);
        return list + LargeListOverhead + octets;
    }

    internal static int WriteVariable(Span<byte> destination, byte small, in LongString value)
    {
        if (value.TryGetOctets(out ReadOnlySpan<byte> held))
        {
            int at = WriteVariableHeader(destination, small, held.Length);
            held.CopyTo(destination[at..]);
            return at + held.Length;
        }

        if (value.MaxOctets <= byte.MaxValue)
        {
            int octets = value.Write(destination[2..]);
            destination[1] = (byte)octets;
            destination[0] = small;
            return 2 + octets;
        }

        int written = value.Write(destination[MaxVariableOverhead..]);
        if (written <= byte.MaxValue)
        {
            destination.Slice(MaxVariableOverhead, written).CopyTo(destination[2..]);
            destination[1] = (byte)written;
            destination[0] = small;
            return 2 + written;
        }

        BinaryPrimitives.WriteInt32BigEndian(destination[1..], written);
        destination[0] = (byte)(small + 0x10);
        return MaxVariableOverhead + written;
    }

    internal static int WriteVariableHeader(Span<byte> destination, byte small, int octets)
    {
        if (octets <= byte.MaxValue)
        {
            destination[1] = (byte)octets;
            destination[0] = small;
            return 2;
        }

        BinaryPrimitives.WriteInt32BigEndian(destination[1..], octets);
        destination[0] = (byte)(small + 0x10);
        return MaxVariableOverhead;
    }

    internal static void ThrowUnlessSymbol(string value)
    {
        if (!Ascii.IsValid(value))
        {
            ThrowNotSymbol(value);
        }
    }

    [DoesNotReturn]
    private static void ThrowNotSymbol(string value) => throw new ArgumentException($"A symbol is ASCII, '{value}' is not.", nameof(value));

    [DoesNotReturn]
    private static void ThrowTooShort() => throw new ArgumentException("The destination is too short.");
}
