using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>One queue's view of a message: what another queue does to the same message is not seen here.</summary>
/// <param name="Message">The shared block; the holder of this value holds one reference.</param>
/// <param name="Position">Its place in the queue, or among those of its priority; places rise in the order of arrival and are kept when it returns.</param>
/// <param name="Deadline">When its time is over, in milliseconds of the broker's wheel; <see cref="Never"/> for never.</param>
/// <param name="DeliveryCount">Attempts that failed, as far as they are told apart.</param>
/// <param name="Priority">Its priority, as far as the queue tells priorities apart.</param>
/// <param name="Redelivered">Whether it was handed out before.</param>
/// <param name="Stored">Its name in the journal, if it is kept there.</param>
internal readonly record struct QueuedMessage(
    MessageRef Message, ulong Position, long Deadline, ushort DeliveryCount, byte Priority, bool Redelivered, StoredMessage Stored = default)
{
    /// <summary>The deadline of a message that may wait for ever.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Where the priority stands in the journal's position.</summary>
    private const int PriorityShift = 56;

    /// <summary>What of a position in the journal is the place among the messages of one priority.</summary>
    public const ulong PlaceMask = (1UL << PriorityShift) - 1;

    /// <summary>Its place in the queue as the journal knows it: among all priorities.</summary>
    public ulong JournalPosition => JournalPositionOf(Priority, Position);

    /// <summary>The place in the journal of a place among the messages of one priority.</summary>
    public static ulong JournalPositionOf(byte priority, ulong position) => ((ulong)priority << PriorityShift) | position;

    /// <summary>What a place in the journal means.</summary>
    public static (byte Priority, ulong Position) SplitJournalPosition(ulong position) =>
        ((byte)(position >> PriorityShift), position & PlaceMask);
}
