namespace AmqpToolkit.Broker.Topology;

/// <summary>What became of the wish to delete a queue.</summary>
internal enum QueueCloseOutcome : byte
{
    /// <summary>The queue is deleted; it takes no message and no consumer any more.</summary>
    Closed,

    /// <summary>It has consumers, and was to be deleted only without (if-unused).</summary>
    InUse,

    /// <summary>It has ready messages, and was to be deleted only without (if-empty).</summary>
    NotEmpty,
}
