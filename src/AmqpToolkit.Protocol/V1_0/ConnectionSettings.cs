using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Protocol.V1_0;

/// <summary>What one end of a connection is called, grants and bears. Immutable.</summary>
public sealed record ConnectionSettings
{
    /// <summary>The name of this container (1.0 section 2.7.1).</summary>
    public required string ContainerId { get; init; }

    /// <summary>The host or virtual host that a client wants; null for none.</summary>
    public string? Hostname { get; init; }

    /// <summary>The largest frame that is taken, in octets, its header counted; at least 512.</summary>
    public uint MaxFrameSize { get; init; } = 64 * 1024;

    /// <summary>The highest channel that the peer may use.</summary>
    public ushort ChannelMax { get; init; } = 255;

    /// <summary>The highest handle that the peer may use on a session; 65535 at most.</summary>
    public uint HandleMax { get; init; } = 255;

    /// <summary>
    /// The idle-time-out that is announced, in milliseconds; 0 for none. A peer that is silent for twice as long is gone (1.0 section 2.4.5 asks to
    /// announce half of the time that is really waited).
    /// </summary>
    public uint IdleTimeOutMilliseconds { get; init; }

    /// <summary>The shortest idle-time-out of a peer that can be kept, in milliseconds.</summary>
    public uint MinIdleTimeOutMilliseconds { get; init; } = 100;

    /// <summary>Transfers of a session that the peer may have on their way.</summary>
    public uint IncomingWindow { get; init; } = 2048;

    /// <summary>Transfers that one delivery may consist of.</summary>
    public int MaxFramesPerDelivery { get; init; } = 1 << 20;

    /// <summary>Whether a client must authenticate: then a header without SASL is answered by the SASL header, and the stream ends.</summary>
    public bool RequiresSasl { get; init; }

    /// <summary>SASL mechanisms that a server offers.</summary>
    public IReadOnlyList<string> SaslMechanisms { get; init; } = ["ANONYMOUS"];

    /// <summary>What open.offered-capabilities says: null or symbols.</summary>
    public EncodedValue OfferedCapabilities { get; init; }

    /// <summary>What open.desired-capabilities says: null or symbols.</summary>
    public EncodedValue DesiredCapabilities { get; init; }

    /// <summary>What open.properties says: null or a map.</summary>
    public EncodedValue Properties { get; init; }
}
