namespace AmqpToolkit.Broker.Topology;

/// <summary>How an exchange finds the bindings that a message matches (0-9-1 section 3.1.3, and those of RabbitMQ's plugins).</summary>
internal enum ExchangeType : byte
{
    Direct,
    Fanout,
    Topic,
    Headers,

    /// <summary>x-delayed-message: as one of the others, after a delay.</summary>
    Delayed,

    /// <summary>x-consistent-hash.</summary>
    ConsistentHash,

    /// <summary>x-random.</summary>
    Random,

    /// <summary>x-modulus-hash.</summary>
    ModulusHash,

    /// <summary>x-recent-history.</summary>
    RecentHistory,

    /// <summary>x-local-random.</summary>
    LocalRandom,
}
