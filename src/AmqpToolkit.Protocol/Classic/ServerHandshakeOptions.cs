using AmqpToolkit.Codec;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>What a server says and demands in its handshake. Immutable and shared by all connections.</summary>
public sealed class ServerHandshakeOptions
{
    /// <summary>The peer-properties of connection.start.</summary>
    public required Table ServerProperties { get; init; }

    /// <summary>The limits offered in connection.tune.</summary>
    public required Tuning Offer { get; init; }

    /// <summary>The smallest frame_max that a client may ask for, in octets.</summary>
    public required uint MinFrameMax { get; init; }
}
