namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// A message as spans over wherever it lies: the publisher's receive buffer, or its slot. Valid while the caller holds the
/// message (the receive turn, or a reference).
/// </summary>
internal readonly ref struct MessageContent
{
    /// <summary>The exchange that it was published to.</summary>
    public required ReadOnlySpan<byte> Exchange { get; init; }

    /// <summary>The routing key that it was published with.</summary>
    public required ReadOnlySpan<byte> RoutingKey { get; init; }

    /// <summary>The properties in the wire form of the edition that it came in.</summary>
    public required ReadOnlySpan<byte> Properties { get; init; }

    /// <summary>The body, unless <see cref="Large"/> holds it.</summary>
    public required ReadOnlySpan<byte> Body { get; init; }

    /// <summary>A body of <see cref="LargeBody.ThresholdOctets"/> and more.</summary>
    public LargeBody? Large { get; init; }

    public MessageFlags Flags { get; init; }

    public long BodyOctets => Large?.Octets ?? Body.Length;
}
