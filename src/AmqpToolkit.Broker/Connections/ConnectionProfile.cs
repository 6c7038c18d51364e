using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What the clients of one listener are shown. Immutable, shared by its connections.</summary>
internal sealed class ConnectionProfile
{
    /// <summary>Sessions that a connection of 1.0 may have, less one.</summary>
    private const int MaxSessions = 63;

    /// <summary>The password that the user has who stands for those who name nobody, as with RabbitMQ: else it is nobody's.</summary>
    private const string AnonymousPassword = "guest";

    private readonly ConnectionSettings _settings;
    private readonly ConnectionSettings _anonymousSettings;

    public ConnectionProfile(AmqpBrokerOptions options, AmqpListener? listener = null)
    {
        var profile = listener?.Profile ?? options.Profile;
        Rules = ProfileRules.Of(profile);
        MaxMessageOctets = options.OwnMaxMessageOctets ?? Rules.MaxMessageOctets;
        string version = listener?.Version ?? (listener?.Profile is null ? options.Version : null) ?? Rules.Version;
        Handshake = new ServerHandshakeOptions
        {
            ServerProperties = ServerProperties.Create(listener?.Product ?? options.Product, version),
            Offer = new Tuning(options.ChannelMax, options.FrameMax, options.HeartbeatSeconds),
            MinFrameMax = Math.Min(options.FrameMax, Rules.MinFrameMax),
            Anonymous = Rules.OffersAnonymous && options.AnonymousUser is { } anonymous ? new SaslCredentials(anonymous, AnonymousPassword) : null,
        };
        _settings = new ConnectionSettings
        {
            ContainerId = AmqpBroker.NodeName,
            MaxFrameSize = options.FrameMax,
            ChannelMax = Math.Min(options.ChannelMax == 0 ? (ushort)MaxSessions : options.ChannelMax, (ushort)MaxSessions),
            IdleTimeOutMilliseconds = options.HeartbeatSeconds * 1000u,
            RequiresSasl = true,
            SaslMechanisms = ["PLAIN"],
            OfferedCapabilities = EncodedValue.Symbols("ANONYMOUS-RELAY", "LINK_PAIR_V1_0", "SHARED-SUBS"),
            Properties = ServerProperties.CreateMap(listener?.Product ?? options.Product, version),
        };
        _anonymousSettings = _settings with { RequiresSasl = false, SaslMechanisms = ["PLAIN", "ANONYMOUS"] };
    }

    /// <summary>What clients of 1.0 are shown and granted.</summary>
    /// <param name="isAnonymousAllowed">Whether the client at hand may do without a name.</param>
    public ConnectionSettings SettingsFor(bool isAnonymousAllowed) => isAnonymousAllowed ? _anonymousSettings : _settings;

    /// <summary>The largest body of a message, in octets.</summary>
    public long MaxMessageOctets { get; }

    /// <summary>The release's rules.</summary>
    public ProfileRules Rules { get; }

    /// <summary>What connection.start and tune say.</summary>
    public ServerHandshakeOptions Handshake { get; }
}
