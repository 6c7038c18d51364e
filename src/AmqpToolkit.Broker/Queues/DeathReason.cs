namespace AmqpToolkit.Broker.Queues;

/// <summary>Why a message left its queue without having been taken.</summary>
internal enum DeathReason : byte
{
    /// <summary>A consumer refused it for good (basic.reject or basic.nack without requeue).</summary>
    Rejected,

    /// <summary>Its time was over.</summary>
    Expired,

    /// <summary>The queue was full.</summary>
    MaxLength,

    /// <summary>Its deliveries failed too often.</summary>
    DeliveryLimit,
}
