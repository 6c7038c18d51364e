using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <summary>One queue's view of a message: what another queue does to the same message is not seen here.</summary>
/// <param name="Message">The shared block; the holder of this value holds one reference.</param>
/// <param name="Position">Its place in the queue, or among those of its priority; places rise in the order of arrival and are kept when it returns.</param>
/// <param name="Deadline">When its time is over, in milliseconds of the broker's wheel; <see cref="Never"/> for never.</param>
/// <param name="DeliveryCount">Attempts that failed.</param>
/// <param name="Priority">Its priority, as far as the queue tells priorities apart.</param>
/// <param name="Redelivered">Whether it was handed out before.</param>
internal readonly record struct QueuedMessage(MessageRef Message, ulong Position, long Deadline, int DeliveryCount, byte Priority, bool Redelivered)
{
    /// <summary>The deadline of a message that may wait for ever.</summary>
    public const long Never = long.MaxValue;
}
