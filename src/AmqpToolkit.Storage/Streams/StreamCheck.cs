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
    private int _damagesBefore;

    private StreamCheck(IFileLayer files) => _files = files;

    /// <summary>Reads a stream. Nobody may write it meanwhile.</summary>
    /// <param name="files">Its folder; null when that is not there.</param>
    /// <param name="knownEnd">The offset behind the last message that is known to have been on the disk.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="JournalVersionException">The stream is of a version that this code does not know.</exception>
    public static StreamReport Run(IFileLayer? files, long knownEnd) =>
        files is null ? new StreamReport(0, 0, 0, 0, 0, [StreamSegment.MissingEnd(null, 0, 0, knownEnd)]) : new StreamCheck(files).Run(knownEnd);

    private StreamReport Run(long knownEnd)
    {
        string[] names = [.. _files.List().Where(static name => StreamSegment.TryParse(name, out _)).Order(StringComparer.Ordinal)];
        foreach (string name in names)
        {
            ReadHeader(name, isLast: name == names[^1]);
        }

        foreach (string name in names)
        {
            if (_id is { } id)
            {
                ReadRecords(name, StreamSegmentHeader.SeedOf(id), NextOf(names, name));
            }
        }

        if (_endOffset < knownEnd)
        {
            _damages.Add(StreamSegment.MissingEnd(names.LastOrDefault(), _lastOctets, _endOffset, knownEnd));
        }

        return new StreamReport(names.Length, _octets, _messages, Math.Max(0, _firstOffset), _endOffset, _damages);
    }

    private void ReadHeader(string name, bool isLast)
    {
        Span<byte> octets = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
        using var file = _files.Open(name);
        _octets += file.Length;
        if (!StreamSegmentHeader.TryRead(octets[..file.Read(0, octets)], out var header))
        {
            if (!isLast || file.Length > StreamSegmentHeader.FirstRecordOffset)
            {
                _damages.Add(new JournalDamage(name, 0, StreamSegmentHeader.FirstRecordOffset, "its header"));
            }

            return;
        }

        if (header.Version != StreamSegmentHeader.CurrentVersion)
        {
            throw new JournalVersionException(
                $"The stream '{Path.Combine(_files.Folder, name)}' is of version {header.Version}; this program knows version {StreamSegmentHeader.CurrentVersion}.");
        }

        _id ??= header.Stream;
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
        var gaps = new List<(long From, long To, long EndOffset)>();
        long syncedOctets = 0;
        reader.Begin(file, StreamSegmentHeader.FirstRecordOffset);
        bool isThere;
        do
        {
            isThere = reader.Fill(file.Length);
            if (reader.DamagedFrom is { } from)
            {
                gaps.Add((from, isThere ? reader.WindowPosition : file.Length, _endOffset));
            }

            syncedOctets = Math.Max(syncedOctets, ReadWindow(reader, end ?? long.MaxValue));
        }
        while (isThere);

        foreach (var (from, to, before) in gaps)
        {
            if (from < syncedOctets || end > before)
            {
                _damages.Add(new JournalDamage(name, from, to - from, "messages, or the index of the segment"));
            }
        }
    }

    /// <summary>Offsets go on from one file to the next. Where the file before is damaged they need not.</summary>
    private void MissFileBefore(string name)
    {
        if (StreamSegment.TryParse(name, out long firstOffset) && _firstOffset >= 0 && firstOffset > _endOffset && _damages.Count == _damagesBefore)
        {
            _damages.Add(new JournalDamage(name, 0, 0, string.Create(CultureInfo.InvariantCulture, $"messages from offset {_endOffset} to {firstOffset - 1}: the file before is not there")));
        }

        _damagesBefore = _damages.Count;
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
            else if (record.Kind == StreamRecordKind.Mark)
            {
                syncedOctets = Math.Max(syncedOctets, BinaryPrimitives.ReadInt64LittleEndian(reader.Octets.AsSpan(at + StreamRecord.Octets)));
            }

            at += record.WholeOctets;
        }

        return syncedOctets;
    }
}
