using AmqpToolkit.Codec;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>What a server says and demands in its handshake. Immutable and shared by all connections.</summary>
public sealed record ServerHandshakeOptions
{
    /// <summary>The peer-properties of connection.start.</summary>
    public required Table ServerProperties { get; init; }

    /// <summary>The peer-properties for clients of 0-8, whose tables have no booleans; null to refuse the edition.</summary>
    public Table? ServerPropertiesOf0_8 { get; init; }

    /// <summary>Whether the header of 0-9 is taken.</summary>
    public bool Takes0_9 { get; init; } = true;

    /// <summary>The limits offered in connection.tune.</summary>
    public required Tuning Offer { get; init; }

    /// <summary>The SASL mechanisms that are offered, in this order, before ANONYMOUS.</summary>
    public IReadOnlyList<string> Mechanisms { get; init; } = [SaslMechanisms.Plain, SaslMechanisms.AmqPlain];

    /// <summary>Those that are taken, offered or not; null for those that are offered.</summary>
    public IReadOnlyList<string>? Accepted { get; init; }

    /// <summary>Who a client is that names nobody (SASL ANONYMOUS, RFC 4505): as if it had given these; null to offer no such thing.</summary>
    public SaslCredentials? Anonymous { get; init; }

    /// <summary>The smallest frame_max that a client may ask for, in octets.</summary>
    public required uint MinFrameMax { get; init; }
}
