using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;

namespace AmqpToolkit.Samples.Service.Tests;

/// <summary>One broker for all tests of a class: where a container was started before.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    public AmqpBroker Broker { get; private set; } = null!;

    public async Task InitializeAsync() => Broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)] });

    public async Task DisposeAsync() => await Broker.DisposeAsync();
}
