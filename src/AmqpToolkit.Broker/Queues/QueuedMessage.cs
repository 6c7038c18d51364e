using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <summary>One queue's view of a message: what another queue does to the same message is not seen here.</summary>
/// <param name="Message">The shared block; the holder of this value holds one reference.</param>
/// <param name="Position">Its place in the queue; places rise in the order of arrival and are kept when it returns.</param>
/// <param name="DeliveryCount">Attempts that failed.</param>
/// <param name="Redelivered">Whether it was handed out before.</param>
internal readonly record struct QueuedMessage(MessageRef Message, ulong Position, int DeliveryCount, bool Redelivered);
