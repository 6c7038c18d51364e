using System.Net;

namespace AmqpToolkit.Broker;

/// <summary>How a broker listens with TLS 1.2 and 1.3 (RFC 5246, RFC 8446), for every version of AMQP. Read when the broker starts; the files again when they have changed.</summary>
public sealed record AmqpTlsOptions
{
    /// <summary>The port of AMQP within TLS (amqps).</summary>
    public const int DefaultPort = 5671;

    /// <summary>Where to listen; port 0 takes a free one. 127.0.0.1 and, where the machine has it, [::1] on port 5671 unless it says otherwise; empty for none.</summary>
    public IList<IPEndPoint> Endpoints { get; init; } = [.. AmqpBrokerOptions.LoopbackAddresses.Select(address => new IPEndPoint(address, DefaultPort))];

    /// <summary>Whether the broker's plain endpoints take TLS as well: the first octet of a client tells.</summary>
    public bool OnPlainEndpoints { get; init; }

    /// <summary>The broker's certificate and, behind it, those that lead to its authority: PEM, or PKCS #12 (<c>.pfx</c>, <c>.p12</c>), which has the key as well.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>Its key in PEM; null when it stands in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>What the key, or the PKCS #12 file, is encrypted with; null when it is not. Never logged.</summary>
    public string? KeyPassword { get; init; }

    /// <summary>Other certificates for clients that ask for other names.</summary>
    public IList<TlsHost> Hosts { get; init; } = [];

    /// <summary>Whether clients are asked for certificates.</summary>
    public ClientCertificates ClientCertificates { get; init; }

    /// <summary>The authorities in PEM that clients' certificates have to lead to; no other counts, and none of the system's. Needed where clients are asked.</summary>
    public string? AuthoritiesFile { get; init; }

    /// <summary>What of a client's certificate is the name of its user (SASL EXTERNAL).</summary>
    public CertificateLogin Login { get; init; }

    /// <summary>How often the files are looked at; new ones count for clients that come later.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Clients that may be between the accept and the end of their TLS handshake at a time; when more come, of the address that has most the one that has been there longest is cut. Each holds up to some 200 KiB until then.</summary>
    public int MaxHandshakes { get; init; } = 2048;

    /// <summary>The file: a password stands in no text.</summary>
    public override string ToString() => CertificateFile;

    /// <summary>Refuses what cannot work.</summary>
    /// <exception cref="ArgumentException">What and why.</exception>
    internal void Validate()
    {
        if (ClientCertificates != ClientCertificates.None && AuthoritiesFile is null)
        {
            throw new ArgumentException($"{nameof(ClientCertificates)} {ClientCertificates} needs an {nameof(AuthoritiesFile)}: which authorities are meant?");
        }

        if (ClientCertificates == ClientCertificates.None && AuthoritiesFile is not null)
        {
            throw new ArgumentException($"{nameof(AuthoritiesFile)} means nothing where nobody is asked: {nameof(ClientCertificates)} is {ClientCertificates}.");
        }

        if (!Enum.IsDefined(ClientCertificates) || !Enum.IsDefined(Login))
        {
            throw new ArgumentOutOfRangeException(nameof(ClientCertificates), $"{ClientCertificates}, {Login}: no such values.");
        }

        if (MaxHandshakes < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(MaxHandshakes), MaxHandshakes, $"{nameof(MaxHandshakes)} must be above 0.");
        }

        if (ReloadInterval < TimeSpan.FromSeconds(1))
        {
            throw new ArgumentOutOfRangeException(nameof(ReloadInterval), ReloadInterval, $"{nameof(ReloadInterval)} must be a second or more.");
        }
    }
}
