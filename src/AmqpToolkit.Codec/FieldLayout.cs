using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Codec;

/// <summary>
/// How wide a tagged field value is, by the generated widths, and the one walk that validates tables and arrays.
/// <code>
/// table: *( key-octets(1) key(key-octets) value )
/// array: *( value )
/// value: tag(1) fixed(0|1|2|4|5|8)  or  tag(1) length(4) payload(length)
/// </code>
/// </summary>
internal static class FieldLayout
{
    /// <summary>Finds the payload of the value whose tag stands at <paramref name="tagAt"/>, which must lie within the span.</summary>
    /// <returns><see cref="DecodeError.None"/>, <see cref="DecodeError.UnknownFieldType"/> or <see cref="DecodeError.MalformedTable"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DecodeError Measure(ReadOnlySpan<byte> wire, int tagAt, out int start, out int length)
    {
        byte width = FieldValueTags.Widths[wire[tagAt]];
        start = tagAt + 1;
        length = width;
        if (width < FieldValueTags.ShortLength)
        {
            return length <= wire.Length - start ? DecodeError.None : DecodeError.MalformedTable;
        }

        if (width != FieldValueTags.LongLength)
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

            byte tag = wire[at];
            DecodeError error = Measure(wire, at, out int start, out int length);
            if (error == DecodeError.None && tag is FieldValueTags.Table or FieldValueTags.Array)
            {
                error = Validate(wire.Slice(start, length), tag == FieldValueTags.Array, depth + 1);
            }

            if (error != DecodeError.None)
            {
                return error;
            }

            at = start + length;
        }

        return DecodeError.None;
    }
}
