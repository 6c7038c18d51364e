namespace AmqpToolkit.Storage.Journaling;

/// <summary>The messages of one queue while the log is read: mostly in order, apart from those that were copied forward.</summary>
internal sealed class RecoveringQueue
{
    private const int RowEntries = 4096;

    private readonly Dictionary<ulong, Entry> _late = [];
    private readonly List<Entry[]> _rows = [];
    private int _count;
    private int _gone;

    public void Add(ulong position, StoredMessage message, int measure)
    {
        if (_count > 0 && position <= this[_count - 1].Position)
        {
            _late.Add(position, new Entry(position, message, measure));
            return;
        }

        if (_count == _rows.Count * RowEntries)
        {
            _rows.Add(new Entry[RowEntries]);
        }

        this[_count++] = new Entry(position, message, measure);
    }

    public bool TryFind(ulong position, out StoredMessage message)
    {
        int index = Search(position);
        if (index >= 0 && !this[index].Message.IsNone)
        {
            message = this[index].Message;
            return true;
        }

        bool isLate = _late.TryGetValue(position, out var late);
        message = late.Message;
        return isLate;
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

        bool isLate = _late.Remove(position, out var late);
        message = late.Message;
        return isLate;
    }

    /// <summary>The messages that are left, in order.</summary>
    public IEnumerable<Entry> Left()
    {
        var late = _late.Values.OrderBy(entry => entry.Position).ToArray();
        int next = 0;
        for (int index = 0; index < _count; index++)
        {
            var entry = this[index];
            for (; next < late.Length && late[next].Position < entry.Position; next++)
            {
                yield return late[next];
            }

            if (!entry.Message.IsNone)
            {
                yield return entry;
            }
        }

        for (; next < late.Length; next++)
        {
            yield return late[next];
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
            this[to++] = new Entry(last, default, 0);
        }

        _count = to;
        _gone = 0;
        int rows = (to + RowEntries - 1) / RowEntries;
        _rows.RemoveRange(rows, _rows.Count - rows);
    }

    /// <summary>A message.</summary>
    /// <param name="Position">Its place.</param>
    /// <param name="Message">Its name; none when it is gone.</param>
    /// <param name="Measure">What the visitor made of its content, if that is its own.</param>
    internal record struct Entry(ulong Position, StoredMessage Message, int Measure);
}
