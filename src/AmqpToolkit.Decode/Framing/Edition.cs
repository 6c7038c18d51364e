namespace AmqpToolkit.Decode.Framing;

/// <summary>The editions of the protocol.</summary>
internal enum Edition : byte
{
    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>0-8.</summary>
    V0_8,

    /// <summary>0-9.</summary>
    V0_9,

    /// <summary>0-9-1 with RabbitMQ's extensions.</summary>
    V0_9_1,

    /// <summary>0-10.</summary>
    V0_10,

    /// <summary>1.0, and its SASL layer.</summary>
    V1_0,
}
