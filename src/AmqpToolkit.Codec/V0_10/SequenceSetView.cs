namespace AmqpToolkit.Codec.V0_10;

/// <summary>Ranges of numbers as they stand on the wire: pairs of first and last, each of four octets; valid as long as its octets are.</summary>
public readonly ref struct SequenceSetView
{
    private readonly RangeListView<SequenceRange> _ranges;

    /// <summary>A view of the octets after the length, which <see cref="Validate"/> has checked; a last range that is cut off is left out.</summary>
    public SequenceSetView(ReadOnlySpan<byte> ranges) => _ranges = new RangeListView<SequenceRange>(ranges);

    /// <summary>The octets, without their length.</summary>
    public ReadOnlySpan<byte> Span => _ranges.Span;

    /// <summary>How many ranges there are.</summary>
    public int Count => _ranges.Count;

    /// <summary>A range by its index.</summary>
    public SequenceRange this[int index] => _ranges[index];

    /// <summary>Checks that the ranges are whole and none ends before it starts.</summary>
    /// <returns><see cref="DecodeError.None"/>, <see cref="DecodeError.MalformedCompound"/> or <see cref="DecodeError.InvalidValue"/>.</returns>
    public static DecodeError Validate(ReadOnlySpan<byte> ranges) => RangeListView<SequenceRange>.Validate(ranges);

    /// <summary>Whether a number is in one of the ranges.</summary>
    public bool Contains(uint number)
    {
        foreach (SequenceRange range in this)
        {
            if (range.Contains(number))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Walks over the ranges.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>Copies the ranges.</summary>
    public SequenceSet ToOwned() => new(_ranges.ToOwned());

    /// <summary>Walks over ranges.</summary>
    public ref struct Enumerator
    {
        private readonly SequenceSetView _set;
        private int _next;

        internal Enumerator(SequenceSetView set) => _set = set;

        /// <summary>The range at hand.</summary>
        public readonly SequenceRange Current => _set[_next - 1];

        /// <summary>Goes to the next range.</summary>
        public bool MoveNext()
        {
            bool isThere = _next < _set.Count;
            _next += isThere ? 1 : 0;
            return isThere;
        }
    }
}
