namespace AmqpToolkit.Storage.Journaling;

/// <summary>The messages of one queue while the log is read: mostly in order, apart from those that were copied forward.</summary>
internal sealed class RecoveringQueue
{
    private const int RowEntries = 4096;

    private readonly Dictionary<ulong, StoredMessage> _late = [];
    private readonly List<Entry[]> _rows = [];
    private int _count;
    private int _gone;

    public void Add(ulong position, StoredMessage message)
    {
        if (_count > 0 && position <= this[_count - 1].Position)
        {
            _late.Add(position, message);
            return;
        }

        if (_count == _rows.Count * RowEntries)
        {
            _rows.Add(new Entry[RowEntries]);
        }

        this[_count++] = new Entry(position, message);
    }

    public bool TryFind(ulong position, out StoredMessage message)
    {
        int index = Search(position);
        if (index >= 0 && !this[index].Message.IsNone)
        {
            message = this[index].Message;
            return true;
        }

        return _late.TryGetValue(position, out message);
    }

    /// <summary>Takes a message out.</summary>
    /// <returns>False when there is none at that position.</returns>
    public bool TryRemove(ulong position, out StoredMessage message)
    {
        int index = Search(position);
        if (index >= 0 && !this[index].Message.IsNone)
        {
            message = this[index].Message;
            this[index].Message = default;
            if (++_gone > RowEntries && _gone > _count / 2)
            {
                Close();
            }

            return true;
        }

        return _late.Remove(position, out message);
    }

    /// <summary>The messages that are left, in order.</summary>
    public IEnumerable<(ulong Position, StoredMessage Message)> Left()
    {
        var late = _late.OrderBy(entry => entry.Key).ToArray();
        int next = 0;
        for (int index = 0; index < _count; index++)
        {
            var entry = this[index];
            for (; next < late.Length && late[next].Key < entry.Position; next++)
            {
                yield return (late[next].Key, late[next].Value);
            }

            if (!entry.Message.IsNone)
            {
                yield return (entry.Position, entry.Message);
            }
        }

        for (; next < late.Length; next++)
        {
            yield return (late[next].Key, late[next].Value);
        }
    }

    private ref Entry this[int index] => ref _rows[index / RowEntries][index % RowEntries];

    private int Search(ulong position)
    {
        int low = 0;
        int high = _count - 1;
        while (low <= high)
        {
            int middle = (int)(((uint)low + (uint)high) / 2);
            ulong found = this[middle].Position;
            if (found == position)
            {
                return middle;
            }

            if (found < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }

    /// <summary>Moves what is left together.</summary>
    private void Close()
    {
        int to = 0;
        ulong last = this[_count - 1].Position;
        for (int from = 0; from < _count; from++)
        {
            if (!this[from].Message.IsNone)
            {
                this[to++] = this[from];
            }
        }

        // What comes later than the last one still does, even if that one is gone.
        if (to == 0 || this[to - 1].Position != last)
        {
            this[to++] = new Entry(last, default);
        }

        _count = to;
        _gone = 0;
        int rows = (to + RowEntries - 1) / RowEntries;
        _rows.RemoveRange(rows, _rows.Count - rows);
    }

    private record struct Entry(ulong Position, StoredMessage Message);
}
