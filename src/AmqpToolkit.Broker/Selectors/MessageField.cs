namespace AmqpToolkit.Broker.Selectors;

/// <summary>What an expression can ask of a message beside its application-properties, or headers.</summary>
internal enum MessageField : byte
{
    /// <summary>The message-id as text, whatever its type.</summary>
    JmsMessageId,

    /// <summary>The correlation-id as text, whatever its type.</summary>
    JmsCorrelationId,

    /// <summary>PERSISTENT or NON_PERSISTENT.</summary>
    JmsDeliveryMode,

    /// <summary>The subject; of a message of 0-9-1 the type.</summary>
    JmsType,

    /// <summary>How often it was delivered, this time included.</summary>
    JmsDeliveryCount,

    /// <summary>Whether it was delivered before.</summary>
    JmsRedelivered,

    Durable,
    Priority,
    Ttl,
    FirstAcquirer,
    DeliveryCount,

    MessageId,
    UserId,
    To,
    Subject,
    ReplyTo,
    CorrelationId,
    ContentType,
    ContentEncoding,
    AbsoluteExpiryTime,
    CreationTime,
    GroupId,
    GroupSequence,
    ReplyToGroupId,
}
