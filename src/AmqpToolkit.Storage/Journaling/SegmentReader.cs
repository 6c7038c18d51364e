using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Walks the records of one segment. What lies behind the last mark was never finished and is not looked at; what is wrong before it is
/// damage, is told, and is stepped over.
/// </summary>
/// <param name="file">The segment's file.</param>
/// <param name="number">Its number.</param>
/// <param name="seed">From where the sums of its records start.</param>
/// <param name="isContinued">Whether another segment continues it: then it was written to its end.</param>
/// <param name="knownEnd">Where its records end, if somebody knows: all of them were on the disk then.</param>
internal sealed class SegmentReader(IStoreFile file, uint number, uint seed, bool isContinued, int? knownEnd)
{
    private const int WindowOctets = 4 * 1024 * 1024;
    private const int SparseWindowOctets = 32 * 1024;
    private const int MarkOctets = RecordHeader.Octets + MarkPayload.Octets;
    private const string NoRecord = "nobody can tell what: nothing there looks like a record";
    internal const string MissingEnd = "the end of the segment is missing, and whatever stood there";

    private readonly long _length = Math.Min(knownEnd ?? long.MaxValue, file.Length);
    private byte[] _window = [];
    private long _windowStart;
    private long _damagedTo;
    private int _windowCount;
    private int _windowOctets = WindowOctets;

    /// <summary>Where the last record ends.</summary>
    public long EndOffset { get; private set; } = SegmentHeader.FirstRecordOffset;

    /// <summary>Whether the segment was full, rather than left.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>Octets to read into; a row of readers shares them.</summary>
    public byte[] Window
    {
        get => _window;
        init => _window = value;
    }

    /// <summary>Gives every whole record before the last mark to <paramref name="handler"/>.</summary>
    public void Read(IRecordHandler handler)
    {
        if (knownEnd is { } known)
        {
            ReadTo(known, handler);
            return;
        }

        if (isContinued)
        {
            ReadContinued(handler);
            return;
        }

        ReadUpTo(FindEnd(), handler);
    }

    private void ReadUpTo(long end, IRecordHandler handler)
    {
        for (long at = SegmentHeader.FirstRecordOffset; at < end && !IsSealed;)
        {
            if (TryReadRecord(at, end, out var header, out var record))
            {
                handler.HandleRecord(new JournalLocation(number, (int)at), header, record.Slice(RecordHeader.Octets, header.PayloadOctets));
                IsSealed = IsSealingMark(header, record);
                at += RecordHeader.RecordOctets(header.PayloadOctets);
            }
            else
            {
                long next = FindRecord(at + RecordHeader.Alignment, end);
                handler.HandleDamage(at, next - at, DependsOn(at, next - at, out uint queue), queue);
                at = next;
                _damagedTo = at;
            }

            EndOffset = at;
        }
    }

    /// <summary>Gives the records at some offsets, in rising order, to <paramref name="handler"/>: with octets between them that nobody asks for.</summary>
    public void ReadAt(IReadOnlyList<int> offsets, IRecordHandler handler)
    {
        _windowOctets = SparseWindowOctets;
        foreach (int at in offsets)
        {
            if (TryReadRecord(at, _length, out var header, out var record))
            {
                handler.HandleRecord(new JournalLocation(number, at), header, record.Slice(RecordHeader.Octets, header.PayloadOctets));
            }
            else
            {
                long next = FindRecord(at + RecordHeader.Alignment, _length);
                handler.HandleDamage(at, next - at, DependsOn(at, next - at, out uint queue), queue);
            }
        }
    }

    /// <summary>Nothing can be missing before the end, and there is nothing behind it. A file that ends within its header has lost nothing where it had no records.</summary>
    private void ReadTo(long end, IRecordHandler handler)
    {
        ReadUpTo(_length, handler);
        bool isShort = _length < end && EndOffset < end;
        if (isShort || (isContinued && !IsSealed && _damagedTo < end))
        {
            handler.HandleDamage(EndOffset, Math.Max(end - EndOffset, Math.Clamp(file.Length - EndOffset, 0, MarkOctets)), MissingEnd, 0);
        }
    }

    /// <summary>A segment that another continues was written to its end: whatever is whole counts, and need not be looked for before.</summary>
    private void ReadContinued(IRecordHandler handler)
    {
        long at = SegmentHeader.FirstRecordOffset;
        while (!IsSealed)
        {
            if (TryReadRecord(at, _length, out var header, out var record))
            {
                handler.HandleRecord(new JournalLocation(number, (int)at), header, record.Slice(RecordHeader.Octets, header.PayloadOctets));
                IsSealed = IsSealingMark(header, record);
                at += RecordHeader.RecordOctets(header.PayloadOctets);
            }
            else if (FindMark(at) >= 0)
            {
                long next = FindRecord(at + RecordHeader.Alignment, _length);
                handler.HandleDamage(at, next - at, DependsOn(at, next - at, out uint queue), queue);
                at = next;
            }
            else
            {
                handler.HandleDamage(at, Math.Clamp(_length - at, 0, MarkOctets), MissingEnd, 0);
                return;
            }

            EndOffset = at;
        }
    }

    private static bool IsSealingMark(in RecordHeader header, ReadOnlySpan<byte> record) =>
        header.Kind == RecordKind.Mark && MarkPayload.TryRead(record.Slice(RecordHeader.Octets, header.PayloadOctets), out var mark) && mark.IsSealing;

    /// <summary>
    /// Where the log ends in a segment that nothing continues: behind the last mark.
    /// </summary>
    private long FindEnd()
    {
        long end = SegmentHeader.FirstRecordOffset;
        long at = end;
        while (true)
        {
            while (TryReadRecord(at, _length, out var header, out var record))
            {
                at += RecordHeader.RecordOctets(header.PayloadOctets);
                end = header.Kind == RecordKind.Mark ? at : end;
                if (IsSealingMark(header, record))
                {
                    return at;
                }
            }

            // Either the end, or damage with more behind it: only a mark tells.
            at = FindMark(at);
            if (at < 0)
            {
                return end;
            }
        }
    }

    /// <summary>The next whole mark from an offset on, or -1.</summary>
    private long FindMark(long from)
    {
        for (long at = from; at + MarkOctets <= _length; at += RecordHeader.Alignment)
        {
            at = SkipZeros(at);
            if (at + MarkOctets > _length)
            {
                break;
            }

            var header = RecordHeader.Read(Peek(at, MarkOctets));
            if (header is { Kind: RecordKind.Mark, PayloadOctets: MarkPayload.Octets } && header.Matches(Peek(at, MarkOctets), seed))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>The next whole record from an offset on, or <paramref name="end"/>.</summary>
    private long FindRecord(long from, long end)
    {
        long at = from;
        while (at < end && !TryReadRecord(at, end, out _, out _))
        {
            at += RecordHeader.Alignment;
        }

        return Math.Min(at, end);
    }

    /// <summary>What the damaged octets were, if they still look like one record.</summary>
    private string DependsOn(long at, long octets, out uint queue)
    {
        queue = 0;
        if (octets < RecordHeader.Octets || octets > int.MaxValue)
        {
            return NoRecord;
        }

        var record = Peek(at, (int)octets);
        var header = RecordHeader.Read(record);
        return header.IsPlausible(octets) && RecordHeader.RecordOctets(header.PayloadOctets) == octets
            ? "by its own octets, whose sum is wrong: " + RecordText.DependsOn(header, record.Slice(RecordHeader.Octets, header.PayloadOctets), out queue)
            : NoRecord;
    }

    private bool TryReadRecord(long at, long end, out RecordHeader header, out ReadOnlySpan<byte> record)
    {
        header = default;
        record = default;
        if (at + RecordHeader.Octets > end)
        {
            return false;
        }

        header = RecordHeader.Read(Peek(at, RecordHeader.Octets));
        if (!header.IsPlausible(end - at))
        {
            return false;
        }

        record = Peek(at, (int)RecordHeader.RecordOctets(header.PayloadOctets));
        return header.Matches(record, seed);
    }

    private long SkipZeros(long at)
    {
        while (at < _length)
        {
            var octets = Peek(at, (int)Math.Min(_length - at, WindowOctets / 4));
            int index = octets.IndexOfAnyExcept((byte)0);
            if (index >= 0)
            {
                return at + (index & -RecordHeader.Alignment);
            }

            at += octets.Length;
        }

        return at;
    }

    /// <summary>Octets of the file, which are there.</summary>
    private ReadOnlySpan<byte> Peek(long at, int octets)
    {
        if (at < _windowStart || at + octets > _windowStart + _windowCount)
        {
            if (octets > _window.Length || _window.Length < Math.Min(_windowOctets, _length))
            {
                _window = GC.AllocateUninitializedArray<byte>(Math.Max(octets, (int)Math.Min(_windowOctets, _length)));
            }

            _windowStart = at;
            _windowCount = file.Read(at, _window.AsSpan(0, (int)Math.Min(_window.Length, _length - at)));
            if (_windowCount < octets)
            {
                throw new IOException($"The file of segment {number} ended while it was read.");
            }
        }

        return _window.AsSpan((int)(at - _windowStart), octets);
    }
}
