using System.Net;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Testing;

/// <summary>Ways from a test to its broker: without a socket for the clients of the toolkit, by a URI for all others.</summary>
public static class BrokerConnecting
{
    /// <summary>Connects with AMQP 0-9-1, without a socket, as guest to the virtual host <c>/</c>.</summary>
    /// <exception cref="Client.V0_9_1.ConnectFailedException">The broker refused, or has stopped.</exception>
    public static Task<Client.V0_9_1.AmqpConnection> ConnectAsync(this AmqpBroker broker, CancellationToken cancellationToken = default) =>
        broker.ConnectAsync(new Client.V0_9_1.AmqpConnectionOptions(), cancellationToken);

    /// <summary>Connects with AMQP 0-9-1, without a socket: host and port of the options mean nothing.</summary>
    /// <exception cref="Client.V0_9_1.ConnectFailedException">The broker refused, or has stopped.</exception>
    public static Task<Client.V0_9_1.AmqpConnection> ConnectAsync(
        this AmqpBroker broker, Client.V0_9_1.AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return Client.V0_9_1.AmqpConnection.ConnectAsync(options.To(broker), cancellationToken);
    }

    /// <summary>Connects with AMQP 1.0, without a socket: host and port of the options mean nothing.</summary>
    /// <exception cref="Client.V1_0.AmqpException">The broker refused, or has stopped.</exception>
    public static Task<Client.V1_0.AmqpConnection> ConnectAsync(
        this AmqpBroker broker, Client.V1_0.AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return Client.V1_0.AmqpConnection.ConnectAsync(options.To(broker), cancellationToken);
    }

    /// <summary>The same options, for connections to a broker in this process: for what makes its connections itself.</summary>
    public static Client.V0_9_1.AmqpConnectionOptions To(this Client.V0_9_1.AmqpConnectionOptions options, AmqpBroker broker)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(broker);
        return options with { Transport = TransportTo(broker) };
    }

    /// <inheritdoc cref="To(Client.V0_9_1.AmqpConnectionOptions, AmqpBroker)"/>
    public static Client.V1_0.AmqpConnectionOptions To(this Client.V1_0.AmqpConnectionOptions options, AmqpBroker broker)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(broker);
        return options with { Transport = TransportTo(broker) };
    }

    /// <summary>The URI of a broker that listens, for clients that need a socket: <c>amqp://guest:guest@127.0.0.1:54321/</c>.</summary>
    /// <param name="broker">The broker; its first endpoint is taken.</param>
    /// <param name="virtualHost">The virtual host.</param>
    /// <exception cref="InvalidOperationException">It does not listen: its options have no endpoint.</exception>
    public static Uri GetUri(this AmqpBroker broker, string virtualHost = "/")
    {
        ArgumentNullException.ThrowIfNull(broker);
        ArgumentNullException.ThrowIfNull(virtualHost);
        if (broker.Endpoints is not [var endpoint, ..])
        {
            throw new InvalidOperationException("The broker does not listen: give its options an endpoint, on port 0 for a free one.");
        }

        var address = endpoint.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : endpoint.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : endpoint.Address;
        return new Uri($"amqp://guest:guest@{new IPEndPoint(address, endpoint.Port)}/{(virtualHost == "/" ? "" : Uri.EscapeDataString(virtualHost))}");
    }

    /// <summary>Makes a virtual host for one test, which guest may use: what happens there nobody else sees.</summary>
    /// <returns>The virtual host; it is deleted, with its connections, when it is disposed of.</returns>
    /// <param name="broker">The broker.</param>
    /// <param name="name">The name; null for one that is free.</param>
    public static TestVirtualHost CreateVirtualHost(this AmqpBroker broker, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return new TestVirtualHost(broker, name ?? $"test-{Guid.NewGuid():N}");
    }

    private static Func<CancellationToken, ValueTask<TransportConnection>> TransportTo(AmqpBroker broker) => _ => new ValueTask<TransportConnection>(broker.ConnectInMemory());
}
