using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;
using SaslMechanisms = AmqpToolkit.Protocol.Sasl.SaslMechanisms;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What the clients of one listener are shown. Immutable, shared by its connections.</summary>
internal sealed class ConnectionProfile
{
    /// <summary>Sessions that a connection of 1.0 may have, less one.</summary>
    private const int MaxSessions = 63;

    /// <summary>The password that the user has who stands for those who name nobody, as with RabbitMQ: else it is nobody's.</summary>
    private const string AnonymousPassword = "guest";

    private readonly ServerHandshakeOptions _scramHandshake;
    private readonly ConnectionSettings[] _settings;

    public ConnectionProfile(AmqpBrokerOptions options, AmqpListener? listener = null)
    {
        var profile = listener?.Profile ?? options.Profile;
        Rules = ProfileRules.Of(profile);
        MaxMessageOctets = options.OwnMaxMessageOctets ?? Rules.MaxMessageOctets;
        string version = listener?.Version ?? (listener?.Profile is null ? options.Version : null) ?? Rules.Version;
        IReadOnlyList<string> mechanisms = options.SaslMechanisms is { } chosen ? [.. chosen] : SaslMechanisms.All;
        Handshake = new ServerHandshakeOptions
        {
            Mechanisms = options.SaslMechanisms is null ? [SaslMechanisms.Plain, SaslMechanisms.AmqPlain] : mechanisms,
            Accepted = mechanisms,
            ServerProperties = ServerProperties.Create(listener?.Product ?? options.Product, version),
            Offer = new Tuning(options.ChannelMax, options.FrameMax, options.HeartbeatSeconds),
            MinFrameMax = Math.Min(options.FrameMax, Rules.MinFrameMax),
            Anonymous = Rules.OffersAnonymous && options.AnonymousUser is { } anonymous ? new SaslCredentials(anonymous, AnonymousPassword) : null,
        };
        _scramHandshake = Handshake with { Mechanisms = mechanisms };
        var settings = new ConnectionSettings
        {
            ContainerId = AmqpBroker.NodeName,
            MaxFrameSize = options.FrameMax,
            ChannelMax = Math.Min(options.ChannelMax == 0 ? (ushort)MaxSessions : options.ChannelMax, (ushort)MaxSessions),
            IdleTimeOutMilliseconds = options.HeartbeatSeconds * 1000u,
            RequiresSasl = true,
            OfferedCapabilities = EncodedValue.Symbols("ANONYMOUS-RELAY", "LINK_PAIR_V1_0", "SHARED-SUBS"),
            Properties = ServerProperties.CreateMap(listener?.Product ?? options.Product, version),
        };
        AcceptedFromPeers = [.. mechanisms.Where(IsForPeers)];
        _settings =
        [
            .. from index in Enumerable.Range(0, 4)
               let offered = HandshakeFor((index & 1) != 0).Mechanisms.Where(IsForPeers)
               select settings with { RequiresSasl = index < 2, SaslMechanisms = [.. index < 2 ? offered : offered.Append(SaslMechanisms.Anonymous)] },
        ];
    }

    /// <summary>What clients of 1.0 are shown and granted.</summary>
    /// <param name="isAnonymousAllowed">Whether the client at hand may do without a name.</param>
    /// <param name="offersScram">Whether SCRAM is offered where the options do not say what is.</param>
    public ConnectionSettings SettingsFor(bool isAnonymousAllowed, bool offersScram) => _settings[(isAnonymousAllowed ? 2 : 0) + (offersScram ? 1 : 0)];

    /// <summary>Those that are taken from clients of 1.0: whoever knows SCRAM to be there need not find it in the list.</summary>
    public IReadOnlyList<string> AcceptedFromPeers { get; }

    /// <summary>What connection.start and tune say.</summary>
    public ServerHandshakeOptions HandshakeFor(bool offersScram) => offersScram ? _scramHandshake : Handshake;

    /// <summary>The largest body of a message, in octets.</summary>
    public long MaxMessageOctets { get; }

    /// <summary>The release's rules.</summary>
    public ProfileRules Rules { get; }

    /// <summary>The same, with the mechanisms that every user can use.</summary>
    public ServerHandshakeOptions Handshake { get; }

    /// <summary>AMQPLAIN is a matter of the older versions.</summary>
    private static bool IsForPeers(string mechanism) => mechanism != SaslMechanisms.AmqPlain;
}
