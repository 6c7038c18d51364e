using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Client;

/// <summary>How a client speaks TLS 1.2 or 1.3, and whom it believes. Immutable.</summary>
public sealed record ClientTlsOptions
{
    /// <summary>The name that the peer's certificate has to be of, and that it is asked for (SNI, RFC 6066 section 3); null for <see cref="ClientOptions.Host"/>.</summary>
    public string? ServerName { get; init; }

    /// <summary>The authorities that the peer's certificate has to lead to; null for the system's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>The client's own certificate, with its key; null for none.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>What leads from <see cref="Certificate"/> to an authority that the peer knows, and is shown with it; null for nothing.</summary>
    public X509Certificate2Collection? Intermediates { get; init; }

    /// <summary>Whether who logs in is told by <see cref="Certificate"/> (SASL EXTERNAL, RFC 4422 appendix A), and user and password are not said.</summary>
    public bool LogsInByCertificate { get; init; }

    /// <summary>Judges the peer's certificate with what the platform has found; null where that has the last word.</summary>
    public RemoteCertificateValidationCallback? Validate { get; init; }

    /// <summary>What the handshake is done with.</summary>
    internal SslClientAuthenticationOptions HandshakeFor(string host)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = ServerName ?? host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowRenegotiation = false,
            ClientCertificateContext = Certificate is null ? null : SslStreamCertificateContext.Create(Certificate, Intermediates, offline: true),
            RemoteCertificateValidationCallback = Validate,
        };
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

        return options;
    }
}
