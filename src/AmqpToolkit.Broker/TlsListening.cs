namespace AmqpToolkit.Broker;

/// <summary>What is spoken on a port below AMQP.</summary>
public enum TlsListening
{
    /// <summary>AMQP alone.</summary>
    None,

    /// <summary>TLS alone.</summary>
    Required,

    /// <summary>Either; the first octet of a client tells which.</summary>
    Optional,
}
