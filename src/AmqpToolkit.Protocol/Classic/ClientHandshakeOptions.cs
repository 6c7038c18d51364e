using AmqpToolkit.Codec;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>What a client says and wants in its handshake.</summary>
public sealed class ClientHandshakeOptions
{
    /// <summary>The peer-properties of connection.start-ok.</summary>
    public required Table ClientProperties { get; init; }

    /// <summary>Who logs in.</summary>
    public required SaslCredentials Credentials { get; init; }

    /// <summary>By which SASL mechanism: PLAIN, or EXTERNAL, which says nothing of the credentials.</summary>
    public string Mechanism { get; init; } = SaslMechanisms.Plain;

    /// <summary>The virtual host to open.</summary>
    public required string VirtualHost { get; init; }

    /// <summary>The limits that the client wants; the smaller of each pair counts.</summary>
    public required Tuning Wanted { get; init; }
}
