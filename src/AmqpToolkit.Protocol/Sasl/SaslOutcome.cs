namespace AmqpToolkit.Protocol.Sasl;

/// <summary>What one response of a SASL exchange led to (RFC 4422 section 3).</summary>
public enum SaslOutcome : byte
{
    /// <summary>The response cannot be read.</summary>
    Malformed,

    /// <summary>The exchange is complete: who it is and the proof are known, and are to be judged.</summary>
    Credentials,
}
