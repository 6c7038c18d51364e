using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// What policies say of one queue or exchange: the policy that matches it with the highest priority, and the operator policy, merged.
/// Immutable; all queues and exchanges of the same two policies share one.
/// </summary>
/// <param name="Name">The policy; null when none matches.</param>
/// <param name="OperatorName">The operator policy; null when none matches.</param>
/// <param name="Definition">The merged keys in RabbitMQ's spelling, as <c>message-ttl</c>; of numbers that both have the smaller.</param>
internal sealed record EffectivePolicy(string? Name, string? OperatorName, Table Definition);
