using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>Connections of RabbitMQ's client with the patience of a test: its own limits of 10 and 20 s are near when the broker's process has only begun and the machine has other work.</summary>
internal static class PatientFactory
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static ConnectionFactory For(int port) => new()
    {
        HostName = "127.0.0.1",
        Port = port,
        AutomaticRecoveryEnabled = false,
        TopologyRecoveryEnabled = false,
        RequestedConnectionTimeout = Patience,
        HandshakeContinuationTimeout = Patience,
        ContinuationTimeout = Patience,
        SocketReadTimeout = Patience,
        SocketWriteTimeout = Patience,
    };
}
