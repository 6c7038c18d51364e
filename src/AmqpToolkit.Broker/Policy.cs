namespace AmqpToolkit.Broker;

/// <summary>
/// Optional arguments for all queues and exchanges with a name that matches. Of several that match one the highest priority counts, alone; among equals the
/// first name. Immutable.
/// </summary>
public sealed record Policy
{
    /// <summary>The name; a policy of the same name is replaced.</summary>
    public required string Name { get; init; }

    /// <summary>A regular expression that is searched in the name of the queue or exchange.</summary>
    public required string Pattern { get; init; }

    /// <summary>What it is for.</summary>
    public PolicyTarget ApplyTo { get; init; }

    /// <summary>The higher, the stronger.</summary>
    public int Priority { get; init; }

    /// <summary>Keys in RabbitMQ's spelling, as <c>message-ttl</c>, with numbers (<see cref="long"/> or <see cref="int"/>), texts or booleans.</summary>
    public required IReadOnlyDictionary<string, object?> Definition { get; init; }
}
