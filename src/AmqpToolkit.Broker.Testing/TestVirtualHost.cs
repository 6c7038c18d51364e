namespace AmqpToolkit.Broker.Testing;

/// <summary>A virtual host for one test: its exchanges and queues are nobody else's, and gone with it. Any thread.</summary>
public sealed class TestVirtualHost : IDisposable
{
    internal TestVirtualHost(AmqpBroker broker, string name)
    {
        Broker = broker;
        VirtualHost = broker.VirtualHosts.Create(name);
        broker.Users.SetPermission("guest", new UserPermission(name));
    }

    /// <summary>The broker that it is in.</summary>
    public AmqpBroker Broker { get; }

    /// <summary>The virtual host.</summary>
    public BrokerVirtualHost VirtualHost { get; }

    /// <summary>The name.</summary>
    public string Name => VirtualHost.Name;

    /// <summary>Its queues, to look at.</summary>
    public BrokerQueues Queues => VirtualHost.Queues;

    /// <summary>Connects to it with AMQP 0-9-1, without a socket, as guest.</summary>
    /// <exception cref="Client.V0_9_1.ConnectFailedException">The broker refused, or has stopped.</exception>
    public Task<Client.V0_9_1.AmqpConnection> ConnectAsync(CancellationToken cancellationToken = default) =>
        Broker.ConnectAsync(new Client.V0_9_1.AmqpConnectionOptions { VirtualHost = Name }, cancellationToken);

    /// <summary>Connects to it with AMQP 1.0, without a socket.</summary>
    /// <param name="options">The options; their hostname is replaced by the one that means this virtual host.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="Client.V1_0.AmqpException">The broker refused, or has stopped.</exception>
    public Task<Client.V1_0.AmqpConnection> ConnectAsync(Client.V1_0.AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Broker.ConnectAsync(options with { Hostname = $"vhost:{Name}" }, cancellationToken);
    }

    /// <inheritdoc cref="BrokerConnecting.GetUri"/>
    public Uri GetUri() => Broker.GetUri(Name);

    /// <summary>Deletes it, with all that is in it; its connections are closed.</summary>
    public void Dispose() => Broker.VirtualHosts.Delete(Name);
}
