namespace AmqpToolkit.Broker.Topology;

/// <summary>What was said of a virtual host itself. Immutable: a change replaces it, and the store keeps it as one.</summary>
internal sealed record VirtualHostSettings
{
    /// <summary>Nothing was said.</summary>
    public static readonly VirtualHostSettings None = new();

    /// <summary>Connections that may be open at a time; below 0 for any number.</summary>
    public int MaxConnections { get; init; } = -1;

    /// <summary>Queues that may be there at a time; below 0 for any number.</summary>
    public int MaxQueues { get; init; } = -1;

    /// <summary>What it means that something is kept; null for what the broker says.</summary>
    public DurabilityLevel? Durability { get; init; }

    /// <summary>The type of queues that name none: quorum or stream; null for classic.</summary>
    public string? DefaultQueueType { get; init; }

    /// <summary>What people say of it; may be empty.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>What tools sort it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
}
