namespace AmqpToolkit.Broker.Queues;

/// <summary>What a queue does that would exceed its limit (x-overflow).</summary>
internal enum OverflowPolicy : byte
{
    /// <summary>The oldest message goes.</summary>
    DropHead,

    /// <summary>The new message is not taken, and its publisher hears so.</summary>
    RejectPublish,

    /// <summary>The same, and the new message is dead-lettered.</summary>
    RejectPublishDeadLetter,
}
