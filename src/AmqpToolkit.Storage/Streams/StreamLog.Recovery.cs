using System.Buffers.Binary;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <content>
/// What a log finds when it is opened. Of all segments the header is read, of the last one every record: it alone can have an end that a crash has torn.
/// </content>
internal sealed partial class StreamLog
{
    private const string DamagedSuffix = ".damaged";

    /// <summary>Finds what an earlier process has left in the folder. Before anything else.</summary>
    /// <param name="knownEnd">The offset behind the last message that is known to have been on the disk.</param>
    /// <param name="knownFirst">The offset before which it has dropped its messages, as far as anybody knows; below 0 for nothing known.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="JournalVersionException">The log is of a version that this code does not know.</exception>
    public void Recover(long knownEnd = 0, long knownFirst = -1)
    {
        Recover();
        if (knownFirst >= 0 && _segments.Count > 0 && _segments[0].FirstOffset > knownFirst)
        {
            TellDamage(StreamSegment.MissingBefore(_segments[0].Name, knownFirst, _segments[0].FirstOffset));
        }

        Miss(knownEnd, knownFirst);
    }

    /// <summary>Tells of messages that were on the disk and are not there. Their offsets are not given to others.</summary>
    /// <param name="knownEnd">The offset behind the last of them.</param>
    /// <param name="knownFirst">The offset before which they are not missed.</param>
    public void Miss(long knownEnd, long knownFirst = -1)
    {
        long from = Math.Max(_nextOffset, knownFirst);
        long next = Math.Max(from, knownEnd);
        if (next <= _nextOffset)
        {
            return;
        }

        var last = _segments.Count > 0 ? _segments[^1] : null;
        if (from < knownEnd)
        {
            TellDamage(StreamSegment.MissingEnd(last?.Name, last?.Octets ?? 0, from, knownEnd));
        }

        _nextOffset = next;
        Volatile.Write(ref _endOffset, next);
        if (_tail is not null)
        {
            // The next message begins another segment, as behind any other end that is not what it was.
            (_tail, _tailFile) = (null, null);
            _touched.Clear();
            last!.Release();
        }
    }

    private void Recover()
    {
        _files = openFolder();
        var found = new List<(StreamSegment Segment, bool IsSound)>();
        Guid? id = null;
        foreach (string name in _files.List().Order(StringComparer.Ordinal))
        {
            if (StreamSegment.TryParse(name, out long firstOffset))
            {
                found.Add(ReadHeader(name, firstOffset, found.Count > 0 ? found[^1].Segment.FirstTimestamp : 0, ref id));
            }
        }

        if (id is null)
        {
            // Nothing here can be told from noise: it makes way for what comes.
            found.ForEach(one => MoveAside(one.Segment));
            return;
        }

        _id = id.Value;
        _segments = StreamSegments.Of([.. found.Select(static one => one.Segment)]);
        _octets = found.Sum(static one => one.Segment.Octets);
        RecoverTail(found[^1].Segment, found[^1].IsSound);
        foreach (var (segment, isSound) in found)
        {
            if (!isSound && (segment != found[^1].Segment || _segments.Count == found.Count))
            {
                TellDamage(new JournalDamage(segment.Name, 0, StreamSegmentHeader.FirstRecordOffset, "its header; the messages are there"));
            }
        }
    }

    private (StreamSegment Segment, bool IsSound) ReadHeader(string name, long firstOffset, long lastTimestamp, ref Guid? id)
    {
        Span<byte> octets = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
        using var file = _files!.Open(name);
        int read = file.Read(0, octets);
        bool isSound = StreamSegmentHeader.TryRead(octets[..read], out var header) && header.FirstOffset == firstOffset;
        if (isSound && header.Version != StreamSegmentHeader.CurrentVersion)
        {
            throw new JournalVersionException(
                $"The stream '{Path.Combine(_files.Folder, name)}' is of version {header.Version}; this program knows version {StreamSegmentHeader.CurrentVersion}.");
        }

        id ??= isSound ? header.Stream : null;
        long octetsThere = file.Length;
        return (new StreamSegment(_files, firstOffset, isSound ? header.FirstTimestamp : lastTimestamp) { Octets = octetsThere, CommittedOctets = octetsThere }, isSound);
    }

    /// <summary>Finds the end of the log. If it is clean the segment is written on, else the next message begins another.</summary>
    private void RecoverTail(StreamSegment tail, bool isSound)
    {
        if (Level == CommitLevel.Fsync)
        {
            // What an earlier process has written and not synced is about to be seen: from then on it must not be lost.
            var file = tail.Acquire()!;
            file.Sync();
            tail.Release();
            _files!.SyncFolder();
        }

        var end = Scan(tail, out bool hasMore);
        _nextOffset = end.NextOffset;
        _lastTimestamp = end.Timestamp;
        Volatile.Write(ref _endOffset, _nextOffset);
        _syncedEndOffset = Level == CommitLevel.Fsync ? _nextOffset : 0;
        bool isClean = isSound && end.Position == tail.Octets;
        if (!isClean && end.NextOffset == tail.FirstOffset)
        {
            // Nothing of it was ever committed, and the next segment will have its name.
            _segments = _segments.SkipLast();
            _octets -= tail.Octets;
            if (hasMore)
            {
                PutAside(tail);
            }
            else
            {
                tail.Drop();
            }

            return;
        }

        _octets -= tail.Octets - end.Position;
        tail.Octets = tail.CommittedOctets = end.Position;
        if (isClean)
        {
            (_tail, _tailFile) = (tail, tail.Acquire());
            _touched.Add(tail);
        }
    }

    /// <param name="hasMore">Whether whole records follow the end.</param>
    private TailEnd Scan(StreamSegment tail, out bool hasMore)
    {
        var index = tail.Index = new StreamIndex();
        var end = new TailEnd(StreamSegmentHeader.FirstRecordOffset, tail.FirstOffset, tail.FirstTimestamp);
        var gaps = new List<(long From, long To, TailEnd Before)>();
        long syncedOctets = 0;
        using var reader = new StreamSegmentReader(Seed);
        reader.Begin(tail.Acquire()!, StreamSegmentHeader.FirstRecordOffset);
        bool isThere;
        do
        {
            isThere = reader.Fill(tail.Octets);
            if (reader.DamagedFrom is { } from)
            {
                gaps.Add((from, isThere ? reader.WindowPosition : tail.Octets, end));
            }

            for (int at = 0; at < reader.Count;)
            {
                var record = StreamRecord.Read(reader.Octets.AsSpan(at));
                if (record.Kind == StreamRecordKind.Message)
                {
                    index.Add(new StreamIndexEntry(record.Offset, record.Timestamp, reader.WindowPosition + at));
                }
                else if (record.Kind == StreamRecordKind.Mark)
                {
                    syncedOctets = Math.Max(syncedOctets, BinaryPrimitives.ReadInt64LittleEndian(reader.Octets.AsSpan(at + StreamRecord.Octets)));
                }

                at += record.WholeOctets;
                end = new TailEnd(
                    reader.WindowPosition + at, record.Kind == StreamRecordKind.Message ? record.Offset + 1 : Math.Max(end.NextOffset, record.Offset), record.Timestamp);
            }
        }
        while (isThere);

        tail.Release();
        tail.SyncedOctets = syncedOctets;
        var judged = Judge(tail, gaps, end, syncedOctets);
        hasMore = judged.Position < end.Position;
        return judged;
    }

    /// <summary>
    /// What was known to be on the disk and is not whole is damage; what was not was never committed, and the log ends before it. Where commits do not mean the disk
    /// nothing is known of it, and what follows a gap may have been committed: it counts.
    /// </summary>
    private TailEnd Judge(StreamSegment tail, List<(long From, long To, TailEnd Before)> gaps, TailEnd end, long syncedOctets)
    {
        foreach (var (from, to, before) in gaps)
        {
            bool mayBeCommitted = Level == CommitLevel.Os && to < end.Position;
            if (from >= syncedOctets && !mayBeCommitted)
            {
                return before;
            }

            if (tail.MayTellDamage(from))
            {
                TellDamage(new JournalDamage(tail.Name, from, to - from, $"messages from offset {before.NextOffset} on"));
            }
        }

        return end;
    }

    private void MoveAside(StreamSegment segment)
    {
        if (segment.Octets <= StreamSegmentHeader.FirstRecordOffset)
        {
            // A crash came while it was begun.
            segment.Drop();
            return;
        }

        TellDamage(new JournalDamage(segment.Name, 0, segment.Octets, $"the whole file; kept as {segment.Name}{DamagedSuffix}"));
        PutAside(segment);

        // Offsets are not given twice, whatever the file may have held.
        _nextOffset = Math.Max(_nextOffset, segment.FirstOffset + (segment.Octets / StreamRecord.Octets));
        Volatile.Write(ref _endOffset, _nextOffset);
    }

    /// <summary>Keeps a file for people, under a name that the log does not know; one of an earlier time makes way.</summary>
    private void PutAside(StreamSegment segment)
    {
        string aside = segment.Name + DamagedSuffix;
        if (_files!.List().Contains(aside))
        {
            _files.Delete(aside);
        }

        _files.Rename(segment.Name, aside);
    }

    /// <summary>Where a log ends.</summary>
    private readonly record struct TailEnd(long Position, long NextOffset, long Timestamp);
}
