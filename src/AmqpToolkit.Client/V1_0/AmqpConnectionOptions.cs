using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V1_0;

/// <summary>Where a connection goes, who logs in, and its limits. Immutable.</summary>
public sealed record AmqpConnectionOptions : ClientOptions
{
    /// <summary>What open.hostname says (1.0 section 2.7.1): RabbitMQ and AmqpToolkit take <c>vhost:NAME</c> for a virtual host. Null for <see cref="ClientOptions.Host"/>.</summary>
    public string? Hostname { get; init; }

    /// <summary>Who logs in; null to do so as nobody, by SASL ANONYMOUS. Not asked with <see cref="ClientTlsOptions.LogsInByCertificate"/>.</summary>
    public string? UserName { get; init; } = "guest";

    /// <summary>The name of this container, which peers tell links apart by: a durable subscription is found by it and the link's name. Null for one that is made up at each connection.</summary>
    public string? ContainerId { get; init; }

    /// <summary>What open.properties says of this end: null or a map.</summary>
    public EncodedValue Properties { get; init; }

    /// <summary>
    /// How long a peer may be silent before it counts as gone; it is told half of that. Zero for ever; otherwise 200 ms to a day. Two minutes unless it is set, and for ever with a peer in this process
    /// (<see cref="TransportConnection.IsInMemory"/>).
    /// </summary>
    public TimeSpan IdleTimeout
    {
        get => OwnIdleTimeout ?? TimeSpan.FromMinutes(2);
        init
        {
            if (value != TimeSpan.Zero)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(200));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
            }

            OwnIdleTimeout = value;
        }
    }

    /// <summary>The largest frame that is taken, in octets; at least 512.</summary>
    public uint MaxFrameSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 512u);
            field = value;
        }
    } = 64 * 1024;

    /// <summary>Transfers of a session that the peer may have on their way.</summary>
    public uint IncomingWindow
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfZero(value);
            field = value;
        }
    } = 2048;

    /// <summary>
    /// The largest message that is received, in octets; a larger one ends its link. 128 MiB by default. A peer may fill a link's credit with messages of this size: <see cref="ReceiverOptions.Credit"/> times
    /// it is what a receiver may have to hold at worst; from <see cref="ReceiverOptions.BufferedBoundOctets"/> on it gives no more credit.
    /// </summary>
    public int MaxMessageOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 128 * 1024 * 1024;

    /// <summary>What <see cref="IdleTimeout"/> was set to; null when it was not.</summary>
    private TimeSpan? OwnIdleTimeout { get; init; }

    /// <summary>How long the peer at the other end of a stream may be silent.</summary>
    internal TimeSpan IdleTimeoutOver(TransportConnection transport) => transport.IsInMemory ? OwnIdleTimeout ?? TimeSpan.Zero : IdleTimeout;

    /// <summary>Reads <c>amqp://user:password@host:port/virtual-host</c>; without a user, or a password, it is the one of a new <see cref="AmqpConnectionOptions"/>, as with the client of 0-9-1.</summary>
    /// <param name="uri">Parts are percent-encoded; a path is the virtual host, and becomes <c>vhost:NAME</c>. A query is refused: there are no settings in it. <c>amqps</c> is TLS.</param>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static AmqpConnectionOptions Parse(string uri)
    {
        var parts = PartsOf(uri);
        if (parts.Query.Length > 0)
        {
            throw new ArgumentException("Expected amqp://user:password@host:port/virtual-host, without a query.", nameof(uri));
        }

        var usual = new AmqpConnectionOptions();
        return usual with
        {
            Tls = parts.IsTls ? new ClientTlsOptions() : null,
            Host = parts.Host,
            Port = parts.Port,
            Hostname = parts.Path is null ? null : $"vhost:{parts.Path}",
            UserName = parts.UserName ?? usual.UserName,
            Password = parts.Password ?? usual.Password,
        };
    }

    /// <summary>The URI without the password.</summary>
    public override string ToString() => $"{Scheme}://{(UserName is null ? "" : $"{Uri.EscapeDataString(UserName)}@")}{Host}:{Port}";
}
