namespace AmqpToolkit.Broker;

/// <summary>What a policy is for.</summary>
public enum PolicyTarget
{
    /// <summary>Queues and exchanges.</summary>
    All,

    /// <summary>Queues of every type.</summary>
    Queues,

    /// <summary>Classic queues.</summary>
    ClassicQueues,

    /// <summary>Quorum queues.</summary>
    QuorumQueues,

    /// <summary>Streams.</summary>
    Streams,

    /// <summary>Exchanges.</summary>
    Exchanges,
}
