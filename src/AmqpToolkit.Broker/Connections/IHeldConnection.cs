using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What of waiting is the matter of a connection's version. By its reader.</summary>
internal interface IHeldConnection
{
    /// <summary>What it waits for before it looks at what comes next; null for nothing.</summary>
    Task? FindOwnHindrance();

    /// <summary>Its publishers wait for room, and may be told why.</summary>
    void HandleBlocked(string reason);

    /// <summary>They go on.</summary>
    void HandleUnblocked();

    /// <summary>A consumer of its own was passed over for the first time: the output is full. Under the output's gate; any thread.</summary>
    void HandleStalled(Consumer consumer);
}
