namespace AmqpToolkit.Broker;

/// <summary>A certificate, key or list of authorities cannot be used; the message names the file and says why, and has nothing of what is in it.</summary>
public sealed class TlsCertificateException : Exception
{
    /// <summary>Creates one.</summary>
    public TlsCertificateException()
    {
    }

    /// <summary>Creates one.</summary>
    public TlsCertificateException(string message)
        : base(message)
    {
    }

    /// <summary>Creates one.</summary>
    public TlsCertificateException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
