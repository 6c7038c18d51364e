using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A mandatory message that came back and that no confirmed publish waits for. Immutable; it owns its memory.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Exchange">Where it was published to.</param>
/// <param name="RoutingKey">With which key.</param>
/// <param name="Properties">Its properties.</param>
/// <param name="Body">Its body.</param>
public sealed record ReturnedMessage(ReturnReason Reason, string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body);
