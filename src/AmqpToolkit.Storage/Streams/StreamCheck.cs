using System.Buffers.Binary;
using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>Looks through every record of a stream and changes nothing. Used once, by one thread.</summary>
internal sealed class StreamCheck
{
    private readonly IFileLayer _files;
    private readonly List<JournalDamage> _damages = [];
    private Guid? _id;
    private long _octets;
    private long _messages;
    private long _firstOffset = -1;
    private long _endOffset;
    private long _lastOctets;
    private readonly List<StreamLoss> _losses = [];
    private readonly HashSet<string> _headerless = [];
    private readonly Dictionary<string, Guid> _ids = [];

    /// <summary>Whether damage reaches to the end of the file that was read last.</summary>
    private bool _isEndDamaged;

    /// <summary>Whether a file was read: what is missing before the first is another matter.</summary>
    private bool _hasRead;
    private long _lastTimestamp;
    private long _knownFirst;

    /// <summary>Where the gap begins that reaches to the end of the last file; -1 for none.</summary>
    private int _lastGap = -1;

    private StreamCheck(IFileLayer files) => _files = files;

    /// <summary>Reads a stream. Nobody may write it meanwhile.</summary>
    /// <param name="files">Its folder; null when that is not there.</param>
    /// <param name="knownEnd">The offset behind the last message that is known to have been on the disk.</param>
    /// <param name="knownFirst">The offset before which it has dropped its messages, as far as anybody knows; below 0 for nothing known.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="JournalVersionException">The stream is of a version that this code does not know.</exception>
    public static StreamReport Run(IFileLayer? files, long knownEnd, long knownFirst = -1)
    {
        if (files is not null)
        {
            return new StreamCheck(files).Run(knownEnd, knownFirst);
        }

        long from = Math.Max(0, knownFirst);
        return knownEnd > from
            ? new StreamReport(0, 0, 0, 0, 0, [StreamSegment.MissingEnd(null, 0, from, knownEnd)]) { Losses = [new StreamLoss(null, from, knownEnd, knownEnd, 0)] }
            : new StreamReport(0, 0, 0, 0, 0, []);
    }

    private StreamReport Run(long knownEnd, long knownFirst)
    {
        _knownFirst = knownFirst;
        string[] names = [.. _files.List().Where(static name => StreamSegment.TryParse(name, out _)).Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            ReadHeader(name, isLast: name == names[^1]);
        }

        _id = StreamSegmentHeader.MostCommon([.. _ids.Values]);
        MissForeign();
        if (_id is not null)
        {
            MissFirst(names[0], knownFirst);
        }

        foreach (string name in names)
        {
            if (_id is { } id)
            {
                ReadRecords(name, StreamSegmentHeader.SeedOf(id), NextOf(names, name));
            }
        }

        MissEnd(names.LastOrDefault(), knownEnd, Math.Max(_endOffset, knownFirst));
        return new StreamReport(names.Length, _octets, _messages, Math.Max(0, _firstOffset), _endOffset, _damages) { Id = _id, Losses = _losses };
    }

    /// <summary>Files of another stream: whatever is in them is not this one's.</summary>
    private void MissForeign()
    {
        foreach (var (name, _) in _ids.Where(file => file.Value != _id))
        {
            _damages.Add(new JournalDamage(name, 0, StreamSegmentHeader.FirstRecordOffset, "all messages of the file: it is another stream's"));
            _headerless.Add(name);
        }
    }

    private void MissFirst(string name, long knownFirst)
    {
        if (knownFirst >= 0 && StreamSegment.TryParse(name, out long firstOffset) && firstOffset > knownFirst)
        {
            _damages.Add(StreamSegment.MissingBefore(name, knownFirst, firstOffset));
            _losses.Add(new StreamLoss(null, knownFirst, firstOffset, firstOffset, 0));
        }
    }

    private void MissEnd(string? last, long knownEnd, long from)
    {
        if (from >= knownEnd)
        {
            return;
        }

        _damages.Add(StreamSegment.MissingEnd(last, _lastOctets, from, knownEnd));
        if (_lastGap >= 0)
        {
            _losses[_lastGap] = _losses[_lastGap] with { NextOffset = knownEnd };
        }
        else
        {
            _losses.Add(new StreamLoss(null, from, knownEnd, knownEnd, _lastTimestamp));
        }
    }

    private void ReadHeader(string name, bool isLast)
    {
        Span<byte> octets = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
        using var file = _files.Open(name);
        _octets += file.Length;
        if (!StreamSegmentHeader.TryRead(octets[..file.Read(0, octets)], out var header) || !StreamSegment.TryParse(name, out long firstOffset) || header.FirstOffset != firstOffset)
        {
            if (!isLast || file.Length > StreamSegmentHeader.FirstRecordOffset)
            {
                _damages.Add(new JournalDamage(name, 0, StreamSegmentHeader.FirstRecordOffset, "its header"));
                _headerless.Add(name);
            }

            return;
        }

        if (header.Version != StreamSegmentHeader.CurrentVersion)
        {
            throw new JournalVersionException(
                $"The stream '{Path.Combine(_files.Folder, name)}' is of version {header.Version}; this program knows version {StreamSegmentHeader.CurrentVersion}.");
        }

        _ids.Add(name, header.Stream);
    }

    /// <summary>Where the file behind one begins, which ends it; null when it is the last.</summary>
    private static long? NextOf(string[] names, string name) =>
        Array.IndexOf(names, name) + 1 is var next && next < names.Length && StreamSegment.TryParse(names[next], out long offset) ? offset : null;

    /// <summary>
    /// What follows the last octets that are known to have been on the disk was never promised to anybody, and is no damage: not in the last file, and not where the next
    /// file goes on before it.
    /// </summary>
    private void ReadRecords(string name, uint seed, long? end)
    {
        using var file = _files.Open(name);
        using var reader = new StreamSegmentReader(seed);
        MissFileBefore(name);
        _lastOctets = file.Length;
        if (_headerless.Contains(name))
        {
            _losses.Add(new StreamLoss(name, 0, StreamSegmentHeader.FirstRecordOffset, _endOffset, _lastTimestamp));
        }

        var gaps = new List<(StreamLoss Loss, long EndOffset)>();
        long syncedOctets = 0;
        reader.Begin(file, StreamSegmentHeader.FirstRecordOffset);
        bool isThere;
        do
        {
            isThere = reader.Fill(file.Length);
            if (reader.DamagedFrom is { } from)
            {
                long next = isThere ? StreamRecord.Read(reader.Octets).Offset : end ?? _endOffset;
                gaps.Add((new StreamLoss(name, from, isThere ? reader.WindowPosition : file.Length, next, _lastTimestamp), _endOffset));
            }

            syncedOctets = Math.Max(syncedOctets, ReadWindow(reader, end ?? long.MaxValue));
        }
        while (isThere);

        foreach (var (loss, before) in gaps)
        {
            if (loss.From < syncedOctets || end > before)
            {
                _damages.Add(new JournalDamage(name, loss.From, loss.To - loss.From, "messages, or the index of the segment"));
                _isEndDamaged = loss.To == file.Length;
                _lastGap = end is null && _isEndDamaged ? _losses.Count : -1;
                _losses.Add(loss);
            }
        }
    }

    /// <summary>Offsets go on from one file to the next. Where the end of the file before is damaged they need not.</summary>
    private void MissFileBefore(string name)
    {
        _ = StreamSegment.TryParse(name, out long firstOffset);
        long from = Math.Max(_endOffset, _knownFirst);
        if (_hasRead && firstOffset > from && !_isEndDamaged)
        {
            _damages.Add(StreamSegment.MissingBefore(name, from, firstOffset));
            _losses.Add(new StreamLoss(null, from, firstOffset, firstOffset, _lastTimestamp));
        }

        _endOffset = Math.Max(_endOffset, firstOffset);
        (_hasRead, _isEndDamaged) = (true, false);
    }

    /// <returns>Octets of the segment that the window tells to be on the disk.</returns>
    private long ReadWindow(StreamSegmentReader reader, long end)
    {
        long syncedOctets = 0;
        for (int at = 0; at < reader.Count;)
        {
            var record = StreamRecord.Read(reader.Octets.AsSpan(at));
            if (record.Kind == StreamRecordKind.Message && record.Offset < end)
            {
                _messages++;
                _firstOffset = _firstOffset < 0 ? record.Offset : _firstOffset;
                _endOffset = record.Offset + 1;
            }
            else if (record.Kind != StreamRecordKind.Message)
            {
                // What a repair has given up.
                _endOffset = Math.Max(_endOffset, Math.Min(record.Offset, end));
            }

            if (record.Kind == StreamRecordKind.Mark)
            {
                syncedOctets = Math.Max(syncedOctets, BinaryPrimitives.ReadInt64LittleEndian(reader.Octets.AsSpan(at + StreamRecord.Octets)));
            }

            _lastTimestamp = Math.Max(_lastTimestamp, record.Timestamp);
            at += record.WholeOctets;
        }

        return syncedOctets;
    }
}
