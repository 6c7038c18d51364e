using AmqpToolkit.Decode.Captures;

namespace AmqpToolkit.Decode.Streams;

/// <summary>
/// Puts the segments of one direction in order: what comes early waits, what came before is cut off, what never comes is a gap. Of octets that come
/// twice the first ones count.
/// </summary>
internal sealed class TcpReassembler(StreamDecoder decoder, KeptOctets kept)
{
    private const int MaxWaitingSegments = 4096;
    private const long MaxWaitingOctets = 4 << 20;

    /// <summary>No window is larger (RFC 7323, 2.2): a sequence number further off belongs to another connection.</summary>
    private const long MaxWindow = 1L << 30;

    private readonly SortedList<long, byte[]> _waiting = [];
    private long _waitingOctets;
    private uint _nextSequence;
    private long _next;

    /// <summary>Whether any segment came.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>Whether SYN was seen: the stream is known from its first octet on.</summary>
    public bool HasSyn { get; private set; }

    /// <summary>Whether a SYN with this number is one of this connection.</summary>
    public bool IsSameStart(uint sequence) => !HasStarted || (HasSyn && _next == 0 ? sequence + 1 == _nextSequence : OffsetOf(sequence + 1) <= _next && OffsetOf(sequence + 1) >= 0);

    /// <summary>Takes a segment.</summary>
    public void Add(in TcpSegment segment, long nanoseconds)
    {
        uint sequence = segment.IsSyn ? segment.Sequence + 1 : segment.Sequence;
        if (!HasStarted)
        {
            HasStarted = true;
            HasSyn = segment.IsSyn;
            _nextSequence = sequence;
        }

        if (segment.Payload.IsEmpty)
        {
            return;
        }

        long offset = OffsetOf(sequence);
        if (Math.Abs(offset - _next) > MaxWindow)
        {
            PassGaps(nanoseconds);
            decoder.Gap(-1, nanoseconds);
            _nextSequence = sequence;
            offset = _next;
        }

        Take(offset, segment.Payload, nanoseconds);
    }

    /// <summary>The other end has everything before this number: what is not here by now was never captured.</summary>
    public void Acknowledge(uint sequence, long nanoseconds)
    {
        if (!HasStarted)
        {
            return;
        }

        long offset = OffsetOf(sequence);
        while (_waiting.Count > 0 && offset > _waiting.GetKeyAtIndex(0) && offset - _next <= MaxWindow)
        {
            PassGap(nanoseconds);
        }
    }

    /// <summary>Nothing more comes: what waits follows a gap.</summary>
    public void PassGaps(long nanoseconds)
    {
        while (_waiting.Count > 0)
        {
            PassGap(nanoseconds);
        }
    }

    /// <summary>Where a sequence number stands in the stream, which is longer than these numbers reach.</summary>
    private long OffsetOf(uint sequence) => _next + (int)(sequence - _nextSequence);

    private void Take(long offset, ReadOnlySpan<byte> octets, long nanoseconds)
    {
        if (offset > _next)
        {
            Wait(offset, octets, nanoseconds);
            return;
        }

        long old = _next - offset;
        if (old < octets.Length)
        {
            Pass(octets[(int)old..], nanoseconds);
            PassWaiting(nanoseconds);
        }
    }

    private void Pass(ReadOnlySpan<byte> octets, long nanoseconds)
    {
        _next += octets.Length;
        _nextSequence += (uint)octets.Length;
        decoder.Append(octets, nanoseconds);
    }

    private void Wait(long offset, ReadOnlySpan<byte> octets, long nanoseconds)
    {
        if (_waiting.TryGetValue(offset, out byte[]? same))
        {
            if (same.Length >= octets.Length)
            {
                return;
            }

            Remove(offset, same);
        }

        if (kept.Take(octets.Length))
        {
            _waiting.Add(offset, octets.ToArray());
            _waitingOctets += octets.Length;
        }

        while (_waitingOctets > MaxWaitingOctets || _waiting.Count > MaxWaitingSegments)
        {
            PassGap(nanoseconds);
        }
    }

    private void Remove(long offset, byte[] octets)
    {
        _waiting.Remove(offset);
        _waitingOctets -= octets.Length;
        kept.Give(octets.Length);
    }

    /// <summary>Gives up what is missing before the first segment that waits.</summary>
    private void PassGap(long nanoseconds)
    {
        long missing = _waiting.GetKeyAtIndex(0) - _next;
        if (missing > 0)
        {
            decoder.Gap(missing, nanoseconds);
            _next += missing;
            _nextSequence += (uint)missing;
        }

        PassWaiting(nanoseconds);
    }

    private void PassWaiting(long nanoseconds)
    {
        while (_waiting.Count > 0 && _waiting.GetKeyAtIndex(0) <= _next)
        {
            long offset = _waiting.GetKeyAtIndex(0);
            byte[] octets = _waiting.GetValueAtIndex(0);
            Remove(offset, octets);
            long old = _next - offset;
            if (old < octets.Length)
            {
                Pass(octets.AsSpan((int)old), nanoseconds);
            }
        }
    }
}
