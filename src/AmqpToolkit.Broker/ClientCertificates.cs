namespace AmqpToolkit.Broker;

/// <summary>Whether a client of TLS is asked for a certificate (RFC 8446 section 4.3.2).</summary>
public enum ClientCertificates
{
    /// <summary>It is not asked.</summary>
    None,

    /// <summary>It is asked; without one it has another way to log in. One that is shown has to hold.</summary>
    Request,

    /// <summary>Without one there is no connection.</summary>
    Require,
}
