using System.Globalization;
using System.Text;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a connection goes, who logs in, and its limits. Immutable.</summary>
public sealed record AmqpConnectionOptions : ClientOptions
{
    /// <summary>The smallest frame_max that every peer must accept, in octets (0-9-1 connection.tune).</summary>
    public const uint MinFrameMax = 4096;

    /// <summary>The largest frame_max that can be asked for, in octets.</summary>
    public const uint MaxFrameMax = 128 * 1024;

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

    /// <summary>Reads <c>amqp://user:password@host:port/virtual-host?heartbeat=30</c>, or <c>amqps://</c> for TLS.</summary>
    /// <param name="uri">
    /// What is left out has its default; parts are percent-encoded (<c>%2f</c> is the virtual host <c>/</c>, and so is nothing).
    /// Queries: heartbeat (seconds), channel_max, frame_max, connection_timeout (milliseconds), auth_mechanism (more than once for more), name.
    /// </param>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static AmqpConnectionOptions Parse(string uri)
    {
        var parts = PartsOf(uri);
        var options = new AmqpConnectionOptions { Tls = parts.IsTls ? new ClientTlsOptions() : null, Host = parts.Host, Port = parts.Port, VirtualHost = parts.Path ?? "/" };
        options = options with { UserName = parts.UserName ?? options.UserName, Password = parts.Password ?? options.Password };
        foreach (string pair in parts.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] setting = pair.Split('=', 2);
            options = options.With(setting[0], setting.Length > 1 ? Uri.UnescapeDataString(setting[1]) : "");
        }

        return options;
    }

    /// <summary>The URI without the password.</summary>
    public override string ToString() => $"{Scheme}://{Uri.EscapeDataString(UserName)}@{Host}:{Port}/{Uri.EscapeDataString(VirtualHost)}";

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
            case "auth_mechanism":
                return this with { SaslMechanisms = [.. SaslMechanisms ?? [], value.ToUpperInvariant()] };
            case "name":
                return this with { ConnectionName = value };
            default:
                throw new ArgumentException($"The query '{name}={value}' is unknown or out of range.", nameof(value));
        }
    }
}
