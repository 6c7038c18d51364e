namespace AmqpToolkit.Broker.Queues;

/// <summary>What is the same of messages in a row: one entry a run, found by the number of messages before it. Used under the queue's lock.</summary>
internal sealed class RunList<T>
{
    /// <summary>Entries that are over before room is made.</summary>
    private const int MostPast = 256;

    private readonly List<Run> _runs = [];
    private int _head;
    private ulong _taken;
    private ulong _added;

    /// <summary>Messages that are there.</summary>
    public ulong Count => _added - _taken;

    /// <summary>Whether anything was added since all was forgotten.</summary>
    public bool HasEntry => _runs.Count > 0;

    /// <summary>The last run, which may be over.</summary>
    public Run Last => _runs[^1];

    /// <summary>Messages that were added to the last run.</summary>
    public ulong LastCount => _added - Last.Start;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _runs.Clear();
        _head = 0;
        _taken = _added = 0;
    }

    /// <summary>Begins a run.</summary>
    public void Add(T value, int count)
    {
        if (count > 0)
        {
            _runs.Add(new Run(value, _added));
            _added += (ulong)count;
        }
    }

    /// <summary>Adds one to the last run.</summary>
    public void Lengthen() => _added++;

    /// <summary>Takes the oldest; there are so many.</summary>
    public void Take(int count = 1)
    {
        _taken += (ulong)count;
        while (_head + 1 < _runs.Count && _runs[_head + 1].Start <= _taken)
        {
            _head++;
        }

        if (_head >= MostPast && _head > _runs.Count / 2)
        {
            _runs.RemoveRange(0, _head);
            _head = 0;
        }
    }

    /// <summary>The run of a message that is there.</summary>
    /// <param name="index">Messages before it.</param>
    public Run At(int index) => _runs[IndexOf(index)];

    /// <summary>Of messages in a row nobody will ask any more: what stands for them alone goes, and they belong to the run before.</summary>
    /// <param name="index">Messages before them.</param>
    /// <param name="count">How many they are.</param>
    public void Merge(int index, int count)
    {
        ulong end = _taken + (ulong)(index + count);
        int first = IndexOf(index);
        if (first == _head || _runs[first].Start < _taken + (ulong)index)
        {
            first++;
        }

        int last = first;
        while (last < _runs.Count && _runs[last].Start < end)
        {
            last++;
        }

        // The last of the runs that begin there may go on behind them.
        if (last > first && (last < _runs.Count ? _runs[last].Start : _added) > end)
        {
            last--;
            _runs[last] = _runs[last] with { Start = end };
        }

        _runs.RemoveRange(first, last - first);
    }

    /// <summary>How far into its run a message is.</summary>
    public ulong OffsetOf(int index) => _taken + (ulong)index - At(index).Start;

    private int IndexOf(int index)
    {
        ulong number = _taken + (ulong)index;
        int low = _head;
        int high = _runs.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _runs[middle].Start <= number ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    /// <summary>Messages in a row.</summary>
    /// <param name="Value">What is the same of them.</param>
    /// <param name="Start">The number of the first.</param>
    internal readonly record struct Run(T Value, ulong Start);
}
