namespace AmqpToolkit.Storage.Journaling;

/// <summary>What gathers while the batch before is being written.</summary>
internal sealed class JournalBatch
{
    /// <summary>Chunks that a batch keeps for its next turns at most.</summary>
    private const int MaxKeptChunks = 32;

    private readonly Stack<JournalChunk> _free = [];

    /// <summary>As many as were needed lately: one less with each turn that needs less, so that batches of any size allocate nothing in steady traffic.</summary>
    private int _keptChunks;

    /// <summary>Counts from 1 in each run.</summary>
    public ulong Number { get; set; }

    public List<JournalChunk> Chunks { get; } = [];

    public List<JournalWait> Waiters { get; } = [];

    /// <summary>Other logs that are written with it.</summary>
    public List<IJournalCompanion> Companions { get; } = [];

    /// <summary>Whether somebody waits who is no waiter.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Whether somebody waits for the disk.</summary>
    public bool NeedsSync { get; set; }

    public long Octets { get; set; }

    public bool IsEmpty => Chunks.Count == 0 && Waiters.Count == 0 && Companions.Count == 0;

    /// <summary>The first segment that the batch has records for; all before it are written as soon as the batch before is.</summary>
    public uint FirstSegment(JournalSegment tail) => Chunks.Count > 0 ? Chunks[0].Segment.Number : tail.Number;

    /// <summary>Room for a record that must not be cut.</summary>
    public JournalChunk ChunkFor(JournalSegment segment, int offset, int octets)
    {
        if (Chunks.Count > 0 && Chunks[^1] is var last && last.Segment == segment && last.Room >= octets)
        {
            return last;
        }

        var chunk = octets <= JournalChunk.UsualOctets && _free.TryPop(out var free) ? free : new JournalChunk(octets);
        chunk.Segment = segment;
        chunk.Offset = offset;
        chunk.Count = 0;
        Chunks.Add(chunk);
        return chunk;
    }

    /// <summary>The chunk that a record lies in.</summary>
    public JournalChunk? Find(JournalLocation location)
    {
        foreach (var chunk in Chunks)
        {
            if (chunk.Segment.Number == location.Segment && location.Offset >= chunk.Offset && location.Offset < chunk.Offset + chunk.Count)
            {
                return chunk;
            }
        }

        return null;
    }

    /// <summary>Empties the batch for its next turn.</summary>
    public void Reset()
    {
        _keptChunks = Math.Min(Math.Max(Chunks.Count, _keptChunks - 1), MaxKeptChunks);
        foreach (var chunk in Chunks)
        {
            if (_free.Count < _keptChunks && chunk.Octets.Length == JournalChunk.UsualOctets)
            {
                _free.Push(chunk);
            }
        }

        while (_free.Count > _keptChunks)
        {
            _free.Pop();
        }

        Chunks.Clear();
        Waiters.Clear();
        Companions.Clear();
        IsAwaited = false;
        NeedsSync = false;
        Octets = 0;
    }
}
