namespace AmqpToolkit.Codec.V1_0;

/// <summary>What the body of a message is made of (3.2).</summary>
public enum MessageBodyKind : byte
{
    /// <summary>There is no body.</summary>
    None = 0,

    /// <summary>One or more data sections (3.2.6).</summary>
    Data,

    /// <summary>One or more amqp-sequence sections (3.2.7).</summary>
    AmqpSequence,

    /// <summary>One amqp-value section (3.2.8).</summary>
    AmqpValue,
}
