namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>A message of a stream as a reader gets it.</summary>
internal sealed record StreamDelivery(string Consumer, ulong Tag, long Offset, string Exchange, string RoutingKey, string Body);
