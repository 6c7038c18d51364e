using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Reads contents back. Records that follow each other come from one read of the file, and the longer that goes on the more is read ahead.
/// One thread at a time; a journal may have any number of readers.
/// </summary>
/// <remarks>
/// What is read is a copy. A segment is neither removed nor written anew while it is read, and copying forward may move a message at any
/// time: each read asks where it lies now.
/// </remarks>
internal sealed class JournalReader
{
    /// <summary>Octets of a read that follows nothing.</summary>
    private const int LeastAheadOctets = 16 * 1024;

    /// <summary>Octets of the longest read ahead.</summary>
    private const int MostAheadOctets = 1024 * 1024;

    private readonly Journal _journal;
    private byte[] _window = new byte[LeastAheadOctets];
    private uint _segment;
    private long _start;
    private int _count;
    private int _ahead = LeastAheadOctets;

    internal JournalReader(Journal journal) => _journal = journal;

    /// <summary>Reads the content of a message that its queue is not done with.</summary>
    /// <param name="message">The message.</param>
    /// <param name="content">The content; valid until the next read.</param>
    /// <returns>False when there is no such message any more, or its octets on the disk are not what was written.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool TryRead(StoredMessage message, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (!_journal.TryBeginRead(message, this, out var record))
        {
            return false;
        }

        if (record.Segment is { } segment)
        {
            try
            {
                Fill(segment, record);
            }
            finally
            {
                _journal.EndRead(segment);
            }
        }

        return IsInWindow(record) && TryTake(record, out content);
    }

    /// <summary>Whether a record is here already. Under the journal's gate, or on the reader's thread.</summary>
    internal bool IsInWindow(in JournalRecord record) =>
        record.Location.Segment == _segment && record.Location.Offset >= _start && record.Location.Offset + record.Octets <= _start + _count;

    /// <summary>Takes a record that is not in its file yet. Under the journal's gate.</summary>
    internal void Take(in JournalRecord record, ReadOnlySpan<byte> octets)
    {
        MakeRoom(octets.Length);
        octets.CopyTo(_window);
        (_segment, _start, _count) = (record.Location.Segment, record.Location.Offset, octets.Length);
        RecordHeader.Seal(_window.AsSpan(0, _count), record.Seed);
    }

    private void Fill(JournalSegment segment, in JournalRecord record)
    {
        bool follows = record.Location.Segment == _segment && record.Location.Offset - (_start + _count) is >= 0 and var gap && gap < _ahead;
        _ahead = follows ? Math.Min(_ahead * 2, MostAheadOctets) : LeastAheadOctets;
        int octets = (int)Math.Max(record.Octets, Math.Min(_ahead, segment.WrittenOffset - record.Location.Offset));
        MakeRoom(octets);
        _count = 0;
        int read = segment.File!.Read(record.Location.Offset, _window.AsSpan(0, octets));
        (_segment, _start, _count) = (record.Location.Segment, record.Location.Offset, read);
    }

    private void MakeRoom(int octets)
    {
        if (octets > _window.Length || (_window.Length > MostAheadOctets && octets <= MostAheadOctets))
        {
            _window = GC.AllocateUninitializedArray<byte>(octets > LeastAheadOctets ? Math.Max(octets, MostAheadOctets) : LeastAheadOctets);
        }
    }

    private bool TryTake(JournalRecord record, out ReadOnlySpan<byte> content)
    {
        content = default;
        var octets = _window.AsSpan((int)(record.Location.Offset - _start), (int)record.Octets);
        var header = RecordHeader.Read(octets);
        if (!header.IsPlausible(octets.Length) || RecordHeader.RecordOctets(header.PayloadOctets) != octets.Length || !header.Matches(octets, record.Seed))
        {
            return false;
        }

        var payload = octets.Slice(RecordHeader.Octets, header.PayloadOctets);
        if (header.Kind == RecordKind.Content)
        {
            content = payload[sizeof(ulong)..];
            return true;
        }

        bool isMessage = MessagePayload.TryRead(payload, out var message) && header.Kind == RecordKind.Message;
        content = message.Content;
        return isMessage;
    }
}
