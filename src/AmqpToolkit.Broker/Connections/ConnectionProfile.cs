using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <summary>What the clients of one listener are shown. Immutable, shared by its connections.</summary>
internal sealed class ConnectionProfile
{
    public ConnectionProfile(AmqpBrokerOptions options, AmqpListener? listener = null)
    {
        var profile = listener?.Profile ?? options.Profile;
        Rules = ProfileRules.Of(profile);
        string version = listener?.Version ?? (listener?.Profile is null ? options.Version : null) ?? Rules.Version;
        Handshake = new ServerHandshakeOptions
        {
            ServerProperties = ServerProperties.Create(listener?.Product ?? options.Product, version),
            Offer = new Tuning(options.ChannelMax, options.FrameMax, options.HeartbeatSeconds),
            MinFrameMax = Math.Min(options.FrameMax, Rules.MinFrameMax),
        };
    }

    /// <summary>The release's rules.</summary>
    public ProfileRules Rules { get; }

    /// <summary>What connection.start and tune say.</summary>
    public ServerHandshakeOptions Handshake { get; }
}
