namespace AmqpToolkit.Broker.Topology;

/// <summary>How an exchange finds the bindings that a message matches (0-9-1 section 3.1.3).</summary>
internal enum ExchangeType : byte
{
    Direct,
    Fanout,
    Topic,
    Headers,
}
