using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <content>What readers ask the log.</content>
internal sealed partial class StreamLog
{
    /// <summary>Begins to read. Dispose what it returns.</summary>
    public StreamCursor Read(StreamPosition start)
    {
        Interlocked.Increment(ref _cursors);
        return new StreamCursor(this, start);
    }

    internal void Forget(StreamCursor cursor) => Interlocked.Decrement(ref _cursors);

    internal void TellDamage(JournalDamage damage) => Damaged?.Invoke(damage);

    /// <summary>Finds the message with an offset, or the next one.</summary>
    /// <param name="offset">The offset; moved on when what it names is gone.</param>
    /// <param name="block">A block in memory that has it, retained.</param>
    /// <param name="segment">Else the segment that has it.</param>
    /// <param name="upperOffset">Where the segment's offsets end.</param>
    /// <returns>False when it is not there yet.</returns>
    internal bool TryLocate(ref long offset, out StreamBlock? block, out StreamSegment? segment, out long upperOffset)
    {
        (block, segment) = (null, null);
        lock (_gate)
        {
            upperOffset = EndOffset;
            offset = Math.Max(offset, FirstOffset);
            if (offset >= upperOffset || _hasEnded)
            {
                return false;
            }

            block = FindBlock(offset);
            block?.Retain();
        }

        if (block is null)
        {
            var segments = _segments;
            long wanted = offset;
            int at = Math.Max(0, segments.CountWhile(one => one.FirstOffset <= wanted) - 1);
            segment = segments[at];
            upperOffset = UpperOffsetOf(segments, at, upperOffset);
        }

        return true;
    }

    /// <summary>The segments that may have messages of a time or later, each with the offset where it ends.</summary>
    internal IEnumerable<(StreamSegment Segment, long UpperOffset)> SegmentsFrom(long timestamp)
    {
        long end = EndOffset;
        var segments = _segments;
        int first = Math.Max(0, segments.CountWhile(segment => segment.FirstTimestamp < timestamp) - 1);
        for (int at = first; at < segments.Count; at++)
        {
            yield return (segments[at], UpperOffsetOf(segments, at, end));
        }
    }

    private StreamBlock? FindBlock(long offset)
    {
        for (int index = _blocks.Count - 1; index >= 0; index--)
        {
            if (_blocks[index].FirstOffset <= offset)
            {
                return offset < _blocks[index].CommittedEnd ? _blocks[index] : null;
            }
        }

        return null;
    }

    /// <param name="end">The log's end, looked at before the segments: a later one may lie in a segment that is not among them.</param>
    private static long UpperOffsetOf(StreamSegments segments, int at, long end) => Math.Min(end, at + 1 < segments.Count ? segments[at + 1].FirstOffset : long.MaxValue);
}
