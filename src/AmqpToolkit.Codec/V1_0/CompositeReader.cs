using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Walks once over the fields of a composite (1.4): <c>0x00, descriptor, list</c>. What generated views are parsed with. No state: the walk is an offset and
/// a count of the caller's, so that both stay in registers. The first error stays, and moves the offset to the end: one look at <see cref="Close"/> tells.
/// Fields that the caller does not know come last and are skipped.
/// </summary>
public static class CompositeReader
{
    /// <summary>Opens a composite.</summary>
    /// <param name="source">The composite, and whatever comes after it.</param>
    /// <param name="code">Its numeric descriptor.</param>
    /// <param name="symbol">Its symbolic descriptor.</param>
    /// <param name="at">Where its first field stands.</param>
    /// <param name="count">How many fields it has.</param>
    /// <param name="octets">Where it ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodeError Open(ReadOnlySpan<byte> source, ulong code, ReadOnlySpan<byte> symbol, out int at, out int count, out int octets)
    {
        const int SmallHeader = 6;
        if (code <= byte.MaxValue && source.Length >= SmallHeader && BinaryPrimitives.ReadUInt32BigEndian(source) == SmallStart((byte)code))
        {
            at = SmallHeader;
            count = source[SmallHeader - 1];
            octets = SmallHeader - 1 + source[SmallHeader - 2];
            if (octets >= at && octets <= source.Length)
            {
                return DecodeError.None;
            }
        }

        return OpenSlow(source, code, symbol, out at, out count, out octets);
    }

    /// <summary>Whether the next field has a value. Null is passed over; what is missing at the end is null.</summary>
    /// <param name="source">The composite.</param>
    /// <param name="at">Where the next field stands.</param>
    /// <param name="remaining">How many fields are left.</param>
    /// <param name="error">The first error of the walk.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Next(ReadOnlySpan<byte> source, ref int at, ref int remaining, ref DecodeError error)
    {
        if (remaining == 0)
        {
            return false;
        }

        remaining--;
        if ((uint)at < (uint)source.Length)
        {
            if (source[at] != 0x40)
            {
                return true;
            }

            at++;
            return false;
        }

        at = Fail(source, DecodeError.MalformedCompound, ref error);
        return false;
    }

    /// <summary>Skips the fields that were not asked for.</summary>
    /// <returns>The first error of the walk.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodeError Close(ReadOnlySpan<byte> source, int at, int remaining, DecodeError error) =>
        remaining == 0 && at == source.Length ? error : CloseSlow(source, at, remaining, error);

    /// <summary>Reads a boolean.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ReadBoolean(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        byte constructor = source[at];
        if (constructor is 0x41 or 0x42)
        {
            at++;
            return constructor == 0x41;
        }

        at = ReadBooleanOctet(source, at, out bool value, ref error);
        return value;
    }

    /// <summary>Reads a ubyte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte ReadUByte(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x50, sizeof(byte), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? (byte)0 : octets[0];
    }

    /// <summary>Reads a ushort.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort ReadUShort(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x60, sizeof(ushort), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? (ushort)0 : BinaryPrimitives.ReadUInt16BigEndian(octets);
    }

    /// <summary>Reads a uint in any of its three encodings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ReadUInt(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        uint value;
        byte constructor = source[at];
        if (constructor == 0x52 && at + 1 < source.Length)
        {
            value = source[at + 1];
            at += 2;
            return value;
        }

        if (constructor == 0x43)
        {
            at++;
            return 0;
        }

        if (constructor == 0x70 && source.Length - at > sizeof(uint))
        {
            value = BinaryPrimitives.ReadUInt32BigEndian(source[(at + 1)..]);
            at += 1 + sizeof(uint);
            return value;
        }

        at = FailAt(source, at, constructor is 0x52 or 0x70, ref error);
        return 0;
    }

    /// <summary>Reads a ulong in any of its three encodings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadULong(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = ReadULong(source, at, out ulong value, ref error);
        return value;
    }

    /// <summary>Reads a byte, which is signed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte ReadByte(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x51, sizeof(sbyte), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? (sbyte)0 : (sbyte)octets[0];
    }

    /// <summary>Reads a short.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short ReadShort(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x61, sizeof(short), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? (short)0 : BinaryPrimitives.ReadInt16BigEndian(octets);
    }

    /// <summary>Reads an int in either encoding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadInt(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        bool isSmall = source[at] == 0x54;
        at = Take(source, at, isSmall ? (byte)0x54 : (byte)0x71, isSmall ? 1 : sizeof(int), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : isSmall ? (sbyte)octets[0] : BinaryPrimitives.ReadInt32BigEndian(octets);
    }

    /// <summary>Reads a long in either encoding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadLong(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        bool isSmall = source[at] == 0x55;
        at = Take(source, at, isSmall ? (byte)0x55 : (byte)0x81, isSmall ? 1 : sizeof(long), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : isSmall ? (sbyte)octets[0] : BinaryPrimitives.ReadInt64BigEndian(octets);
    }

    /// <summary>Reads a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ReadFloat(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x72, sizeof(float), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : BinaryPrimitives.ReadSingleBigEndian(octets);
    }

    /// <summary>Reads a double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ReadDouble(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x82, sizeof(double), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : BinaryPrimitives.ReadDoubleBigEndian(octets);
    }

    /// <summary>Reads the bits of a decimal32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint ReadDecimal32(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x74, sizeof(uint), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32BigEndian(octets);
    }

    /// <summary>Reads the bits of a decimal64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ReadDecimal64(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x84, sizeof(ulong), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(octets);
    }

    /// <summary>Reads the bits of a decimal128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt128 ReadDecimal128(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x94, 2 * sizeof(ulong), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? default : BinaryPrimitives.ReadUInt128BigEndian(octets);
    }

    /// <summary>Reads a char.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Rune ReadChar(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x73, sizeof(uint), out ReadOnlySpan<byte> octets, ref error);
        if (octets.IsEmpty)
        {
            return default;
        }

        if (!Rune.TryCreate(BinaryPrimitives.ReadUInt32BigEndian(octets), out Rune value))
        {
            at = Fail(source, DecodeError.InvalidValue, ref error);
        }

        return value;
    }

    /// <summary>Reads a timestamp: milliseconds since 1970.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ReadTimestamp(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x83, sizeof(long), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? 0 : BinaryPrimitives.ReadInt64BigEndian(octets);
    }

    /// <summary>Reads a uuid.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Guid ReadUuid(ReadOnlySpan<byte> source, ref int at, ref DecodeError error)
    {
        at = Take(source, at, 0x98, 2 * sizeof(ulong), out ReadOnlySpan<byte> octets, ref error);
        return octets.IsEmpty ? default : new Guid(octets, bigEndian: true);
    }

    /// <summary>Passes a binary.</summary>
    /// <returns>Where the next field stands.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PassBinary(ReadOnlySpan<byte> source, int at, ref DecodeError error)
    {
        if (source[at] == 0xA0 && at + 1 < source.Length)
        {
            int end = at + 2 + source[at + 1];
            if (end <= source.Length)
            {
                return end;
            }
        }

        return PassVariable(source, at, 0xA0, ref error);
    }

    /// <summary>Passes a string, and checks its text.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public static int PassString(ReadOnlySpan<byte> source, int at, ref DecodeError error)
    {
        int end = PassVariable(source, at, 0xA1, ref error);
        return error != DecodeError.None || WireReader.IsText(AmqpReader.VariableAt(source, at)) ? end : Fail(source, DecodeError.InvalidUtf8, ref error);
    }

    /// <summary>Passes a symbol, and checks its characters.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public static int PassSymbol(ReadOnlySpan<byte> source, int at, ref DecodeError error)
    {
        int end = PassVariable(source, at, 0xA3, ref error);
        return error != DecodeError.None || Ascii.IsValid(AmqpReader.VariableAt(source, at)) ? end : Fail(source, DecodeError.InvalidValue, ref error);
    }

    /// <summary>Passes a value of any type, and checks it as a whole.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public static int PassValue(ReadOnlySpan<byte> source, int at, ref DecodeError error)
    {
        // A composite without fields, which most outcomes are.
        if (source.Length - at >= sizeof(uint) && (BinaryPrimitives.ReadUInt32BigEndian(source[at..]) & 0xFFFF00FF) == 0x00530045)
        {
            return at + sizeof(uint);
        }

        DecodeError inside = AmqpReader.Validate(source, ref at, 0);
        return Pass(source, 0, inside, at, ref error);
    }

    /// <summary>Passes a value of one type, and checks it as a whole.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public static int PassValue(ReadOnlySpan<byte> source, int at, AmqpType type, ref DecodeError error) =>
        AmqpReader.TypeOf(source[at]) == type ? PassValue(source, at, ref error) : FailAt(source, at, isType: false, ref error);

    /// <summary>Passes a value of one type, or an array of such values.</summary>
    /// <inheritdoc cref="PassBinary"/>
    public static int PassMultiple(ReadOnlySpan<byte> source, int at, AmqpType type, ref DecodeError error)
    {
        int end = PassValue(source, at, ref error);
        return error != DecodeError.None || new MultipleView(AmqpReader.ValueAt(source, at)).IsOf(type)
            ? end
            : Fail(source, DecodeError.UnexpectedType, ref error);
    }

    /// <summary>Passes a value that was parsed by other means.</summary>
    /// <param name="source">The composite.</param>
    /// <param name="at">Where the value stands.</param>
    /// <param name="inside">How its parsing ended.</param>
    /// <param name="octets">Its length.</param>
    /// <param name="error">The first error of the walk.</param>
    /// <returns>Where the next field stands.</returns>
    public static int Pass(ReadOnlySpan<byte> source, int at, DecodeError inside, int octets, ref DecodeError error) => inside switch
    {
        DecodeError.None => at + octets,
        DecodeError.Truncated => Fail(source, DecodeError.MalformedCompound, ref error),
        _ => Fail(source, inside, ref error),
    };

    /// <summary>The first four octets of a composite in its shortest form: descriptor, and the constructor of a list8.</summary>
    internal static uint SmallStart(byte code) => 0x005300C0 | ((uint)code << 8);

    private static DecodeError OpenSlow(ReadOnlySpan<byte> source, ulong code, ReadOnlySpan<byte> symbol, out int at, out int count, out int octets)
    {
        at = 0;
        count = 0;
        octets = 0;
        DecodeError error = DescriptorReader.Pass(source, code, symbol, out int list);
        if (error != DecodeError.None)
        {
            return error;
        }

        if (list >= source.Length)
        {
            return DecodeError.Truncated;
        }

        byte constructor = source[list];
        if (constructor is not (0x45 or 0xC0 or 0xD0))
        {
            return AmqpReader.TypeOf(constructor) == AmqpType.Unknown ? DecodeError.UnknownConstructor : DecodeError.UnexpectedType;
        }

        int end = list + 1;
        error = AmqpReader.SkipContents(source, constructor, ref end);
        if (error != DecodeError.None)
        {
            return error;
        }

        error = AmqpReader.ReadCompound(source[(list + 1)..end], constructor, out int start, out count);
        at = list + 1 + start;
        octets = end;
        return error;
    }

    private static DecodeError CloseSlow(ReadOnlySpan<byte> source, int at, int remaining, DecodeError error)
    {
        // Every field has its constructor at least: the loop ends with the octets, whatever the count says.
        for (; remaining > 0 && error == DecodeError.None; remaining--)
        {
            at = at < source.Length ? PassValue(source, at, ref error) : Fail(source, DecodeError.MalformedCompound, ref error);
        }

        return error != DecodeError.None || at == source.Length ? error : DecodeError.MalformedCompound;
    }

    private static int ReadBooleanOctet(ReadOnlySpan<byte> source, int at, out bool value, ref DecodeError error)
    {
        at = Take(source, at, 0x56, sizeof(byte), out ReadOnlySpan<byte> octets, ref error);
        value = !octets.IsEmpty && octets[0] == 1;
        return octets.IsEmpty || octets[0] <= 1 ? at : Fail(source, DecodeError.InvalidValue, ref error);
    }

    private static int ReadULong(ReadOnlySpan<byte> source, int at, out ulong value, ref DecodeError error)
    {
        value = 0;
        switch (source[at])
        {
            case 0x44:
                return at + 1;
            case 0x53:
                at = Take(source, at, 0x53, 1, out ReadOnlySpan<byte> octet, ref error);
                value = octet.IsEmpty ? 0UL : octet[0];
                return at;
            default:
                at = Take(source, at, 0x80, sizeof(ulong), out ReadOnlySpan<byte> octets, ref error);
                value = octets.IsEmpty ? 0 : BinaryPrimitives.ReadUInt64BigEndian(octets);
                return at;
        }
    }

    /// <summary>Takes what comes after a constructor that must be a certain one; nothing when it is another.</summary>
    private static int Take(ReadOnlySpan<byte> source, int at, byte constructor, int width, out ReadOnlySpan<byte> octets, ref DecodeError error)
    {
        bool isType = source[at] == constructor;
        if (!isType || source.Length - at - 1 < width)
        {
            octets = default;
            return FailAt(source, at, isType, ref error);
        }

        octets = source.Slice(at + 1, width);
        return at + 1 + width;
    }

    private static int PassVariable(ReadOnlySpan<byte> source, int at, byte small, ref DecodeError error)
    {
        byte constructor = source[at];
        bool isType = constructor == small || constructor == small + 0x10;
        int end = at + 1;
        return isType && AmqpReader.SkipContents(source, constructor, ref end) == DecodeError.None ? end : FailAt(source, at, isType, ref error);
    }

    /// <summary>A value of another type, or one of the right type that is cut off inside a composite whose octets are all there.</summary>
    private static int FailAt(ReadOnlySpan<byte> source, int at, bool isType, ref DecodeError error)
    {
        bool isKnown = AmqpReader.TypeOf(source[at]) != AmqpType.Unknown;
        return Fail(source, isType ? DecodeError.MalformedCompound : isKnown ? DecodeError.UnexpectedType : DecodeError.UnknownConstructor, ref error);
    }

    private static int Fail(ReadOnlySpan<byte> source, DecodeError why, ref DecodeError error)
    {
        if (error == DecodeError.None)
        {
            error = why;
        }

        return source.Length;
    }
}
