namespace AmqpToolkit.Broker;

/// <summary>A certificate for clients that ask for a certain name (SNI, RFC 6066 section 3).</summary>
public sealed class TlsHost
{
    /// <summary>The name, as <c>broker.example</c>; <c>*.example</c> for all names of one more part.</summary>
    public required string Name { get; init; }

    /// <summary>As <see cref="AmqpTlsOptions.CertificateFile"/>.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>As <see cref="AmqpTlsOptions.KeyFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>As <see cref="AmqpTlsOptions.KeyPassword"/>.</summary>
    public string? KeyPassword { get; init; }
}
