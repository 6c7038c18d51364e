using System.Net;

namespace AmqpToolkit.Broker;

/// <summary>A place to listen that shows itself to its clients in its own way: another release of RabbitMQ, another name.</summary>
public sealed class AmqpListener
{
    /// <summary>Where to listen; port 0 takes a free one.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>Whether its clients speak TLS: as <see cref="AmqpBrokerOptions.Tls"/> has it, which has to be there then.</summary>
    public TlsListening Tls { get; init; }

    /// <summary>Which release of RabbitMQ its clients find; null for the broker's.</summary>
    public BrokerProfile? Profile { get; init; }

    /// <summary>The product that its clients are told; null for the broker's.</summary>
    public string? Product { get; init; }

    /// <summary>The version that its clients are told; null for that of its profile, or the broker's where it has no profile of its own.</summary>
    public string? Version { get; init; }
}
