namespace AmqpToolkit.Decode.Captures;

/// <summary>One TCP segment (RFC 9293, 3.1) as far as a listener needs it.</summary>
internal readonly ref struct TcpSegment
{
    public required TcpEndpoint Source { get; init; }

    public required TcpEndpoint Destination { get; init; }

    /// <summary>Sequence number of the first octet, or of SYN.</summary>
    public required uint Sequence { get; init; }

    /// <summary>What its sender expects next; counts with <see cref="IsAcknowledging"/>.</summary>
    public required uint Acknowledgement { get; init; }

    public required bool IsSyn { get; init; }

    public required bool IsFin { get; init; }

    public required bool IsReset { get; init; }

    public required bool IsAcknowledging { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }
}
