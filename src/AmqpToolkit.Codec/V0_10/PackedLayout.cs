using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// How long a coded value is, and the one walk that validates maps, lists and arrays. The upper half of a type code tells the width, so that values of
/// unknown types can be skipped.
/// <code>
/// map:   count(4) *( key-octets(1) key(key-octets) code(1) value )
/// list:  count(4) *( code(1) value )
/// array: code(1) count(4) *( value )
/// value: fixed(0|1|2|4|5|8|9|16|32|64|128)  or  length(1|2|4) octets(length)
/// </code>
/// Nothing at all stands for an empty map, list or array, too: peers write that.
/// </summary>
internal static class PackedLayout
{
    /// <summary>How deep maps, lists and arrays may be nested, the outermost counted; bounds the stack of every walk.</summary>
    internal const int MaxDepth = 32;

    /// <summary>Elements without octets, which cost a peer nothing, that an array may have.</summary>
    internal const int MaxZeroWidthElements = 1024;

    internal const int CountOctets = sizeof(uint);
    internal const int ArrayHeadOctets = 1 + CountOctets;

    /// <summary>Checks the octets after the length of a value that has others in it. Recursion is bounded by <see cref="MaxDepth"/>.</summary>
    internal static DecodeError Validate(byte code, ReadOnlySpan<byte> contents, int depth = 1) => code switch
    {
        TypeCodes.Map => ValidateEntries(contents, hasKeys: true, depth),
        TypeCodes.List => ValidateEntries(contents, hasKeys: false, depth),
        TypeCodes.Array => ValidateArray(contents, depth),
        TypeCodes.Struct32 => contents.Length < sizeof(ushort) ? DecodeError.MalformedCompound : DecodeError.None,
        _ => DecodeError.None,
    };

    /// <summary>Finds the octets of the value after its code.</summary>
    /// <returns><see cref="DecodeError.None"/>, <see cref="DecodeError.UnknownFieldType"/> or <see cref="DecodeError.MalformedCompound"/>.</returns>
    internal static DecodeError Measure(byte code, ReadOnlySpan<byte> octets, int at, out int start, out int length)
    {
        int lengthOctets = LengthOctets(code);
        start = at + lengthOctets;
        length = FixedOctets(code);
        if (start > octets.Length)
        {
            return DecodeError.MalformedCompound;
        }

        if (lengthOctets != 0)
        {
            uint announced = lengthOctets switch
            {
                1 => octets[at],
                2 => BinaryPrimitives.ReadUInt16BigEndian(octets[at..]),
                _ => BinaryPrimitives.ReadUInt32BigEndian(octets[at..]),
            };
            length = (int)announced;
            return announced <= (uint)(octets.Length - start) ? DecodeError.None : DecodeError.MalformedCompound;
        }

        return length < 0 ? DecodeError.UnknownFieldType
            : length <= octets.Length - start ? DecodeError.None
            : DecodeError.MalformedCompound;
    }

    /// <summary>Octets of the length before a value; zero when its width is fixed.</summary>
    internal static int LengthOctets(byte code) => (code >> 4) switch
    {
        0x8 => 1,
        0x9 => 2,
        0xA => 4,
        _ => 0,
    };

    /// <summary>The count at the start of a map or list; zero when there is none.</summary>
    internal static int CountOf(ReadOnlySpan<byte> contents) =>
        contents.Length < CountOctets ? 0 : (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(contents), (uint)contents.Length);

    private static int FixedOctets(byte code) => (code >> 4) switch
    {
        <= 0x7 and int power => 1 << power,
        0xC => 5,
        0xD => 9,
        0xF => 0,
        _ => -1,
    };

    private static DecodeError ValidateEntries(ReadOnlySpan<byte> contents, bool hasKeys, int depth)
    {
        if (depth > MaxDepth)
        {
            return DecodeError.NestingTooDeep;
        }

        if (contents.IsEmpty)
        {
            return DecodeError.None;
        }

        if (contents.Length < CountOctets)
        {
            return DecodeError.MalformedCompound;
        }

        uint left = BinaryPrimitives.ReadUInt32BigEndian(contents);
        int at = CountOctets;
        while (at < contents.Length && left != 0)
        {
            left--;
            at += hasKeys ? 1 + contents[at] : 0;
            if (at >= contents.Length)
            {
                return DecodeError.MalformedCompound;
            }

            DecodeError error = ValidateValue(contents[at], contents, at + 1, depth, out at);
            if (error != DecodeError.None)
            {
                return error;
            }
        }

        return left == 0 && at == contents.Length ? DecodeError.None : DecodeError.MalformedCompound;
    }

    private static DecodeError ValidateArray(ReadOnlySpan<byte> contents, int depth)
    {
        if (depth > MaxDepth)
        {
            return DecodeError.NestingTooDeep;
        }

        if (contents.IsEmpty)
        {
            return DecodeError.None;
        }

        if (contents.Length < ArrayHeadOctets)
        {
            return DecodeError.MalformedCompound;
        }

        byte code = contents[0];
        uint left = BinaryPrimitives.ReadUInt32BigEndian(contents[1..]);
        int fixedOctets = FixedOctets(code);
        if (fixedOctets == 0)
        {
            return contents.Length != ArrayHeadOctets ? DecodeError.MalformedCompound
                : left <= MaxZeroWidthElements ? DecodeError.None
                : DecodeError.TooManyElements;
        }

        int at = ArrayHeadOctets;
        while (at < contents.Length && left != 0)
        {
            left--;
            DecodeError error = ValidateValue(code, contents, at, depth, out at);
            if (error != DecodeError.None)
            {
                return error;
            }
        }

        return left == 0 && at == contents.Length ? DecodeError.None : DecodeError.MalformedCompound;
    }

    private static DecodeError ValidateValue(byte code, ReadOnlySpan<byte> octets, int at, int depth, out int end)
    {
        DecodeError error = Measure(code, octets, at, out int start, out int length);
        end = start + length;
        return error == DecodeError.None ? Validate(code, octets.Slice(start, length), depth + 1) : error;
    }
}
