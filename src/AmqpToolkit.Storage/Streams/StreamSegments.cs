namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// The segments of a stream in the order of their offsets, as they were at a moment. Another one at the end shares the array, so that a log of many segments costs no copy
/// for each. Made under the log's lock, from the newest alone; read without.
/// </summary>
internal sealed class StreamSegments
{
    private const int MinLength = 4;

    private readonly StreamSegment?[] _items;
    private readonly int _from;

    private StreamSegments(StreamSegment?[] items, int from, int count) => (_items, _from, Count) = (items, from, count);

    /// <summary>No segments.</summary>
    public static StreamSegments None { get; } = new([], 0, 0);

    public int Count { get; }

    public StreamSegment this[int index] => _items[_from + index]!;

    /// <summary>These segments.</summary>
    public static StreamSegments Of(IReadOnlyCollection<StreamSegment> segments) => new([.. segments], 0, segments.Count);

    /// <summary>One more at the end.</summary>
    public StreamSegments Add(StreamSegment segment)
    {
        var items = _items;
        int from = _from;
        if (from + Count == items.Length)
        {
            items = new StreamSegment?[Math.Max(MinLength, Count * 2)];
            Array.Copy(_items, from, items, 0, Count);
            from = 0;
        }

        // Nobody has seen this place yet.
        items[from + Count] = segment;
        return new StreamSegments(items, from, Count + 1);
    }

    /// <summary>Without the first ones. They go from memory when the array is next left.</summary>
    public StreamSegments Skip(int count) => Count - count <= _items.Length / 4
        ? new StreamSegments(_items[(_from + count)..(_from + Count)], 0, Count - count)
        : new StreamSegments(_items, _from + count, Count - count);

    /// <summary>Without the last one.</summary>
    public StreamSegments SkipLast() => new(_items[_from..(_from + Count - 1)], 0, Count - 1);

    /// <summary>How many at the front have something that those behind have not.</summary>
    public int CountWhile(Func<StreamSegment, bool> holds)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = holds(this[middle]) ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
