namespace AmqpToolkit.Broker.Queues;

/// <summary>What is the same of messages in a row: one entry a run, found by the number of messages before it. Used under the queue's lock.</summary>
internal sealed class RunList<T>
{
    /// <summary>Entries that are over before room is made.</summary>
    private const int MostPast = 256;

    /// <summary>Messages that nobody will ask before their runs are dropped.</summary>
    private const int MostGone = 4096;

    private readonly List<Run> _runs = [];
    private int _head;
    private ulong _taken;
    private List<(ulong Start, ulong End)>? _gone;
    private int _goneCount;
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
        _gone = null;
        _goneCount = 0;
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

    /// <summary>Of messages in a row nobody will ask any more: what stands for them alone goes, when there is enough of it, and they belong to the run before.</summary>
    /// <param name="index">Messages before them.</param>
    /// <param name="count">How many they are.</param>
    public void Forget(int index, int count)
    {
        ulong start = _taken + (ulong)index;
        (_gone ??= []).Add((start, start + (ulong)count));
        _goneCount += count;
        if (_goneCount >= Math.Max(MostGone, _runs.Count / 2))
        {
            DropGone(_gone);
        }
    }

    /// <summary>How far into its run a message is.</summary>
    public ulong OffsetOf(int index) => _taken + (ulong)index - At(index).Start;

    /// <summary>One pass over all runs for as many that go.</summary>
    private void DropGone(List<(ulong Start, ulong End)> gone)
    {
        gone.Sort();
        int kept = Math.Min(_head + 1, _runs.Count);
        int at = 0;
        for (int index = kept; index < _runs.Count; index++)
        {
            ulong start = _runs[index].Start;
            ulong end = index + 1 < _runs.Count ? _runs[index + 1].Start : _added;
            while (at < gone.Count && gone[at].End <= start)
            {
                at++;
            }

            // Ranges that follow each other are one.
            ulong covered = at < gone.Count && gone[at].Start <= start ? gone[at].End : start;
            for (int next = at + 1; next < gone.Count && gone[next].Start <= covered && covered < end; next++)
            {
                covered = Math.Max(covered, gone[next].End);
            }

            // The last may get more.
            if (covered < end || index == _runs.Count - 1)
            {
                _runs[kept++] = _runs[index];
            }
        }

        _runs.RemoveRange(kept, _runs.Count - kept);
        gone.Clear();
        _goneCount = 0;
    }

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
