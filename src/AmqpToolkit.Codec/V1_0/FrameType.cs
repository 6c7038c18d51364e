namespace AmqpToolkit.Codec.V1_0;

/// <summary>What a frame carries (2.3.1). A peer may send values that have no name here.</summary>
public enum FrameType : byte
{
    /// <summary>A performative of the transport, on a channel (2.3.2).</summary>
    Amqp = 0,

    /// <summary>A step of the SASL exchange (5.3.1).</summary>
    Sasl = 1,
}
