using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// Where a channel stands between a method with content, its header and its body (0-9-1 section 4.2.6). Holds no octets: the
/// owner keeps what it needs. One a channel, used by the connection's reader; the same for both roles.
/// </summary>
/// <remarks>
/// <code>
///   Idle --method with content--> Header --header, size &gt; 0--> Body --last octet--> Idle
///                                   \------header, size = 0------------------------/
/// </code>
/// </remarks>
public struct ContentState
{
    /// <summary>Larger bodies are refused when they are announced: 512 MiB, as RabbitMQ does.</summary>
    public const ulong MaxBodyOctets = 512UL * 1024 * 1024;

    private Phase _phase;
    private uint _methodKey;
    private ulong _remainingOctets;

    private enum Phase : byte
    {
        Idle,
        Header,
        Body,
    }

    /// <summary>Whether nothing of a content is awaited.</summary>
    public readonly bool IsIdle => _phase == Phase.Idle;

    /// <summary>Octets of the body that are still to come.</summary>
    public readonly ulong RemainingOctets => _remainingOctets;

    /// <summary>A method that carries content has come.</summary>
    public void Begin(uint methodKey)
    {
        _phase = Phase.Header;
        _methodKey = methodKey;
    }

    /// <summary>The mistake of a method that comes where content is due; null when none is.</summary>
    public readonly ProtocolError? CheckMethod(uint methodKey) => _phase switch
    {
        Phase.Idle => null,
        Phase.Header => ProtocolError.UnexpectedFrame(
            $"expected content header for class {_methodKey >> 16}, got non content header frame instead").At(_methodKey),
        _ => ProtocolError.UnexpectedFrame(
            $"expected content body, got non content body frame instead").At(_methodKey),
    };

    /// <summary>Takes a content header.</summary>
    /// <param name="payload">The frame's payload.</param>
    /// <param name="header">What it says.</param>
    /// <returns>505 where none was due or the class differs, 501 where it cannot be read or the body is too large.</returns>
    public ProtocolError? TakeHeader(ReadOnlySpan<byte> payload, out ContentHeaderView header)
    {
        header = default;
        if (_phase == Phase.Idle)
        {
            return ProtocolError.UnexpectedFrame("expected method frame, got non method frame instead");
        }

        if (_phase == Phase.Body)
        {
            return ProtocolError.UnexpectedFrame("expected content body, got non content body frame instead").At(_methodKey);
        }

        if (payload.Length is 12 or 13)
        {
            // A header without property flags: RabbitMQ fails over it when it looks at the properties.
            return ProtocolError.InternalError(string.Empty);
        }

        var broken = ContentHeaderView.TryParse(payload, out header);
        if (broken != DecodeError.None)
        {
            return ProtocolError.FrameError($"type 2, {OctetText.Describe(payload)}: unknown_frame");
        }

        if (header.Weight != 0)
        {
            return ProtocolError.UnexpectedFrame(
                $"expected content header for class {_methodKey >> 16}, got non content header frame instead").At(_methodKey);
        }

        if (header.ClassId != _methodKey >> 16)
        {
            return ProtocolError.UnexpectedFrame(
                $"expected content header for class {_methodKey >> 16}, got one for class {header.ClassId} instead").At(_methodKey);
        }

        if (header.BodyOctets > MaxBodyOctets)
        {
            return ProtocolError.FrameError($"content body size {header.BodyOctets} exceeds maximum allowed size {MaxBodyOctets}").At(_methodKey);
        }

        _remainingOctets = header.BodyOctets;
        _phase = header.BodyOctets == 0 ? Phase.Idle : Phase.Body;
        return null;
    }

    /// <summary>Takes octets of the body.</summary>
    /// <param name="octets">How many have come.</param>
    /// <param name="isLast">Whether the content is whole now.</param>
    /// <returns>505 where none was due, 501 where there are more than announced.</returns>
    public ProtocolError? TakeBody(int octets, out bool isLast)
    {
        isLast = false;
        if (_phase == Phase.Idle)
        {
            return ProtocolError.UnexpectedFrame("expected method frame, got non method frame instead");
        }

        if (_phase == Phase.Header)
        {
            return ProtocolError.UnexpectedFrame(
                $"expected content header for class {_methodKey >> 16}, got non content header frame instead").At(_methodKey);
        }

        if ((ulong)octets > _remainingOctets)
        {
            return ProtocolError.FrameError("content body frame exceeds remaining content size").At(_methodKey);
        }

        _remainingOctets -= (ulong)octets;
        if (_remainingOctets == 0)
        {
            _phase = Phase.Idle;
            isLast = true;
        }

        return null;
    }

    /// <summary>Forgets what was awaited: the channel is gone.</summary>
    public void Reset() => this = default;
}
