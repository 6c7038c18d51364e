using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Client;

/// <summary>What the options of a connection have in common, whatever version it speaks. Immutable.</summary>
public abstract record ClientOptions
{
    /// <summary>The port of AMQP.</summary>
    public const int DefaultPort = 5672;

    /// <summary>The port of AMQP within TLS.</summary>
    public const int DefaultTlsPort = 5671;

    private readonly int? _port;

    /// <summary>For the options of each version.</summary>
    private protected ClientOptions()
    {
    }

    /// <summary>The peer's name or address.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The peer's port; 5672, or 5671 with TLS, unless it is set.</summary>
    public int Port
    {
        get => _port ?? (Tls is null ? DefaultPort : DefaultTlsPort);
        init => _port = value;
    }

    /// <summary>How TLS is spoken; null for a stream without it.</summary>
    public ClientTlsOptions? Tls { get; init; }

    /// <summary>The password. No text of this library shows it.</summary>
    public string Password { get; init; } = "guest";

    /// <summary>
    /// By which SASL mechanisms the client logs in, the best first: the first that the peer offers is taken and no other, so that nobody between the two makes it say more than it was told to. PLAIN, SCRAM-SHA-256 and
    /// SCRAM-SHA-512 (RFC 7677: the password is not said, and the peer has to prove that it knows of it), EXTERNAL, ANONYMOUS. Null for EXTERNAL where <see cref="ClientTlsOptions.LogsInByCertificate"/> says so, else, with
    /// a user, for PLAIN, or SCRAM where that is not offered.
    /// </summary>
    public IReadOnlyList<string>? SaslMechanisms
    {
        get;
        init
        {
            if (value is not null && (value.Count == 0 || value.FirstOrDefault(name => !SaslClient.Known.Contains(name)) is not null))
            {
                throw new ArgumentException($"Expected some of {string.Join(", ", SaslClient.Known)}.", nameof(value));
            }

            field = value is null ? null : [.. value];
        }
    }

    /// <summary>
    /// Octets that wait for the socket before messages wait as well. 1 MiB by default. A large message of 1.0 is written in pieces of 256 KiB as long as there is room; a peer of 1.0 that asks and does not read
    /// the answers is cut at sixteen times as many octets, and not below 1 MiB.
    /// </summary>
    public int OutputBoundOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 1024 * 1024;

    /// <summary>How long connecting and the handshake may take in all; a day at most, as the other timeouts.</summary>
    public TimeSpan ConnectTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the peer's answer to a call may take. Of 0-9-1: once it is that method's turn; then its channel ends, or, on channel 0, the wait. Of 1.0: then the wait ends, and a session or link that was to be is given up.
    /// </summary>
    public TimeSpan CallTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>How long the peer has for the last words of a connection before the stream is cut.</summary>
    public TimeSpan CloseTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Where the stream to the peer comes from instead of a socket to <see cref="Host"/> and <see cref="Port"/> with or without TLS, as a tunnel, or a broker in this process; the connection owns what it is given. Null for a socket.
    /// An <see cref="IOException"/> of it means that there is no connection to be had.
    /// </summary>
    public Func<CancellationToken, ValueTask<TransportConnection>>? Transport { get; init; }

    /// <summary>The clock of heartbeats and timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where is logged.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The scheme of a URI of these.</summary>
    private protected string Scheme => Tls is null ? "amqp" : "amqps";

    /// <summary>The parts of <c>amqp://user:password@host:port/path?query</c>, or <c>amqps://</c>, that mean the same in each version; null for what is left out.</summary>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    private protected static (bool IsTls, string Host, int Port, string? UserName, string? Password, string? Path, string Query) PartsOf(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("amqp" or "amqps"))
        {
            throw new ArgumentException("Expected amqp://user:password@host:port/virtual-host, or amqps.", nameof(uri));
        }

        string[] login = parsed.UserInfo.Split(':', 2);
        bool isTls = parsed.Scheme == "amqps";
        return (
            isTls,
            parsed.Host.Length == 0 ? "localhost" : parsed.IdnHost,
            parsed.Port > 0 ? parsed.Port : isTls ? DefaultTlsPort : DefaultPort,
            parsed.UserInfo.Length == 0 ? null : Uri.UnescapeDataString(login[0]),
            login.Length > 1 ? Uri.UnescapeDataString(login[1]) : null,
            parsed.AbsolutePath.Length <= 1 ? null : Uri.UnescapeDataString(parsed.AbsolutePath[1..]),
            parsed.Query);
    }

    /// <summary>The mechanisms that will do.</summary>
    /// <param name="hasUser">Whether there is somebody to log in as.</param>
    internal IReadOnlyList<string> MechanismsFor(bool hasUser) => SaslMechanisms
        ?? (Tls is { LogsInByCertificate: true } ? [Protocol.Sasl.SaslMechanisms.External]
        : hasUser ? [Protocol.Sasl.SaslMechanisms.Plain, Protocol.Sasl.SaslMechanisms.ScramSha512, Protocol.Sasl.SaslMechanisms.ScramSha256] : [Protocol.Sasl.SaslMechanisms.Anonymous]);

    /// <summary>Connects as they say, up to the first octet of AMQP.</summary>
    /// <exception cref="IOException">Nobody answered, or it is not who it should be.</exception>
    internal async ValueTask<TransportConnection> ConnectTransportAsync(CancellationToken cancellationToken)
    {
        if (Transport is { } open)
        {
            return await open(cancellationToken).ConfigureAwait(false);
        }

        return Tls is null
            ? await SocketTransportConnection.ConnectAsync(Host, Port, cancellationToken).ConfigureAwait(false)
            : await TlsTransportConnection.ConnectAsync(Host, Port, Tls.HandshakeFor(Host), cancellationToken).ConfigureAwait(false);
    }

    private static TimeSpan CheckTimeout(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
        return value;
    }
}
