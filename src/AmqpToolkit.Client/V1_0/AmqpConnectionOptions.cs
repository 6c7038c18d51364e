using AmqpToolkit.Codec.V1_0;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Client.V1_0;

/// <summary>Where a connection goes, who logs in, and its limits. Immutable.</summary>
public sealed record AmqpConnectionOptions
{
    /// <summary>The port of AMQP.</summary>
    public const int DefaultPort = 5672;

    /// <summary>The peer's name or address.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The peer's port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>What open.hostname says (1.0 section 2.7.1): RabbitMQ and AmqpToolkit take <c>vhost:NAME</c> for a virtual host. Null for <see cref="Host"/>.</summary>
    public string? Hostname { get; init; }

    /// <summary>Who logs in, by SASL PLAIN; null to do so as nobody, by SASL ANONYMOUS.</summary>
    public string? UserName { get; init; } = "guest";

    /// <summary>The password. No text of this library shows it.</summary>
    public string Password { get; init; } = "guest";

    /// <summary>The name of this container, which peers tell links apart by: a durable subscription is found by it and the link's name. Null for one that is made up at each connection.</summary>
    public string? ContainerId { get; init; }

    /// <summary>What open.properties says of this end: null or a map.</summary>
    public EncodedValue Properties { get; init; }

    /// <summary>How long a peer may be silent before it counts as gone; it is told half of that. Zero for ever; otherwise 200 ms to a day.</summary>
    public TimeSpan IdleTimeout
    {
        get;
        init
        {
            if (value != TimeSpan.Zero)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(200));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
            }

            field = value;
        }
    } = TimeSpan.FromMinutes(2);

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
    /// it is what a receiver may have to hold.
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

    /// <summary>
    /// Octets that wait for the socket before messages wait as well; a message that has begun is written as far as the peer's window allows. 1 MiB by default. A peer that asks and does not read the
    /// answers is cut at sixteen times as many, and not below 1 MiB.
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

    /// <summary>How long connecting, SASL and open may take in all; a day at most, as the other timeouts.</summary>
    public TimeSpan ConnectTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(10);

    /// <summary>How long the answer to begin, attach, detach or end may take.</summary>
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

    /// <summary>The clock of heartbeats and timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where is logged: defects of the client.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Reads <c>amqp://user:password@host:port/virtual-host</c>; without a user, or a password, it is the one of a new <see cref="AmqpConnectionOptions"/>, as with the client of 0-9-1.</summary>
    /// <param name="uri">Parts are percent-encoded; a path is the virtual host, and becomes <c>vhost:NAME</c>. A query is refused: there are no settings in it. TLS (<c>amqps</c>) is not to be had.</param>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static AmqpConnectionOptions Parse(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Scheme is not "amqp" || parsed.Query.Length > 0)
        {
            throw new ArgumentException("Expected amqp://user:password@host:port/virtual-host.", nameof(uri));
        }

        string[] login = parsed.UserInfo.Split(':', 2);
        var usual = new AmqpConnectionOptions();
        return usual with
        {
            Host = parsed.Host.Length == 0 ? "localhost" : parsed.IdnHost,
            Port = parsed.Port > 0 ? parsed.Port : DefaultPort,
            Hostname = parsed.AbsolutePath.Length <= 1 ? null : $"vhost:{Uri.UnescapeDataString(parsed.AbsolutePath[1..])}",
            UserName = parsed.UserInfo.Length == 0 ? usual.UserName : Uri.UnescapeDataString(login[0]),
            Password = login.Length > 1 ? Uri.UnescapeDataString(login[1]) : usual.Password,
        };
    }

    /// <summary>The URI without the password.</summary>
    public override string ToString() => $"amqp://{(UserName is null ? "" : $"{Uri.EscapeDataString(UserName)}@")}{Host}:{Port}";

    private static TimeSpan CheckTimeout(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
        return value;
    }
}
