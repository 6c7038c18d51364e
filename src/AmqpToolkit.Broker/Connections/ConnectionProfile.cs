using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What the clients of one listener are shown. Immutable, shared by its connections.</summary>
internal sealed class ConnectionProfile
{
    /// <summary>Sessions that a connection of 1.0 may have, less one.</summary>
    private const int MaxSessions = 63;

    /// <summary>The password that the user has who stands for those who name nobody, as with RabbitMQ: else it is nobody's.</summary>
    private const string AnonymousPassword = "guest";

    private const int Offers = 8;

    private readonly SaslOffer[] _offers;

    public ConnectionProfile(AmqpBrokerOptions options, AmqpListener? listener = null, ushort? heartbeatSeconds = null)
    {
        ushort heartbeat = heartbeatSeconds ?? options.HeartbeatSeconds;
        var profile = listener?.Profile ?? options.Profile;
        Rules = ProfileRules.Of(profile);
        MaxMessageOctets = options.OwnMaxMessageOctets ?? Rules.MaxMessageOctets;
        string version = listener?.Version ?? (listener?.Profile is null ? options.Version : null) ?? Rules.Version;
        Anonymous = Rules.OffersAnonymous && options.AnonymousUser is { } anonymous ? new SaslCredentials(anonymous, AnonymousPassword) : null;
        var handshake = new ServerHandshakeOptions
        {
            ServerProperties = ServerProperties.Create(listener?.Product ?? options.Product, version),
            ServerPropertiesOf0_8 = options.OlderEditions ? ServerProperties.Create(listener?.Product ?? options.Product, version, hasCapabilities: false) : null,
            Takes0_9 = options.OlderEditions,
            Offer = new Tuning(options.ChannelMax, options.FrameMax, heartbeat),
            MinFrameMax = Math.Min(options.FrameMax, Rules.MinFrameMax),
            Anonymous = Anonymous,
        };
        var settings = new ConnectionSettings
        {
            ContainerId = AmqpBroker.NodeName,
            MaxFrameSize = options.FrameMax,
            ChannelMax = Math.Min(options.ChannelMax == 0 ? (ushort)MaxSessions : options.ChannelMax, (ushort)MaxSessions),
            IdleTimeOutMilliseconds = heartbeat * 1000u,
            RequiresSasl = true,
            OfferedCapabilities = EncodedValue.Symbols("ANONYMOUS-RELAY", "LINK_PAIR_V1_0", "SHARED-SUBS"),
            Properties = ServerProperties.CreateMap(listener?.Product ?? options.Product, version),
        };
        _offers = new SaslOffer[Offers];
        for (int index = 0; index < Offers; index++)
        {
            _offers[index] = new SaslOffer(options, handshake, settings, offersScram: (index & 1) != 0, isProtected: (index & 2) != 0, hasCertificate: (index & 4) != 0);
        }
    }

    /// <summary>The largest body of a message, in octets.</summary>
    public long MaxMessageOctets { get; }

    /// <summary>The release's rules.</summary>
    public ProfileRules Rules { get; }

    /// <summary>Who a client is that names nobody; null where everybody logs in.</summary>
    public SaslCredentials? Anonymous { get; }

    /// <summary>How a client may log in.</summary>
    /// <param name="transport">What is known of it from below AMQP.</param>
    /// <param name="offersScram">Whether SCRAM is offered where the options do not say what is.</param>
    public SaslOffer OfferFor(TransportConnection transport, bool offersScram) =>
        _offers[(offersScram ? 1 : 0) + (transport.IsProtected ? 2 : 0) + (transport.PeerCertificate is null ? 0 : 4)];
}
