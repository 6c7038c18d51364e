using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Messages;

/// <summary>One death of a message, as its headers are to tell of it.</summary>
internal readonly ref struct Death
{
    /// <summary>The queue that it died in, UTF-8.</summary>
    public required ReadOnlySpan<byte> Queue { get; init; }

    public required DeathReason Reason { get; init; }

    /// <summary>When, in seconds since 1970.</summary>
    public required long Seconds { get; init; }

    /// <summary>The exchange that it had been published to, UTF-8.</summary>
    public required ReadOnlySpan<byte> Exchange { get; init; }

    /// <summary>The routing key that it had been published with, UTF-8.</summary>
    public required ReadOnlySpan<byte> RoutingKey { get; init; }

    /// <summary>Whether the deaths that its headers tell of already are true: the broker wrote them, or trusts who did.</summary>
    public required bool KeepsEarlier { get; init; }

    /// <summary>Whether the header CC (1.0: the annotation x-cc) says with which other keys it had been published; else these led nowhere any more.</summary>
    public required bool HasCopies { get; init; }
}
