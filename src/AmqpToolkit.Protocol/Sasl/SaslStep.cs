namespace AmqpToolkit.Protocol.Sasl;

/// <summary>What a server does after a response of a SASL exchange (RFC 4422 section 3).</summary>
public enum SaslStep : byte
{
    /// <summary>It asks on.</summary>
    Challenge,

    /// <summary>The client is who it says.</summary>
    Accepted,

    /// <summary>It is not, or may not come in. Why is not told.</summary>
    Refused,

    /// <summary>The response cannot be read.</summary>
    Malformed,

    /// <summary>The mechanism is not offered.</summary>
    Unknown,
}
