namespace AmqpToolkit.Broker.Queues;

/// <summary>What a purge has taken out of a queue, and who did so has still to give back.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Line">Its messages of no priority.</param>
/// <param name="Levels">The others, by their priorities.</param>
/// <param name="Count">How many wait no longer.</param>
internal readonly record struct PurgedMessages(MessageQueue Queue, MessageLine Line, MessageLine?[]? Levels, uint Count);
