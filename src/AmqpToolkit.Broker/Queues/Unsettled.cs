namespace AmqpToolkit.Broker.Queues;

/// <summary>A delivery whose outcome is not known yet: what the consumer's side keeps and hands back to the queue.</summary>
internal readonly record struct Unsettled(MessageQueue Queue, Consumer? Consumer, QueuedMessage Message);
