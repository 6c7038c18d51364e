using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Reads encoded values of 1.0 (1.2, 1.6): their types, their extent, whether they are whole. Numbers are big-endian. No state, any thread.
/// </summary>
/// <remarks><see cref="Validate(ReadOnlySpan{byte}, out int)"/> and <see cref="Measure"/> take any octets; the others only what was validated.</remarks>
public static class AmqpReader
{
    /// <summary>The deepest nesting of lists, maps, arrays and descriptors that is taken: a recursion bound, far above what protocols use.</summary>
    public const int MaxDepth = 32;

    /// <summary>The most elements of an array whose elements have no octets: their count costs a peer nothing.</summary>
    public const int MaxZeroWidthElements = 1024;

    /// <summary>The type of a constructor octet.</summary>
    public static AmqpType TypeOf(byte constructor) => constructor switch
    {
        0x00 => AmqpType.Described,
        0x40 => AmqpType.Null,
        0x41 or 0x42 or 0x56 => AmqpType.Boolean,
        0x43 or 0x52 or 0x70 => AmqpType.UInt,
        0x44 or 0x53 or 0x80 => AmqpType.ULong,
        0x45 or 0xC0 or 0xD0 => AmqpType.List,
        0x50 => AmqpType.UByte,
        0x51 => AmqpType.Byte,
        0x54 or 0x71 => AmqpType.Int,
        0x55 or 0x81 => AmqpType.Long,
        0x60 => AmqpType.UShort,
        0x61 => AmqpType.Short,
        0x72 => AmqpType.Float,
        0x73 => AmqpType.Char,
        0x74 => AmqpType.Decimal32,
        0x82 => AmqpType.Double,
        0x83 => AmqpType.Timestamp,
        0x84 => AmqpType.Decimal64,
        0x94 => AmqpType.Decimal128,
        0x98 => AmqpType.Uuid,
        0xA0 or 0xB0 => AmqpType.Binary,
        0xA1 or 0xB1 => AmqpType.String,
        0xA3 or 0xB3 => AmqpType.Symbol,
        0xC1 or 0xD1 => AmqpType.Map,
        0xE0 or 0xF0 => AmqpType.Array,
        _ => AmqpType.Unknown,
    };

    /// <summary>Finds the end of the value at an offset by the widths in its constructor (1.2), without looking into it.</summary>
    public static DecodeError Measure(ReadOnlySpan<byte> source, int at, out int end)
    {
        if (source.Length - at >= 2 && source[at] is (0xA0 or 0xA1 or 0xA3) && source.Length - at - 2 >= source[at + 1])
        {
            end = at + 2 + source[at + 1];
            return DecodeError.None;
        }

        end = at;
        DecodeError error = SkipConstructor(source, ref end, 0, out byte constructor);
        return error == DecodeError.None ? SkipContents(source, constructor, ref end) : error;
    }

    /// <summary>Checks the value at the start of octets as a whole: constructors, sizes, counts, text, depth. Allocates nothing.</summary>
    /// <param name="source">A value, and whatever comes after it.</param>
    /// <param name="octets">The extent of the value.</param>
    public static DecodeError Validate(ReadOnlySpan<byte> source, out int octets)
    {
        octets = 0;
        return Validate(source, ref octets, 0);
    }

    /// <summary>The octets of a binary, string or symbol whose constructor stands at an offset.</summary>
    public static ReadOnlySpan<byte> VariableAt(ReadOnlySpan<byte> source, int at) => source[at] < 0xB0
        ? source.Slice(at + 2, source[at + 1])
        : source.Slice(at + 5, BinaryPrimitives.ReadInt32BigEndian(source[(at + 1)..]));

    /// <summary>The value at an offset.</summary>
    public static EncodedValueView ValueAt(ReadOnlySpan<byte> source, int at) => new(OctetsAt(source, at));

    /// <summary>The octets of the value at an offset.</summary>
    public static ReadOnlySpan<byte> OctetsAt(ReadOnlySpan<byte> source, int at)
    {
        Measure(source, at, out int end);
        return source[at..end];
    }

    internal static DecodeError Validate(ReadOnlySpan<byte> source, ref int at, int depth)
    {
        // Text and octets with one octet of length, which most values are.
        if (source.Length - at >= 2 && source[at] is 0xA0 or 0xA1 or 0xA3)
        {
            int end = at + 2 + source[at + 1];
            if (end <= source.Length)
            {
                DecodeError text = ValidateShort(source[at], source[(at + 2)..end]);
                at = end;
                return text;
            }
        }

        DecodeError error = SkipConstructor(source, ref at, depth, out byte constructor, validate: true);
        return error == DecodeError.None ? ValidateContents(source, constructor, ref at, depth) : error;
    }

    /// <summary>Goes past a constructor: one octet, or descriptors before it.</summary>
    internal static DecodeError SkipConstructor(ReadOnlySpan<byte> source, ref int at, int depth, out byte constructor, bool validate = false)
    {
        constructor = 0;
        while (true)
        {
            if ((uint)at >= (uint)source.Length)
            {
                return DecodeError.Truncated;
            }

            constructor = source[at++];
            if (constructor != 0)
            {
                return TypeOf(constructor) == AmqpType.Unknown ? DecodeError.UnknownConstructor : DecodeError.None;
            }

            if (++depth > MaxDepth)
            {
                return DecodeError.NestingTooDeep;
            }

            DecodeError error = validate ? Validate(source, ref at, depth) : Skip(source, ref at, depth);
            if (error != DecodeError.None)
            {
                return error;
            }
        }
    }

    /// <summary>Goes past what comes after a constructor. The high nibble tells its width.</summary>
    internal static DecodeError SkipContents(ReadOnlySpan<byte> source, byte constructor, ref int at)
    {
        long end = at;
        switch (constructor >> 4)
        {
            case 0x4: break;
            case 0x5: end += 1; break;
            case 0x6: end += 2; break;
            case 0x7: end += 4; break;
            case 0x8: end += 8; break;
            case 0x9: end += 16; break;
            case 0xA or 0xC or 0xE:
                if (at >= source.Length)
                {
                    return DecodeError.Truncated;
                }

                end += 1 + source[at];
                break;
            case 0xB or 0xD or 0xF:
                if (source.Length - at < sizeof(uint))
                {
                    return DecodeError.Truncated;
                }

                end += sizeof(uint) + (long)BinaryPrimitives.ReadUInt32BigEndian(source[at..]);
                break;
            default:
                return DecodeError.UnknownConstructor;
        }

        if (end > source.Length)
        {
            return DecodeError.Truncated;
        }

        at = (int)end;
        return DecodeError.None;
    }

    /// <summary>Where the elements of a list, map or array begin, and how many there are.</summary>
    internal static DecodeError ReadCompound(ReadOnlySpan<byte> contents, byte constructor, out int start, out int count)
    {
        start = 0;
        count = 0;
        if (constructor == 0x45)
        {
            return DecodeError.None;
        }

        bool isSmall = constructor is < 0xD0 or 0xE0;
        start = isSmall ? 2 : 2 * sizeof(uint);
        if (contents.Length < start)
        {
            return DecodeError.MalformedCompound;
        }

        uint elements = isSmall ? contents[1] : BinaryPrimitives.ReadUInt32BigEndian(contents[sizeof(uint)..]);
        count = (int)elements;
        return elements > int.MaxValue ? DecodeError.MalformedCompound : DecodeError.None;
    }

    private static DecodeError Skip(ReadOnlySpan<byte> source, ref int at, int depth)
    {
        DecodeError error = SkipConstructor(source, ref at, depth, out byte constructor);
        return error == DecodeError.None ? SkipContents(source, constructor, ref at) : error;
    }

    private static DecodeError ValidateContents(ReadOnlySpan<byte> source, byte constructor, ref int at, int depth)
    {
        int start = at;
        DecodeError error = SkipContents(source, constructor, ref at);
        if (error != DecodeError.None)
        {
            return error;
        }

        ReadOnlySpan<byte> contents = source[start..at];
        switch (constructor)
        {
            case 0x56:
                return contents[0] <= 1 ? DecodeError.None : DecodeError.InvalidValue;
            case 0x73:
                return Rune.IsValid(BinaryPrimitives.ReadUInt32BigEndian(contents)) ? DecodeError.None : DecodeError.InvalidValue;
            case 0xA1:
                return WireReader.IsText(contents[1..]) ? DecodeError.None : DecodeError.InvalidUtf8;
            case 0xB1:
                return WireReader.IsText(contents[sizeof(uint)..]) ? DecodeError.None : DecodeError.InvalidUtf8;
            case 0xA3:
                return Ascii.IsValid(contents[1..]) ? DecodeError.None : DecodeError.InvalidValue;
            case 0xB3:
                return Ascii.IsValid(contents[sizeof(uint)..]) ? DecodeError.None : DecodeError.InvalidValue;
            case >= 0xC0:
                return ValidateCompound(contents, constructor, depth + 1);
            default:
                return DecodeError.None;
        }
    }

    private static DecodeError ValidateShort(byte constructor, ReadOnlySpan<byte> contents) => constructor switch
    {
        0xA1 => WireReader.IsText(contents) ? DecodeError.None : DecodeError.InvalidUtf8,
        0xA3 => Ascii.IsValid(contents) ? DecodeError.None : DecodeError.InvalidValue,
        _ => DecodeError.None,
    };

    private static DecodeError ValidateCompound(ReadOnlySpan<byte> contents, byte constructor, int depth)
    {
        if (depth > MaxDepth)
        {
            return DecodeError.NestingTooDeep;
        }

        DecodeError error = ReadCompound(contents, constructor, out int at, out int count);
        if (error != DecodeError.None)
        {
            return error;
        }

        AmqpType type = TypeOf(constructor);
        if (type == AmqpType.Array)
        {
            return ValidateArray(contents, at, count, depth);
        }

        if (type == AmqpType.Map && (count & 1) != 0)
        {
            return DecodeError.MalformedCompound;
        }

        // Every element has its constructor at least: the loop ends with the octets, whatever the count says.
        for (int i = 0; i < count; i++)
        {
            error = Validate(contents, ref at, depth);
            if (error != DecodeError.None)
            {
                return Inside(error);
            }
        }

        return at == contents.Length ? DecodeError.None : DecodeError.MalformedCompound;
    }

    private static DecodeError ValidateArray(ReadOnlySpan<byte> contents, int at, int count, int depth)
    {
        DecodeError error = SkipConstructor(contents, ref at, depth, out byte constructor, validate: true);
        if (error != DecodeError.None)
        {
            return Inside(error);
        }

        if (constructor >> 4 == 0x4)
        {
            // Elements without octets: nothing to look at, however many they are.
            return count > MaxZeroWidthElements ? DecodeError.TooManyElements : at == contents.Length ? DecodeError.None : DecodeError.MalformedCompound;
        }

        for (int i = 0; i < count; i++)
        {
            error = ValidateContents(contents, constructor, ref at, depth);
            if (error != DecodeError.None)
            {
                return Inside(error);
            }
        }

        return at == contents.Length ? DecodeError.None : DecodeError.MalformedCompound;
    }

    /// <summary>What ends inside a compound whose own octets are all there is no truncation: more input would not help.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DecodeError Inside(DecodeError error) => error == DecodeError.Truncated ? DecodeError.MalformedCompound : error;
}
