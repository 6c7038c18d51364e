using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>What exchange.declare said of an exchange besides name and type (0-9-1 section 1.6.2.1).</summary>
internal readonly record struct ExchangeProperties(bool Durable, bool AutoDelete, bool Internal, Table Arguments);
