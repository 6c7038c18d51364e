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

    /// <summary>By which SASL mechanisms, the best first: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, or EXTERNAL and ANONYMOUS, which say nothing of the credentials. The first that the server offers is taken.</summary>
    public IReadOnlyList<string> Mechanisms { get; init; } = [SaslMechanisms.Plain];

    /// <summary>The virtual host to open.</summary>
    public required string VirtualHost { get; init; }

    /// <summary>The limits that the client wants; the smaller of each pair counts.</summary>
    public required Tuning Wanted { get; init; }
}
