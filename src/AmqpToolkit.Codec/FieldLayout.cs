using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Codec;

/// <summary>
/// How wide a tagged field value is, and the one walk that validates tables and arrays.
/// <code>
/// table: *( key-octets(1) key(key-octets) value )
/// array: *( value )
/// value: tag(1) fixed(0|1|2|4|5|8)  or  tag(1) length(4) payload(length)
/// </code>
/// </summary>
internal static class FieldLayout
{
    private const byte ScalarLimit = 8;
    private const byte LengthPrefixed = 0x80;
    private const byte NestedTable = 0x81;
    private const byte NestedArray = 0x82;
    private const byte Unknown = 0xFF;

    private const byte No = Unknown;
    private const byte Len = LengthPrefixed;
    private const byte Tab = NestedTable;
    private const byte Arr = NestedArray;

    /// <summary>Octets of a value by its tag, below 0x80; larger tags are unknown.</summary>
    private static ReadOnlySpan<byte> WidthByTag =>
    [
        /* 0x00 */ No, No, No, No, No, No, No, No, No, No, No, No, No, No, No, No,
        /* 0x10 */ No, No, No, No, No, No, No, No, No, No, No, No, No, No, No, No,
        /* 0x20 */ No, No, No, No, No, No, No, No, No, No, No, No, No, No, No, No,
        /* 0x30 */ No, No, No, No, No, No, No, No, No, No, No, No, No, No, No, No,
        /*          @   A    B  C   D  E   F    G   H   I  J   K   L  M   N   O  */
        /* 0x40 */ No, Arr, 1, No, 5, No, Tab, No, No, 4, No, No, 8, No, No, No,
        /*          P   Q   R   S    T  U   V  W   X   Y   Z                     */
        /* 0x50 */ No, No, No, Len, 8, No, 0, No, No, No, No, No, No, No, No, No,
        /*          `   a   b  c   d  e   f  g   h   i  j   k   l  m   n   o     */
        /* 0x60 */ No, No, 1, No, 8, No, 4, No, No, 4, No, No, 8, No, No, No,
        /*          p   q   r   s  t  u  v   w   x    y   z                      */
        /* 0x70 */ No, No, No, 2, 1, 2, No, No, Len, No, No, No, No, No, No, No,
    ];

    /// <summary>Finds the payload of the value whose tag stands at <paramref name="tagAt"/>, which must lie within the span.</summary>
    /// <returns><see cref="DecodeError.None"/>, <see cref="DecodeError.UnknownFieldType"/> or <see cref="DecodeError.MalformedTable"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DecodeError Measure(ReadOnlySpan<byte> wire, int tagAt, out int start, out int length) =>
        Measure(wire, tagAt, out start, out length, out _);

    /// <summary>Walks a whole table or array: tags, lengths, depth. Recursion is bounded by <see cref="TableView.MaxDepth"/>.</summary>
    internal static DecodeError Validate(ReadOnlySpan<byte> wire, bool isArray, int depth)
    {
        if (depth > TableView.MaxDepth)
        {
            return DecodeError.NestingTooDeep;
        }

        int at = 0;
        while (at < wire.Length)
        {
            if (!isArray)
            {
                at += 1 + wire[at];
                if (at >= wire.Length)
                {
                    return DecodeError.MalformedTable;
                }
            }

            DecodeError error = Measure(wire, at, out int start, out int length, out byte width);
            if (error == DecodeError.None && width is NestedTable or NestedArray)
            {
                error = Validate(wire.Slice(start, length), width == NestedArray, depth + 1);
            }

            if (error != DecodeError.None)
            {
                return error;
            }

            at = start + length;
        }

        return DecodeError.None;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DecodeError Measure(ReadOnlySpan<byte> wire, int tagAt, out int start, out int length, out byte width)
    {
        byte tag = wire[tagAt];
        width = tag < WidthByTag.Length ? WidthByTag[tag] : Unknown;
        start = tagAt + 1;
        length = width;
        if (width <= ScalarLimit)
        {
            return length <= wire.Length - start ? DecodeError.None : DecodeError.MalformedTable;
        }

        if (width == Unknown)
        {
            return DecodeError.UnknownFieldType;
        }

        if (wire.Length - start < sizeof(uint))
        {
            return DecodeError.MalformedTable;
        }

        uint announced = BinaryPrimitives.ReadUInt32BigEndian(wire.Slice(start, sizeof(uint)));
        start += sizeof(uint);
        length = (int)announced;
        return announced <= (uint)(wire.Length - start) ? DecodeError.None : DecodeError.MalformedTable;
    }
}
