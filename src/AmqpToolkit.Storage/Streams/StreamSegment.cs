using System.Buffers.Binary;
using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// One file of a stream. It is open while somebody uses it, and removed when it was dropped and nobody does any more. Any thread; its lock is a leaf.
/// </summary>
internal sealed class StreamSegment(IFileLayer files, long firstOffset, long firstTimestamp)
{
    private const string Suffix = ".stream";

    /// <summary>An index that is longer is none: the largest segment has no more entries.</summary>
    private const long MaxIndexOctets = 64 * 1024 * 1024;

    private readonly Lock _gate = new();
    private IStoreFile? _file;
    private int _users;
    private bool _isDropped;
    private long _committedOctets;
    private long _damageTold = -1;
    private bool _isEndTold;

    public long FirstOffset => firstOffset;

    public long FirstTimestamp => firstTimestamp;

    public string Name => NameOf(firstOffset);

    /// <summary>Octets that are written. The writer's.</summary>
    public long Octets { get; set; }

    /// <summary>Octets that are known to be on the disk. The writer's.</summary>
    public long SyncedOctets { get; set; }

    /// <summary>Octets that may be read.</summary>
    public long CommittedOctets
    {
        get => Volatile.Read(ref _committedOctets);
        set => Volatile.Write(ref _committedOctets, value);
    }

    /// <summary>Where its messages stand; null when that is to be read from the file.</summary>
    public StreamIndex? Index { get; set; }

    /// <summary>The name of the file whose first message has this offset: in twenty digits, so that names sort as numbers do.</summary>
    public static string NameOf(long firstOffset) => string.Create(CultureInfo.InvariantCulture, $"{firstOffset:D20}{Suffix}");

    /// <summary>Messages that were there and are not.</summary>
    /// <param name="name">The last file that is left; null when there is none.</param>
    /// <param name="octets">Octets of it that are whole.</param>
    /// <param name="from">The first offset that is missing.</param>
    /// <param name="end">The offset behind the last one.</param>
    public static JournalDamage MissingEnd(string? name, long octets, long from, long end) => new(
        name ?? NameOf(0), octets, 0,
        string.Create(CultureInfo.InvariantCulture, $"messages from offset {from} to {end - 1}: {(name is null ? "no file is there" : "the end of the file is missing, or another file")}")) { HasPlace = name is not null };

    /// <summary>Messages whose file was there and is not.</summary>
    /// <param name="name">The file behind it.</param>
    /// <param name="from">The first offset that is missing.</param>
    /// <param name="to">Where that file begins.</param>
    public static JournalDamage MissingBefore(string name, long from, long to) =>
        new(name, 0, 0, string.Create(CultureInfo.InvariantCulture, $"messages from offset {from} to {to - 1}: the file before is not there")) { HasPlace = false };

    public static bool TryParse(string name, out long firstOffset)
    {
        firstOffset = 0;
        return name.EndsWith(Suffix, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out firstOffset);
    }

    /// <summary>Opens the file, or shares it with those who have it open; <see cref="Release"/> it.</summary>
    /// <returns>Null when the segment was dropped.</returns>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public IStoreFile? Acquire()
    {
        lock (_gate)
        {
            if (_isDropped)
            {
                return null;
            }

            _file ??= files.Open(Name);
            _users++;
            return _file;
        }
    }

    /// <summary>Makes the caller, who has just created the file, its first user.</summary>
    public void Begin(IStoreFile file)
    {
        lock (_gate)
        {
            _file = file;
            _users = 1;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users == 0)
            {
                End();
            }
        }
    }

    /// <summary>The log ends behind it from now on.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            if (!_isDropped)
            {
                _isDropped = true;
                if (_users == 0)
                {
                    End();
                }
            }
        }
    }

    /// <summary>Whether damage at a position was not told of before. Readers come to it in any number.</summary>
    public bool MayTellDamage(long position)
    {
        lock (_gate)
        {
            bool isNew = position > _damageTold;
            _damageTold = Math.Max(position, _damageTold);
            return isNew;
        }
    }

    /// <summary>Whether nobody was told yet that messages between its end and the next one are missing, or need be.</summary>
    public bool MayTellEnd()
    {
        lock (_gate)
        {
            bool isNew = !_isEndTold;
            _isEndTold = true;
            return isNew;
        }
    }

    /// <summary>
    /// Which offset comes behind a file, as the record says that ends it: the index of one that is full, or the mark of a batch or of a repair. Two small reads, however long it is.
    /// </summary>
    /// <returns>Below 0 where it ends with anything else.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static long FindEndOffset(IStoreFile file, long octets, long firstOffset, uint seed)
    {
        if (octets == StreamSegmentHeader.FirstRecordOffset)
        {
            return firstOffset;
        }

        Span<byte> last = stackalloc byte[StreamLog.MarkOctets];
        if (octets < StreamSegmentHeader.FirstRecordOffset + last.Length || file.Read(octets - last.Length, last) < last.Length)
        {
            return -1;
        }

        if (StreamRecord.TryRead(last, seed, out var mark) && mark.Kind == StreamRecordKind.Mark && mark.WholeOctets == last.Length && StreamRecord.IsWhole(last))
        {
            return mark.Offset;
        }

        long position = BinaryPrimitives.ReadInt64LittleEndian(last[^sizeof(long)..]);
        return position >= StreamSegmentHeader.FirstRecordOffset && position <= octets - StreamRecord.Octets - sizeof(long)
            && file.Read(position, last[..StreamRecord.Octets]) == StreamRecord.Octets
            && StreamRecord.TryRead(last, seed, out var index) && index.Kind == StreamRecordKind.Index && index.WholeOctets == octets - position
            ? index.Offset
            : -1;
    }

    /// <summary>Where its messages stand: from memory, from the end of the file, or, where a crash kept that from being written, from the records.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public StreamIndex FindIndex(IStoreFile file, uint seed) => Index ?? ReadIndex(file, seed) ?? (Index = BuildIndex(file, seed));

    private StreamIndex? ReadIndex(IStoreFile file, uint seed)
    {
        Span<byte> last = stackalloc byte[sizeof(long)];
        long end = CommittedOctets;
        if (end < StreamSegmentHeader.FirstRecordOffset + StreamRecord.Octets || file.Read(end - sizeof(long), last) < sizeof(long))
        {
            return null;
        }

        long position = BinaryPrimitives.ReadInt64LittleEndian(last);
        if (position < StreamSegmentHeader.FirstRecordOffset || position > end - StreamRecord.Octets - sizeof(long) || end - position > MaxIndexOctets)
        {
            return null;
        }

        byte[] octets = new byte[end - position];
        return file.Read(position, octets) == octets.Length
            && StreamRecord.TryRead(octets, seed, out var record) && record.Kind == StreamRecordKind.Index
            && record.WholeOctets == octets.Length && StreamRecord.IsWhole(octets)
            ? StreamIndex.Read(octets.AsSpan(StreamRecord.Octets, record.PayloadOctets))
            : null;
    }

    private StreamIndex BuildIndex(IStoreFile file, uint seed)
    {
        var index = new StreamIndex();
        using var reader = new StreamSegmentReader(seed);
        reader.Begin(file, StreamSegmentHeader.FirstRecordOffset);
        while (reader.Fill(CommittedOctets))
        {
            for (int at = 0; at < reader.Count;)
            {
                var record = StreamRecord.Read(reader.Octets.AsSpan(at));
                if (record.Kind == StreamRecordKind.Message)
                {
                    index.Add(new StreamIndexEntry(record.Offset, record.Timestamp, reader.WindowPosition + at));
                }

                at += record.WholeOctets;
            }
        }

        return index;
    }

    private void End()
    {
        _file?.Dispose();
        _file = null;
        if (_isDropped)
        {
            try
            {
                files.Delete(Name);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It is there again when the log is next opened, until its limits drop it once more.
            }
        }
    }
}
