namespace AmqpToolkit.Broker.Messages;

/// <summary>What the broker knows of a message without reading its properties again.</summary>
[Flags]
internal enum MessageFlags : byte
{
    None = 0,

    /// <summary>The publisher asked for it to survive a restart (0-9-1 delivery-mode 2).</summary>
    Persistent = 1,

    /// <summary>The body lies in a <see cref="LargeBody"/>.</summary>
    Large = 2,

    /// <summary>The publisher wants it back when no queue takes it.</summary>
    Mandatory = 4,

    /// <summary>It has a time of its own (0-9-1 expiration).</summary>
    Expires = 8,

    /// <summary>It died in a queue before; the headers that tell of its deaths are the broker's own.</summary>
    DeadLettered = 16,

    /// <summary>
    /// It came as one of 1.0 (3.2): the properties are its sections before the body, as they came but for delivery-annotations, and the body is its body sections and the footer.
    /// </summary>
    Sections = 32,

    /// <summary>
    /// It died with a routing key of its queue's: what its header CC names (1.0: the annotation x-cc) is told still, and leads nowhere any more. BCC is gone by then.
    /// </summary>
    CopiesSpent = 64,
}
