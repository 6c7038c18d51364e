using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// Cuts received octets into frames and keeps the rules of framing (0-9-1 section 4.2.3): type, size, end octet, which
/// channels take what. Owned by the one reader of a connection. The same for both roles.
/// </summary>
/// <remarks>
/// <code>
///   0      1         3             7                 size+7  size+8
///   +------+---------+-------------+------------------+--------+
///   | type | channel |    size     |     payload      |  0xCE  |
///   +------+---------+-------------+------------------+--------+
/// </code>
/// A body frame that is only partly there is handed on as it arrives once it is larger than <see cref="WholeFrameOctets"/>,
/// so that the receive buffer never needs to hold a large one.
/// </remarks>
public struct FrameInput
{
    /// <summary>Frames up to this size are waited for; larger bodies are taken in parts.</summary>
    public const int WholeFrameOctets = 32 * 1024;

    /// <summary>RabbitMQ lets a frame be this many octets too large, since deployed clients count wrongly.</summary>
    public const uint ToleratedOctets = 8;

    private const int HeaderOctets = 7;

    private uint _maxFrameOctets;
    private uint _bodyRemaining;
    private ushort _bodyChannel;
    private bool _isInBody;
    private bool _isOutOfStep;

    /// <summary>Creates an input that takes frames of up to <paramref name="maxFrameOctets"/>, all eight octets of overhead counted.</summary>
    public FrameInput(uint maxFrameOctets) => _maxFrameOctets = maxFrameOctets;

    /// <summary>The largest frame, in octets, header and end octet counted; 0 means no limit but the type's.</summary>
    public uint MaxFrameOctets
    {
        readonly get => _maxFrameOctets;
        set => _maxFrameOctets = value;
    }

    private readonly uint MaxPayloadOctets => (_maxFrameOctets == 0 ? int.MaxValue : _maxFrameOctets) - FrameWriter.OverheadOctets;

    /// <summary>Whether a frame was broken so that what follows cannot be told apart: nothing more is taken.</summary>
    public readonly bool IsOutOfStep => _isOutOfStep;

    /// <summary>
    /// Feeds every whole frame of <paramref name="input"/> to <paramref name="sink"/>.
    /// </summary>
    /// <param name="input">Octets as they arrived, behind the protocol header.</param>
    /// <param name="sink">Takes the frames.</param>
    /// <param name="consumed">Octets taken; the rest must come again, with more behind it unless the sink was saturated.</param>
    /// <returns>
    /// The first mistake; its frame is taken, and more may be consumed unless <see cref="IsOutOfStep"/>. Null when all that was there is taken.
    /// </returns>
    public ProtocolError? Consume<TSink>(ReadOnlySpan<byte> input, ref TSink sink, out int consumed)
        where TSink : IFrameSink
    {
        consumed = 0;
        while (!_isOutOfStep)
        {
            var rest = input[consumed..];
            if (_isInBody)
            {
                if (rest.IsEmpty)
                {
                    return null;
                }

                if (ContinueBody(rest, ref sink, ref consumed) is { } broken)
                {
                    return broken;
                }

                continue;
            }

            uint limit = _maxFrameOctets is 0 or > uint.MaxValue - ToleratedOctets ? 0 : _maxFrameOctets + ToleratedOctets;
            var status = FrameReader.TryRead(rest, limit, out var frame);
            ProtocolError? error;
            switch (status)
            {
                case FrameReadStatus.Complete:
                    consumed += frame.Octets;
                    error = HandleFrame(in frame, ref sink);
                    if (error is not null || sink.IsSaturated)
                    {
                        consumed -= sink.LeavesFrame ? frame.Octets : 0;
                        return error;
                    }

                    break;

                case FrameReadStatus.Incomplete:
                    if (!FrameReader.TryReadHeader(rest, out byte type, out ushort channel, out uint payloadOctets))
                    {
                        return null;
                    }

                    if (type != Constants.FrameBody || payloadOctets <= WholeFrameOctets || channel == 0)
                    {
                        return null;
                    }

                    (_isInBody, _bodyChannel, _bodyRemaining) = (true, channel, payloadOctets);
                    consumed += HeaderOctets;
                    break;

                case FrameReadStatus.TooLarge:
                    _isOutOfStep = true;
                    FrameReader.TryReadHeader(rest, out byte tooLargeType, out _, out uint tooLarge);
                    return Broken(tooLargeType, [], $"{{frame_too_large,{tooLarge},{MaxPayloadOctets}}}");

                default:
                    _isOutOfStep = true;
                    FrameReader.TryReadHeader(rest, out byte endType, out _, out uint size);
                    return Broken(endType, rest.Slice(HeaderOctets, (int)size), $"{{invalid_frame_end_marker,{rest[(int)size + HeaderOctets]}}}");
            }
        }

        return null;
    }

    private ProtocolError? ContinueBody<TSink>(ReadOnlySpan<byte> rest, ref TSink sink, ref int consumed)
        where TSink : IFrameSink
    {
        if (_bodyRemaining == 0)
        {
            if (rest[0] != Constants.FrameEnd)
            {
                _isOutOfStep = true;
                return Broken((byte)Constants.FrameBody, [], $"{{invalid_frame_end_marker,{rest[0]}}}");
            }

            _isInBody = false;
            consumed++;
            return null;
        }

        var part = rest[..(int)Math.Min((uint)rest.Length, _bodyRemaining)];
        _bodyRemaining -= (uint)part.Length;
        consumed += part.Length;
        return sink.HandleBody(_bodyChannel, part, (int)_bodyRemaining);
    }

    private static ProtocolError? HandleFrame<TSink>(in Frame frame, ref TSink sink)
        where TSink : IFrameSink
    {
        switch ((ushort)frame.Type)
        {
            case Constants.FrameMethod:
                return frame.Payload.Length < sizeof(uint)
                    ? Broken(frame.Type, frame.Payload, "unknown_frame")
                    : sink.HandleMethod(frame.Channel, frame.Payload);

            case Constants.FrameHeader:
                return frame.Channel == 0 ? Misplaced(in frame) : sink.HandleContentHeader(frame.Channel, frame.Payload);

            case Constants.FrameBody:
                return frame.Channel == 0 ? Misplaced(in frame) : sink.HandleBody(frame.Channel, frame.Payload, 0);

            case Constants.FrameHeartbeat when frame.Payload.IsEmpty:
                if (frame.Channel != 0)
                {
                    return Misplaced(in frame);
                }

                sink.HandleHeartbeat();
                return null;

            default:
                return Broken(frame.Type, frame.Payload, "unknown_frame");
        }
    }

    /// <summary>501: a frame that is none.</summary>
    private static ProtocolError Broken(byte type, ReadOnlySpan<byte> payload, string what) =>
        ProtocolError.FrameError($"type {type}, {OctetText.Describe(payload)}: {what}");

    /// <summary>505: a frame that is well formed, on a channel that cannot have it.</summary>
    private static ProtocolError Misplaced(in Frame frame) =>
        ProtocolError.UnexpectedFrame($"type {frame.Type}, {OctetText.Describe(frame.Payload)}");
}
