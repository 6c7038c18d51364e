using System.Runtime.InteropServices;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Where the record of each message lies that some queue still needs: 16 octets a message, in rows that never move, so that it grows
/// without doubling. Under the journal's gate.
/// </summary>
internal sealed class MessageTable
{
    private const int RowBits = 12;
    private const int RowEntries = 1 << RowBits;

    /// <summary>Messages that those who ask without the gate may not have heard of.</summary>
    private const int ToldStep = 256;

    private readonly List<Entry[]> _rows = [];
    private uint _used;
    private uint _free;

    private readonly SharedCount _told = new();
    private int _lastTold;

    /// <summary>Messages in the table.</summary>
    public int Count { get; private set; }

    /// <summary>About as many as that: for who asks often, from anywhere, without the gate.</summary>
    public int ToldCount => Volatile.Read(ref _told.Value);

    public StoredMessage Add(JournalLocation location, uint recordOctets, StoredContent content)
    {
        uint index = _free;
        if (index != 0)
        {
            _free = (uint)this[new StoredMessage(index)].Location.Value;
        }
        else
        {
            if (_used >> RowBits == _rows.Count)
            {
                _rows.Add(new Entry[RowEntries]);
            }

            index = ++_used;
        }

        var message = new StoredMessage(index);
        this[message] = new Entry(location, recordOctets >> 3, content);
        Count++;
        Tell();
        return message;
    }

    public ref Entry this[StoredMessage message] => ref _rows[(int)((message.Value - 1) >> RowBits)][(message.Value - 1) & (RowEntries - 1)];

    public void Remove(StoredMessage message)
    {
        ref var entry = ref this[message];
        entry = new Entry(new JournalLocation(_free), Entry.FreeMark, default);
        _free = message.Value;
        Count--;
        Tell();
    }

    private void Tell()
    {
        if (Count == 0 || Math.Abs(Count - _lastTold) >= ToldStep)
        {
            _lastTold = Count;
            Volatile.Write(ref _told.Value, Count);
        }
    }

    /// <summary>Rows of the table; each can be searched by itself, so that nobody waits for all of it.</summary>
    public int Rows => _rows.Count;

    /// <summary>Finds the messages of a row whose record lies in a segment.</summary>
    /// <param name="row">The row.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="found">Gets them by the offset of their record.</param>
    public void FindInRow(int row, uint segment, Dictionary<int, StoredMessage> found)
    {
        var entries = _rows[row];
        for (int index = 0; index < RowEntries; index++)
        {
            ref var entry = ref entries[index];
            if (entry.Location.Segment == segment && !entry.IsFree)
            {
                found.Add(entry.Location.Offset, new StoredMessage((uint)((row << RowBits) + index + 1)));
            }
        }
    }

    /// <summary>A number on lines of its own: who reads it does not take from the writer what lies beside.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private sealed class SharedCount
    {
        [FieldOffset(96)]
        public int Value;
    }

    /// <summary>One message.</summary>
    /// <param name="Location">Its record.</param>
    /// <param name="Units">The record's length in units of eight octets.</param>
    /// <param name="Content">Its content, if that is a record of its own.</param>
    internal record struct Entry(JournalLocation Location, uint Units, StoredContent Content)
    {
        public const uint FreeMark = uint.MaxValue;

        public readonly bool IsFree => Units == FreeMark;

        public readonly long RecordOctets => (long)Units << 3;
    }
}
