using System.Globalization;
using System.Text;
using AmqpToolkit.Codec;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a connection goes, who logs in, and its limits. Immutable.</summary>
public sealed record AmqpConnectionOptions
{
    /// <summary>The port of AMQP.</summary>
    public const int DefaultPort = 5672;

    /// <summary>The smallest frame_max that every peer must accept, in octets (0-9-1 connection.tune).</summary>
    public const uint MinFrameMax = 4096;

    /// <summary>The largest frame_max that can be asked for, in octets.</summary>
    public const uint MaxFrameMax = 128 * 1024;

    /// <summary>The server's name or address.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The server's port.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The virtual host to open, 255 octets in UTF-8 at most.</summary>
    public string VirtualHost
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            if (Encoding.UTF8.GetByteCount(value) > byte.MaxValue)
            {
                throw new ArgumentException("The name of a virtual host has 255 octets at most.", nameof(value));
            }

            field = value;
        }
    } = "/";

    /// <summary>Who logs in.</summary>
    public string UserName { get; init; } = "guest";

    /// <summary>The password. No text of this library shows it.</summary>
    public string Password { get; init; } = "guest";

    /// <summary>A name that operators see; null for none.</summary>
    public string? ConnectionName { get; init; }

    /// <summary>Entries added to the client-properties of connection.start-ok.</summary>
    public Table ClientProperties { get; init; }

    /// <summary>The wanted interval of heartbeats in seconds, 0 for none; the server's may be shorter.</summary>
    public ushort HeartbeatSeconds { get; init; } = 60;

    /// <summary>The wanted number of channels, 0 for as many as there are; the server's may be smaller.</summary>
    public ushort ChannelMax { get; init; } = 2047;

    /// <summary>The wanted largest frame in octets, <see cref="MinFrameMax"/> to <see cref="MaxFrameMax"/>; the server's may be smaller.</summary>
    public uint FrameMax
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, MinFrameMax);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxFrameMax);
            field = value;
        }
    } = MaxFrameMax;

    /// <summary>The largest body that is received, in octets; a larger one closes its channel with 311. 128 MiB by default.</summary>
    public int MaxBodyOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 128 * 1024 * 1024;

    /// <summary>Octets that wait for the socket before publishes wait as well. 1 MiB by default.</summary>
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

    /// <summary>How long the answer to a method may take, once it is that method's turn; then its channel ends, or, on channel 0, the wait.</summary>
    public TimeSpan CallTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>How long the server has for the last words of a connection before the stream is cut.</summary>
    public TimeSpan CloseTimeout
    {
        get;
        init => field = CheckTimeout(value);
    } = TimeSpan.FromSeconds(5);

    /// <summary>The clock of heartbeats and timeouts.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where is logged.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Reads <c>amqp://user:password@host:port/virtual-host?heartbeat=30</c>.</summary>
    /// <param name="uri">
    /// What is left out has its default; parts are percent-encoded (<c>%2f</c> is the virtual host <c>/</c>, and so is nothing).
    /// Queries: heartbeat (seconds), channel_max, frame_max, connection_timeout (milliseconds), name.
    /// </param>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static AmqpConnectionOptions Parse(string uri)
    {
        if (!Uri.TryCreate(uri, UriKind.Absolute, out var parsed) || parsed.Scheme is not "amqp")
        {
            throw new ArgumentException("Expected amqp://user:password@host:port/virtual-host.", nameof(uri));
        }

        var options = new AmqpConnectionOptions
        {
            Host = parsed.Host.Length == 0 ? "localhost" : parsed.IdnHost,
            Port = parsed.Port > 0 ? parsed.Port : DefaultPort,
            VirtualHost = parsed.AbsolutePath.Length <= 1 ? "/" : Uri.UnescapeDataString(parsed.AbsolutePath[1..]),
        };
        if (parsed.UserInfo.Length > 0)
        {
            string[] login = parsed.UserInfo.Split(':', 2);
            options = options with { UserName = Uri.UnescapeDataString(login[0]) };
            options = login.Length > 1 ? options with { Password = Uri.UnescapeDataString(login[1]) } : options;
        }

        foreach (string pair in parsed.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            options = options.With(parts[0], parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        return options;
    }

    /// <summary>The URI without the password.</summary>
    public override string ToString() => $"amqp://{Uri.EscapeDataString(UserName)}@{Host}:{Port}/{Uri.EscapeDataString(VirtualHost)}";

    private static TimeSpan CheckTimeout(TimeSpan value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(1));
        return value;
    }

    private AmqpConnectionOptions With(string name, string value)
    {
        switch (name)
        {
            case "heartbeat" when ushort.TryParse(value, CultureInfo.InvariantCulture, out ushort heartbeat):
                return this with { HeartbeatSeconds = heartbeat };
            case "channel_max" when ushort.TryParse(value, CultureInfo.InvariantCulture, out ushort channelMax):
                return this with { ChannelMax = channelMax };
            case "frame_max" when uint.TryParse(value, CultureInfo.InvariantCulture, out uint frameMax):
                return this with { FrameMax = frameMax };
            case "connection_timeout" when int.TryParse(value, CultureInfo.InvariantCulture, out int milliseconds):
                return this with { ConnectTimeout = TimeSpan.FromMilliseconds(milliseconds) };
            case "name":
                return this with { ConnectionName = value };
            default:
                throw new ArgumentException($"The query '{name}={value}' is unknown or out of range.", nameof(value));
        }
    }
}
