using System.Net;
using AmqpToolkit.Broker;
using Xunit;

namespace Shop.Tests;

public sealed class BrokerFixture : IAsyncLifetime
{
    public AmqpBroker Broker { get; private set; } = null!;

    public async Task InitializeAsync() => Broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)] });

    public async Task DisposeAsync() => await Broker.DisposeAsync();
}
