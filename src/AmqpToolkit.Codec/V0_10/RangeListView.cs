namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges as they stand on the wire: what <see cref="SequenceSetView"/> and <see cref="ByteRangesView"/> have in common.</summary>
internal readonly ref struct RangeListView<TRange>
    where TRange : struct, IRange<TRange>, IEquatable<TRange>
{
    internal RangeListView(ReadOnlySpan<byte> octets) => Span = octets;

    internal ReadOnlySpan<byte> Span { get; }

    internal int Count => Span.Length / TRange.Octets;

    internal TRange this[int index] => TRange.Read(Span.Slice(index * TRange.Octets, TRange.Octets));

    internal static DecodeError Validate(ReadOnlySpan<byte> octets)
    {
        if (octets.Length % TRange.Octets != 0)
        {
            return DecodeError.MalformedCompound;
        }

        var ranges = new RangeListView<TRange>(octets);
        for (int i = 0; i < ranges.Count; i++)
        {
            if (!ranges[i].IsOrdered)
            {
                return DecodeError.InvalidValue;
            }
        }

        return DecodeError.None;
    }

    internal RangeList<TRange> ToOwned()
    {
        if (Count <= 1)
        {
            return Count == 0 ? default : new RangeList<TRange>(this[0]);
        }

        var ranges = new TRange[Count];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = this[i];
        }

        return new RangeList<TRange>(ranges);
    }
}
