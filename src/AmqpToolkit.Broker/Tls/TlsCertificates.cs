using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Broker.Tls;

/// <summary>The certificates of a broker at one moment: its own, by the name that is asked for, and the authorities of its clients. Immutable, shared by all handshakes.</summary>
internal sealed class TlsCertificates
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly AmqpTlsOptions _options;
    private readonly SslStreamCertificateContext _own;
    private readonly Dictionary<string, SslStreamCertificateContext> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly X509Certificate2Collection _authorities = [];

    private TlsCertificates(AmqpTlsOptions options)
    {
        _options = options;
        _own = Load(options.CertificateFile, options.KeyFile, options.KeyPassword);
        foreach (var host in options.Hosts)
        {
            _hosts[host.Name] = Load(host.CertificateFile, host.KeyFile, host.KeyPassword);
        }

        if (options.AuthoritiesFile is { } file)
        {
            LoadAuthorities(file);
        }
    }

    /// <summary>The files that count.</summary>
    public static IEnumerable<string> FilesOf(AmqpTlsOptions options) =>
        options.Hosts.SelectMany(host => new[] { host.CertificateFile, host.KeyFile })
            .Concat([options.CertificateFile, options.KeyFile, options.AuthoritiesFile])
            .OfType<string>();

    /// <summary>Reads the files.</summary>
    /// <exception cref="TlsCertificateException">One of them cannot be used.</exception>
    public static TlsCertificates Load(AmqpTlsOptions options) => new(options);

    /// <summary>What a handshake is done with.</summary>
    /// <param name="hostName">The name that the client asks for; empty when it does not say.</param>
    /// <param name="validate">Judges the client's certificate, with what the platform has found.</param>
    public SslServerAuthenticationOptions HandshakeFor(string hostName, RemoteCertificateValidationCallback validate) => new()
    {
        ServerCertificateContext = Find(hostName),
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
        ClientCertificateRequired = _options.ClientCertificates != ClientCertificates.None,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = ChainPolicy(),

        // Who has shown a certificate shows it again, since it may not hold any more.
        AllowTlsResume = _options.ClientCertificates == ClientCertificates.None,
        RemoteCertificateValidationCallback = validate,
    };

    /// <summary>The broker's authorities and nobody else's; nothing is fetched that a certificate names.</summary>
    private X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.AddRange(_authorities);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    private SslStreamCertificateContext Find(string hostName)
    {
        if (_hosts.Count == 0 || hostName.Length == 0)
        {
            return _own;
        }

        if (_hosts.TryGetValue(hostName, out var found))
        {
            return found;
        }

        int dot = hostName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && _hosts.TryGetValue($"*{hostName[dot..]}", out found) ? found : _own;
    }

    private static SslStreamCertificateContext Load(string file, string? keyFile, string? password)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            X509Certificate2 own;
            if (Path.GetExtension(file).ToUpperInvariant() is ".PFX" or ".P12")
            {
                chain.AddRange(X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password));
                var keys = chain.Where(one => one.HasPrivateKey).ToArray();
                own = keys.Length == 1 ? keys[0] : throw new TlsCertificateException(keys.Length == 0 ? $"'{file}' has no private key." : $"'{file}' has {keys.Length} private keys: which certificate is meant?");
            }
            else
            {
                own = password is null ? X509Certificate2.CreateFromPemFile(file, keyFile) : X509Certificate2.CreateFromEncryptedPemFile(file, password, keyFile);
                chain.ImportFromPemFile(file);
            }

            chain.Remove(own);
            return SslStreamCertificateContext.Create(own, chain, offline: true);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TlsCertificateException($"The certificate '{file}'{(keyFile is null ? "" : $" with the key '{keyFile}'")} cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>The broker's own certificates that nobody will believe at this time, or at another.</summary>
    public IEnumerable<(string Subject, DateTimeOffset From, DateTimeOffset To)> NotInTime(DateTimeOffset now, DateTimeOffset then) => _hosts.Values.Prepend(_own).Select(context => context.TargetCertificate)
        .Where(certificate => certificate.NotBefore.ToUniversalTime() > now.UtcDateTime || certificate.NotAfter.ToUniversalTime() < then.UtcDateTime)
        .Select(certificate => (certificate.Subject, new DateTimeOffset(certificate.NotBefore), new DateTimeOffset(certificate.NotAfter)));

    private void LoadAuthorities(string file)
    {
        try
        {
            _authorities.ImportFromPemFile(file);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new TlsCertificateException($"The authorities '{file}' cannot be used: {exception.Message}", exception);
        }

        if (_authorities.Count == 0)
        {
            throw new TlsCertificateException($"'{file}' has no certificate in PEM: nobody could come in.");
        }
    }
}
