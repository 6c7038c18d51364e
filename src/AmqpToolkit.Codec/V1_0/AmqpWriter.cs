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

    /// <summary>Constructor, size and count of a small list.</summary>
    internal const int SmallListOverhead = 3;

    /// <summary>The longest form of a uint.</summary>
    internal const int MaxUIntOctets = 1 + sizeof(uint);

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
    public static int WriteUByte(Span<byte> destination, byte value) => WriteOne(destination, 0x50, value);

    /// <summary>Writes a ushort.</summary>
    public static int WriteUShort(Span<byte> destination, ushort value) => WriteTwo(destination, 0x60, value);

    /// <summary>Writes a uint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteUInt(Span<byte> destination, uint value) => CompositeWriter.WriteUInt(destination, 0, value);

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
            return WriteOne(destination, 0x53, (byte)value);
        }

        return WriteEight(destination, 0x80, value);
    }

    /// <summary>Writes a byte, which is signed.</summary>
    public static int WriteByte(Span<byte> destination, sbyte value) => WriteOne(destination, 0x51, (byte)value);

    /// <summary>Writes a short.</summary>
    public static int WriteShort(Span<byte> destination, short value) => WriteTwo(destination, 0x61, (ushort)value);

    /// <summary>Writes an int.</summary>
    public static int WriteInt(Span<byte> destination, int value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            return WriteOne(destination, 0x54, (byte)value);
        }

        return WriteFour(destination, 0x71, (uint)value);
    }

    /// <summary>Writes a long.</summary>
    public static int WriteLong(Span<byte> destination, long value)
    {
        if (value is >= sbyte.MinValue and <= sbyte.MaxValue)
        {
            return WriteOne(destination, 0x55, (byte)value);
        }

        return WriteEight(destination, 0x81, (ulong)value);
    }

    /// <summary>Writes a float.</summary>
    public static int WriteFloat(Span<byte> destination, float value) => WriteFour(destination, 0x72, BitConverter.SingleToUInt32Bits(value));

    /// <summary>Writes a double.</summary>
    public static int WriteDouble(Span<byte> destination, double value) => WriteEight(destination, 0x82, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Writes the bits of a decimal32.</summary>
    public static int WriteDecimal32(Span<byte> destination, uint value) => WriteFour(destination, 0x74, value);

    /// <summary>Writes the bits of a decimal64.</summary>
    public static int WriteDecimal64(Span<byte> destination, ulong value) => WriteEight(destination, 0x84, value);

    /// <summary>Writes the bits of a decimal128.</summary>
    public static int WriteDecimal128(Span<byte> destination, UInt128 value)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination[1..], value);
        destination[0] = 0x94;
        return 17;
    }

    /// <summary>Writes a char.</summary>
    public static int WriteChar(Span<byte> destination, Rune value) => WriteFour(destination, 0x73, (uint)value.Value);

    /// <summary>Writes a timestamp: milliseconds since 1970.</summary>
    public static int WriteTimestamp(Span<byte> destination, long value) => WriteEight(destination, 0x83, (ulong)value);

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

    /// <summary>Writes a binary; null for a null reference.</summary>
    public static int WriteBinary(Span<byte> destination, in LongString value) => WriteVariable(destination, 0xA0, value);

    /// <summary>Writes a string; null for a null reference.</summary>
    public static int WriteString(Span<byte> destination, in LongString value) => WriteVariable(destination, 0xA1, value);

    /// <summary>Writes a symbol; null for a null reference.</summary>
    /// <exception cref="ArgumentException">It is not ASCII.</exception>
    public static int WriteSymbol(Span<byte> destination, in LongString value)
    {
        int octets = WriteVariable(destination, 0xA3, value);
        if (value.IsNull)
        {
            return octets;
        }

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

    private static int WriteOne(Span<byte> destination, byte constructor, byte value)
    {
        destination[1] = value;
        destination[0] = constructor;
        return 1 + sizeof(byte);
    }

    private static int WriteTwo(Span<byte> destination, byte constructor, ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], value);
        destination[0] = constructor;
        return 1 + sizeof(ushort);
    }

    private static int WriteFour(Span<byte> destination, byte constructor, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], value);
        destination[0] = constructor;
        return 1 + sizeof(uint);
    }

    private static int WriteEight(Span<byte> destination, byte constructor, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], value);
        destination[0] = constructor;
        return 1 + sizeof(ulong);
    }

    /// <summary>Constructor and octet of a small uint as they lie in memory.</summary>
    internal static ushort SmallUInt(uint value) => (ushort)(BitConverter.IsLittleEndian ? 0x52 | (value << 8) : 0x5200 | value);

    /// <summary>Writes a uint to less room than its longest form may take.</summary>
    internal static int WriteLastUInt(Span<byte> destination, uint value)
    {
        if (value > byte.MaxValue)
        {
            ThrowTooShort();
        }

        if (value == 0)
        {
            destination[0] = 0x43;
            return 1;
        }

        return WriteOne(destination, 0x52, (byte)value);
    }

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
            if (value.IsNull)
            {
                return WriteNull(destination);
            }

            int at = WriteVariableHeader(destination, small, held.Length);
            ShortCopy.Copy(held, destination[at..]);
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
