namespace AmqpToolkit.Protocol.Sasl;

/// <summary>The hash functions that SCRAM (RFC 5802) is offered with.</summary>
public enum ScramHash : byte
{
    /// <summary>SCRAM-SHA-256 (RFC 7677).</summary>
    Sha256,

    /// <summary>SCRAM-SHA-512.</summary>
    Sha512,
}
