using System.Globalization;
using System.Net;

namespace AmqpToolkit.Broker.Host;

/// <summary>What the executable was told of TLS, read from all sources and checked.</summary>
internal sealed record TlsSettings
{
    /// <summary>Port of every address; 0 lets the system choose; below it for none but those that speak either.</summary>
    public int Port { get; init; } = AmqpTlsOptions.DefaultPort;

    /// <summary>Certificate of the broker, with what leads to its authority.</summary>
    public required string Certificate { get; init; }

    /// <summary>Its key; null where the certificate's file has it.</summary>
    public string? Key { get; init; }

    /// <summary>What the key is encrypted with.</summary>
    public string? KeyPassword { get; init; }

    /// <summary>Certificates for other names.</summary>
    public IReadOnlyList<TlsHost> Hosts { get; init; } = [];

    /// <summary>Authorities of clients' certificates.</summary>
    public string? Authorities { get; init; }

    /// <summary>Whether clients are asked for theirs.</summary>
    public ClientCertificates ClientCertificates { get; init; }

    /// <summary>What of a client's certificate is its user.</summary>
    public CertificateLogin Login { get; init; }

    /// <summary>Whether the plain port takes TLS as well.</summary>
    public bool OnPlainPort { get; init; }

    /// <summary>The names of the settings.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["TlsPort", "TlsCertificate", "TlsKey", "TlsKeyPassword", "TlsHosts", "TlsAuthorities", "TlsClientCertificates", "TlsLogin", "TlsOnPlainPort"];

    /// <summary>Takes each from the strongest source that has it.</summary>
    /// <returns>Null where there is no certificate.</returns>
    /// <exception cref="SettingException">A value is out of its range or no such value exists.</exception>
    public static TlsSettings? Read(IReadOnlyList<SettingSource> sources)
    {
        if (BrokerSettings.Text(sources, "TlsCertificate") is not { } certificate)
        {
            return Names.FirstOrDefault(name => BrokerSettings.Text(sources, name) is not null) is { } alone ? throw new SettingException($"{alone} means nothing without TlsCertificate") : null;
        }

        string? authorities = BrokerSettings.Text(sources, "TlsAuthorities");

        // Who names authorities wants certificates of them.
        var policy = BrokerSettings.Value(sources, "TlsClientCertificates", ParsePolicy, "none, request or require") ?? (authorities is null ? ClientCertificates.None : ClientCertificates.Request);
        if (policy != ClientCertificates.None && authorities is null)
        {
            throw new SettingException($"TlsClientCertificates needs TlsAuthorities: the file with the authorities that are meant");
        }

        return new TlsSettings
        {
            Port = BrokerSettings.Value(sources, "TlsPort", BrokerSettings.ParsePort, "a port from 0 to 65535") ?? AmqpTlsOptions.DefaultPort,
            Certificate = certificate,
            Key = BrokerSettings.Text(sources, "TlsKey"),
            KeyPassword = BrokerSettings.Text(sources, "TlsKeyPassword"),
            Hosts = ReadHosts(sources),
            Authorities = authorities,
            ClientCertificates = policy,
            Login = BrokerSettings.Value(sources, "TlsLogin", ParseLogin, "common-name, distinguished-name, dns-name, email-address or uri") ?? CertificateLogin.CommonName,
            OnPlainPort = BrokerSettings.Value(sources, "TlsOnPlainPort", BrokerSettings.ParseFlag, "true or false") ?? false,
        };
    }

    /// <summary>As the broker takes them.</summary>
    public AmqpTlsOptions ToOptions(IEnumerable<IPAddress> addresses) => new()
    {
        Endpoints = [.. addresses.Select(address => new IPEndPoint(address, Port))],
        OnPlainEndpoints = OnPlainPort,
        CertificateFile = Certificate,
        KeyFile = Key,
        KeyPassword = KeyPassword,
        Hosts = [.. Hosts],
        AuthoritiesFile = Authorities,
        ClientCertificates = ClientCertificates,
        Login = Login,
    };

    /// <summary>Without passwords.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Certificate} on {Port}");

    /// <summary>Each as <c>name=certificate</c>, or <c>name=certificate:key</c>.</summary>
    private static TlsHost[] ReadHosts(IReadOnlyList<SettingSource> sources)
    {
        foreach (SettingSource source in sources)
        {
            if (source.TryGetList("TlsHosts", out string[] texts))
            {
                return [.. texts.Select(text => ReadHost(text) ?? throw new SettingException($"TlsHosts '{text}' from {source.Name} is not name=certificate or name=certificate:key"))];
            }
        }

        return [];
    }

    private static TlsHost? ReadHost(string text)
    {
        string[] parts = text.Split('=', 2);
        string[] files = parts[^1].Split(Path.PathSeparator);
        return parts.Length == 2 && parts.All(part => part.Length > 0) && files.Length is 1 or 2 && files.All(file => file.Length > 0)
            ? new TlsHost { Name = parts[0], CertificateFile = files[0], KeyFile = files.Length > 1 ? files[1] : null }
            : null;
    }

    private static ClientCertificates? ParsePolicy(string text) => text.ToUpperInvariant() switch
    {
        "NONE" => ClientCertificates.None,
        "REQUEST" => ClientCertificates.Request,
        "REQUIRE" => ClientCertificates.Require,
        _ => null,
    };

    private static CertificateLogin? ParseLogin(string text) => text.ToUpperInvariant() switch
    {
        "COMMON-NAME" => CertificateLogin.CommonName,
        "DISTINGUISHED-NAME" => CertificateLogin.DistinguishedName,
        "DNS-NAME" => CertificateLogin.DnsName,
        "EMAIL-ADDRESS" => CertificateLogin.EmailAddress,
        "URI" => CertificateLogin.Uri,
        _ => null,
    };
}
