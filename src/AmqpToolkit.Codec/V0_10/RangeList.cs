namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges to be written: what <see cref="SequenceSet"/> and <see cref="ByteRanges"/> have in common. One range is held without an array.</summary>
internal readonly struct RangeList<TRange> : IEquatable<RangeList<TRange>>
    where TRange : struct, IRange<TRange>, IEquatable<TRange>
{
    private readonly ReadOnlyMemory<TRange> _ranges;
    private readonly TRange _only;
    private readonly bool _isOne;

    internal RangeList(TRange range) => (_only, _isOne) = (range, true);

    internal RangeList(ReadOnlyMemory<TRange> ranges) => _ranges = ranges;

    internal int Count => _isOne ? 1 : _ranges.Length;

    internal int MaxOctets => SizeBound.Of((long)Count * TRange.Octets);

    internal TRange this[int index] => _isOne && index == 0 ? _only : _ranges.Span[index];

    internal int Write(Span<byte> destination)
    {
        int at = 0;
        for (int i = 0; i < Count; i++)
        {
            this[i].Write(destination.Slice(at, TRange.Octets));
            at += TRange.Octets;
        }

        return at;
    }

    /// <inheritdoc/>
    public bool Equals(RangeList<TRange> other)
    {
        if (Count != other.Count)
        {
            return false;
        }

        for (int i = 0; i < Count; i++)
        {
            if (!this[i].Equals(other[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is RangeList<TRange> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        for (int i = 0; i < Count; i++)
        {
            hash.Add(this[i]);
        }

        return hash.ToHashCode();
    }
}
