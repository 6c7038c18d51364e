using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// Reads a stream in order: what was just appended from memory, what lies further back from the files, a window at a time. Used by one thread at a time; any number
/// beside each other.
/// </summary>
internal sealed class StreamCursor : IDisposable
{
    private readonly StreamLog _log;
    private readonly StreamSegmentReader _reader;
    private StreamPosition _start;
    private StreamBlock? _block;
    private StreamSegment? _segment;
    private byte[] _octets = [];
    private int _at;
    private int _end;
    private readonly long _firstNewOffset;
    private StreamRecord _record;

    /// <summary>Which offset comes behind the records that were passed in the segment, marks that say so included.</summary>
    private long _passed;
    private bool _isDisposed;

    internal StreamCursor(StreamLog log, StreamPosition start)
    {
        _log = log;
        _reader = new StreamSegmentReader(log.Seed);

        // What means "now" means it now; times need the files, and what comes meanwhile is read whatever its time.
        _firstNewOffset = log.EndOffset;
        (NextOffset, _start) = start.Kind switch
        {
            StreamPositionKind.First => (log.FirstOffset, default),
            StreamPositionKind.Last => (Math.Max(log.EndOffset - 1, log.FirstOffset), default),
            StreamPositionKind.Offset => (Math.Max(start.Value, log.FirstOffset), default),
            StreamPositionKind.Timestamp => (log.FirstOffset, start),
            _ => (log.EndOffset, default(StreamPosition)),
        };
    }

    /// <summary>The offset of the message at hand, or of the one that comes next.</summary>
    public long NextOffset { get; private set; }

    /// <summary>Whether a message is at hand; else <see cref="Fill"/> gets some.</summary>
    public bool HasMessage { get; private set; }

    /// <summary>When the message at hand was appended, in milliseconds since 1970.</summary>
    public long Timestamp => _record.Timestamp;

    /// <summary>What was appended, of the message at hand; holds until the next call of <see cref="Fill"/>.</summary>
    public ReadOnlySpan<byte> Payload => _octets.AsSpan(_at + StreamRecord.Octets, _record.PayloadOctets);

    /// <summary>Goes past the message at hand.</summary>
    public void MoveNext()
    {
        NextOffset++;
        _at += _record.WholeOctets;
        FindMessage();
    }

    /// <summary>Gets messages if none is at hand; may read files.</summary>
    /// <returns>False at the end of the log.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public bool Fill()
    {
        if (_start.Kind == StreamPositionKind.Timestamp)
        {
            Seek(_start.Value);
            StayBeforeWhatIsNew();
        }

        while (!HasMessage)
        {
            if (_block is not null && TryGoOnInBlock())
            {
                break;
            }

            LeaveBlock();
            long wanted = NextOffset;
            bool isThere = _log.TryLocate(ref wanted, out var block, out var segment, out long upperOffset);
            NextOffset = wanted;
            if (!isThere)
            {
                LeaveSegment();
                return false;
            }

            if (block is not null)
            {
                LeaveSegment();
                _block = block;
                (_octets, _at, _end) = (block.Octets, 0, block.Committed);
                FindMessage();
            }
            else
            {
                ReadSegment(segment!, upperOffset);
            }
        }

        return true;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        HasMessage = false;
        LeaveBlock();
        LeaveSegment();
        _log.Forget(this);
    }

    /// <summary>What came since the reader began is its, also where a time ahead was asked for.</summary>
    private void StayBeforeWhatIsNew()
    {
        if (NextOffset > _firstNewOffset)
        {
            HasMessage = false;
            LeaveSegment();
            NextOffset = _firstNewOffset;
        }
    }

    private bool TryGoOnInBlock()
    {
        _end = _block!.Committed;
        FindMessage();
        return HasMessage;
    }

    /// <summary>Reads on in a segment, up to where the next one begins.</summary>
    private void ReadSegment(StreamSegment segment, long upperOffset)
    {
        if (_segment != segment && !TryEnter(segment, file => segment.FindIndex(file, _log.Seed).FindOffset(NextOffset)?.Position))
        {
            return;
        }

        bool isThere = _reader.Fill(segment.CommittedOctets);
        if (_reader.DamagedFrom is { } position && segment.MayTellDamage(position))
        {
            _log.TellDamage(new JournalDamage(segment.Name, position, _reader.WindowPosition - position, $"messages from offset {NextOffset} on"));
        }

        if (!isThere)
        {
            MissEnd(segment, upperOffset);
            NextOffset = Math.Max(NextOffset, upperOffset);
            LeaveSegment();
            return;
        }

        (_octets, _at, _end) = (_reader.Octets, 0, _reader.Count);
        FindMessage();
        if (HasMessage && NextOffset >= upperOffset)
        {
            // What a crash left behind the end of the segment: the next one has these offsets.
            HasMessage = false;
            NextOffset = upperOffset;
            LeaveSegment();
        }
    }

    /// <summary>The rest of a segment is not there. Where octets at its end are damaged, or a repair has left a mark, that has been told; else the file behind it is gone.</summary>
    private void MissEnd(StreamSegment segment, long upperOffset)
    {
        long from = Math.Max(_passed, _log.KnownFirst);
        if (_reader.DamagedFrom is null && from < upperOffset && segment.MayTellEnd())
        {
            _log.TellDamage(StreamSegment.MissingBefore(StreamSegment.NameOf(upperOffset), from, upperOffset));
        }
    }

    private bool TryEnter(StreamSegment segment, Func<IStoreFile, long?> find)
    {
        LeaveSegment();
        if (segment.Acquire() is not { } file)
        {
            return false;
        }

        _segment = segment;
        _passed = segment.FirstOffset;
        _reader.Begin(file, find(file) ?? StreamSegmentHeader.FirstRecordOffset);
        return true;
    }

    /// <summary>Goes to the first message of a time or later.</summary>
    private void Seek(long timestamp)
    {
        _start = default;
        long next = NextOffset;
        foreach (var (segment, upperOffset) in _log.SegmentsFrom(timestamp))
        {
            if (!TryEnter(segment, file => segment.FindIndex(file, _log.Seed).FindTimestamp(timestamp)?.Position))
            {
                continue;
            }

            while (_reader.Fill(segment.CommittedOctets))
            {
                (_octets, _at, _end) = (_reader.Octets, 0, _reader.Count);
                NextOffset = 0;
                FindMessage();
                while (HasMessage && _record.Timestamp < timestamp)
                {
                    MoveNext();
                }

                if (HasMessage && NextOffset < upperOffset)
                {
                    return;
                }

                next = Math.Max(next, Math.Min(NextOffset, upperOffset));
            }
        }

        HasMessage = false;
        LeaveSegment();

        // What was committed since the last look is younger than all that was seen.
        NextOffset = next;
    }

    /// <summary>Goes on to the next message of the window that was not read yet.</summary>
    private void FindMessage()
    {
        for (; _end - _at >= StreamRecord.Octets; _at += _record.WholeOctets)
        {
            _record = StreamRecord.Read(_octets.AsSpan(_at));
            if (_record.Kind == StreamRecordKind.Message && _record.Offset >= NextOffset)
            {
                HasMessage = true;
                NextOffset = _record.Offset;
                _passed = NextOffset + 1;
                return;
            }

            _passed = Math.Max(_passed, _record.Kind == StreamRecordKind.Message ? _record.Offset + 1 : _record.Offset);
        }

        HasMessage = false;
    }

    private void LeaveBlock()
    {
        _block?.Release();
        _block = null;
        (_octets, _at, _end) = ([], 0, 0);
    }

    private void LeaveSegment()
    {
        _segment?.Release();
        _segment = null;
        _reader.Dispose();
    }
}
