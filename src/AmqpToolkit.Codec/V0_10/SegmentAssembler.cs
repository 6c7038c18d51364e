namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// Puts the frames of one track of one channel together to segments, and checks that assemblies are: a control; or a command, then perhaps a header, then
/// perhaps a body. A segment in one frame is handed on without a copy; what comes in several grows by what has come, up to a bound. One owner, one thread.
/// <code>
///            command           header          body
///  start ------------> command -------> header -------> body
///    ^  ^                 |  '------------|---------------^|
///    |  '-- control       '---------------'----------------'
///    '----------------------- last segment
/// </code>
/// </summary>
public sealed class SegmentAssembler
{
    private const int FirstBufferOctets = 256;

    /// <summary>A larger buffer is given up when its segment is complete.</summary>
    private const int MaxIdleBufferOctets = 64 * 1024;

    private readonly int _maxSegmentOctets;
    private readonly bool _keepsBodies;
    private byte[] _kept = [];
    private int _length;
    private SegmentType _type;
    private FrameFlags _position;
    private State _state;

    /// <summary>An assembler before the first frame.</summary>
    /// <param name="maxSegmentOctets">Octets of the largest segment that is put together.</param>
    /// <param name="keepsBodies">Whether bodies are put together, too; otherwise each of their frames is handed on at once.</param>
    public SegmentAssembler(int maxSegmentOctets, bool keepsBodies = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxSegmentOctets);
        _maxSegmentOctets = maxSegmentOctets;
        _keepsBodies = keepsBodies;
    }

    private enum State : byte
    {
        BetweenAssemblies,
        BetweenSegments,
        InSegment,
        Failed,
    }

    /// <summary>Takes the next frame of the track.</summary>
    /// <param name="frame">The frame; it is not needed afterwards.</param>
    /// <param name="segment">The segment when complete, otherwise default.</param>
    public SegmentStatus Add(in Frame frame, out Segment segment)
    {
        segment = default;
        if (!MayCome(frame))
        {
            return Fail(SegmentStatus.OutOfOrder);
        }

        _type = frame.Type;
        _position = frame.Flags & (FrameFlags.FirstSegment | FrameFlags.LastSegment);
        bool handsOn = frame.Type == SegmentType.Body && !_keepsBodies;
        if (!handsOn && frame.Payload.Length > _maxSegmentOctets - _length)
        {
            return Fail(SegmentStatus.TooLarge);
        }

        _state = !frame.IsLastFrame ? State.InSegment : frame.IsLastSegment ? State.BetweenAssemblies : State.BetweenSegments;
        if (handsOn || (frame.IsFirstFrame && frame.IsLastFrame))
        {
            segment = new Segment(frame, frame.Payload);
            return SegmentStatus.Complete;
        }

        Keep(frame.Payload);
        if (!frame.IsLastFrame)
        {
            return SegmentStatus.Incomplete;
        }

        segment = new Segment(frame, _kept.AsSpan(0, _length));
        _kept = _length > MaxIdleBufferOctets ? [] : _kept;
        _length = 0;
        return SegmentStatus.Complete;
    }

    private bool MayCome(in Frame frame)
    {
        if (frame.Track != (frame.Type == SegmentType.Control ? Track.Control : Track.Command))
        {
            return false;
        }

        return _state switch
        {
            State.BetweenAssemblies => frame.IsFirstFrame && frame.IsFirstSegment
                && ((frame.Type == SegmentType.Control && frame.IsLastSegment) || frame.Type == SegmentType.Command),
            State.BetweenSegments => frame.IsFirstFrame && !frame.IsFirstSegment && frame.Type is SegmentType.Header or SegmentType.Body && frame.Type > _type,
            State.InSegment => !frame.IsFirstFrame && frame.Type == _type
                && (frame.Flags & (FrameFlags.FirstSegment | FrameFlags.LastSegment)) == _position,
            _ => false,
        };
    }

    private SegmentStatus Fail(SegmentStatus status)
    {
        _state = State.Failed;
        _kept = [];
        _length = 0;
        return status;
    }

    private void Keep(ReadOnlySpan<byte> payload)
    {
        int needed = _length + payload.Length;
        if (needed > _kept.Length)
        {
            long doubled = Math.Max(2L * _kept.Length, FirstBufferOctets);
            Array.Resize(ref _kept, (int)Math.Max(Math.Min(doubled, _maxSegmentOctets), needed));
        }

        payload.CopyTo(_kept.AsSpan(_length));
        _length = needed;
    }
}
