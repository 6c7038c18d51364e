using AmqpToolkit.Broker.Testing;
using RabbitMQ.Client;
using Xunit;

namespace Shop.Tests;

public sealed class OrderTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IDisposable
{
    private readonly TestVirtualHost _host = fixture.Broker.CreateVirtualHost();

    [Fact]
    public async Task Order_ThatIsPlaced_IsInTheQueue()
    {
        var factory = new ConnectionFactory { Uri = _host.GetUri() };
        await using IConnection connection = await factory.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);
        await channel.BasicPublishAsync("", "orders", "42"u8.ToArray());

        await _host.Queues["orders"].WaitUntilAsync(queue => queue.ReadyCount == 1);
        Assert.Equal("42", _host.Queues["orders"].Messages[0].Text);
    }

    public void Dispose() => _host.Dispose();
}
