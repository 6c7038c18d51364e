namespace AmqpToolkit.Storage.Journaling;

/// <content>Contents read back.</content>
internal sealed partial class Journal
{
    /// <summary>The batch that is being written; its chunks stay as they are meanwhile.</summary>
    private JournalBatch? _writing;

    /// <summary>A reader of contents, for one thread at a time.</summary>
    public JournalReader OpenReader() => new(this);

    /// <summary>
    /// Finds a message's content. What is not in a file yet is given to the reader; a segment that is to be read stays until
    /// <see cref="EndRead"/>.
    /// </summary>
    internal bool TryBeginRead(StoredMessage message, JournalReader reader, out JournalRecord record)
    {
        lock (_gate)
        {
            ref var entry = ref _messages[message];
            if (entry.IsFree)
            {
                record = default;
                return false;
            }

            var (location, octets) = (entry.Location, entry.RecordOctets);
            if (!entry.Content.IsNone)
            {
                var content = _contents[entry.Content];
                (location, octets) = (content.Location, content.RecordOctets);
            }

            if (location.IsNone)
            {
                record = default;
                return false;
            }

            var segment = _segments[location.Segment];
            record = new JournalRecord(location, octets, segment.Seed, null);
            if (reader.IsInWindow(record))
            {
                return true;
            }

            if (location.Offset + octets > segment.WrittenOffset)
            {
                reader.Take(record, FindUnwritten(location, (int)octets));
                return true;
            }

            segment.Readers++;
            record = record with { Segment = segment };
            return true;
        }
    }

    /// <summary>A segment may go again.</summary>
    internal void EndRead(JournalSegment segment)
    {
        lock (_gate)
        {
            if (--segment.Readers == 0 && segment.IsDead)
            {
                CallHousekeeper();
            }
        }
    }

    private ReadOnlySpan<byte> FindUnwritten(JournalLocation location, int octets)
    {
        var chunk = _writing?.Find(location) ?? _filling.Find(location);
        return chunk is null ? default : chunk.Records.Slice(location.Offset - chunk.Offset, octets);
    }
}
