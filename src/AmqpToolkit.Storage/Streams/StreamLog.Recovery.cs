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
        KnownFirst = knownFirst;
        var found = FindFiles();
        Recover(found);
        if (knownFirst >= 0 && _segments.Count > 0 && _segments[0].FirstOffset > knownFirst)
        {
            TellDamage(StreamSegment.MissingBefore(_segments[0].Name, knownFirst, _segments[0].FirstOffset));
        }

        MissBetween(found);
        Miss(knownEnd, knownFirst);
    }

    /// <summary>The offset before which nothing is missed: it was dropped. Below 0 for nothing known.</summary>
    internal long KnownFirst { get; private set; } = -1;

    /// <summary>
    /// A file's last record says where the next one begins, unless a crash has torn it or somebody damaged it: then whoever reads to its end finds out.
    /// </summary>
    private void MissBetween(List<FoundFile> found)
    {
        for (int index = 0; index + 1 < _segments.Count; index++)
        {
            var next = _segments[index + 1];
            long from = Math.Max(found[index].EndOffset, KnownFirst);
            if ((found[index].EndOffset >= 0 || from >= next.FirstOffset) && _segments[index].MayTellEnd() && from < next.FirstOffset)
            {
                TellDamage(StreamSegment.MissingBefore(next.Name, from, next.FirstOffset));
            }
        }
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

        GoOnAt(next);
    }

    /// <summary>Offsets before it were given to messages that are not there. The next one begins another segment, as behind any other end that is not what it was.</summary>
    private void GoOnAt(long next)
    {
        var last = _segments.Count > 0 ? _segments[^1] : null;
        _nextOffset = next;
        Volatile.Write(ref _endOffset, next);
        last?.MayTellEnd();
        if (_tail is not null)
        {
            (_tail, _tailFile) = (null, null);
            _touched.Clear();
            last!.Release();
        }
    }

    private List<FoundFile> FindFiles()
    {
        _files = openFolder();
        var found = new List<FoundFile>();
        foreach (string name in _files.List().Order(StringComparer.Ordinal))
        {
            if (StreamSegment.TryParse(name, out long firstOffset))
            {
                found.Add(ReadFile(name, firstOffset));
            }
        }

        return found;
    }

    private void Recover(List<FoundFile> found)
    {
        var segments = new List<StreamSegment>(found.Count);
        Guid? id = StreamSegmentHeader.MostCommon(found.Select(static file => file.Header?.Stream));
        long timestamp = 0;
        foreach (var file in found)
        {
            timestamp = file.Header is { } header && header.Stream == id ? header.FirstTimestamp : timestamp;
            segments.Add(new StreamSegment(_files!, file.FirstOffset, timestamp) { Octets = file.Octets, CommittedOctets = file.Octets });
        }

        if (id is null)
        {
            // Nothing here can be told from noise: it makes way for what comes.
            segments.ForEach(MoveAside);
            return;
        }

        _id = id.Value;
        while (found[^1].Header is { } last && last.Stream != id)
        {
            // What is written next must not go there.
            MoveAside(segments[^1]);
            segments.RemoveAt(segments.Count - 1);
            found.RemoveAt(found.Count - 1);
        }

        _segments = StreamSegments.Of(segments);
        _octets = found.Sum(static file => file.Octets);
        long given = _nextOffset;
        RecoverTail(segments[^1], found[^1].Header?.Stream == id);
        if (given > _nextOffset)
        {
            GoOnAt(given);
        }

        for (int index = 0; index < _segments.Count; index++)
        {
            if (found[index].Header?.Stream != id)
            {
                string what = found[index].Header is null ? "its header; the messages are there" : "all messages of the file: it is another stream's";
                TellDamage(new JournalDamage(_segments[index].Name, 0, StreamSegmentHeader.FirstRecordOffset, what));
            }
        }
    }

    private FoundFile ReadFile(string name, long firstOffset)
    {
        Span<byte> octets = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
        using var file = _files!.Open(name);
        long length = file.Length;
        if (!StreamSegmentHeader.TryRead(octets[..file.Read(0, octets)], out var header) || header.FirstOffset != firstOffset)
        {
            return new FoundFile(firstOffset, length, null, -1);
        }

        if (header.Version != StreamSegmentHeader.CurrentVersion)
        {
            throw new JournalVersionException(
                $"The stream '{Path.Combine(_files.Folder, name)}' is of version {header.Version}; this program knows version {StreamSegmentHeader.CurrentVersion}.");
        }

        return new FoundFile(firstOffset, length, header, StreamSegment.FindEndOffset(file, length, firstOffset, StreamSegmentHeader.SeedOf(header.Stream)));
    }

    /// <summary>Finds the end of the log. If it is clean the segment is written on, else the next message begins another.</summary>
    private void RecoverTail(StreamSegment tail, bool isSound)
    {
        var end = Scan(tail, out bool hasMore);
        if (Level == CommitLevel.Fsync)
        {
            // What an earlier process has written and not synced is about to be seen: from then on it must not be lost.
            var file = tail.Acquire()!;
            StoreFiles.WriteAgain(file, tail.SyncedOctets, end.Position);
            file.Sync();
            tail.Release();
            _files!.SyncFolder();
        }

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

    /// <summary>A file of the folder.</summary>
    /// <param name="FirstOffset">The offset that its name says.</param>
    /// <param name="Octets">Its length.</param>
    /// <param name="Header">What stands at its front; null where that cannot be read, or is another file's.</param>
    /// <param name="EndOffset">Which offset comes behind it; below 0 where its end does not say.</param>
    private readonly record struct FoundFile(long FirstOffset, long Octets, StreamSegmentHeader? Header, long EndOffset);

    /// <summary>Where a log ends.</summary>
    private readonly record struct TailEnd(long Position, long NextOffset, long Timestamp);
}
