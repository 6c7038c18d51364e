using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Xunit;
using Xunit.Abstractions;

namespace Shop.Tests;

public sealed class FaultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Order_ThatTheBrokerRefuses_CanBePlacedAgain()
    {
        var tap = new ConnectionTap();
        tap.Faults.At(TrafficPoint.Publish, 1, Fault.Nack);
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], WrapTransport = tap.Wrap });
        try
        {
            await using IConnection connection = await new ConnectionFactory { Uri = broker.GetUri() }.CreateConnectionAsync();
            await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);

            await Assert.ThrowsAsync<PublishException>(async () => await channel.BasicPublishAsync("", "orders", "42"u8.ToArray()));
            Assert.Equal(0, broker.Queues["orders"].ReadyCount);
            await channel.BasicPublishAsync("", "orders", "42"u8.ToArray());
            Assert.Equal(1, broker.Queues["orders"].ReadyCount);
        }
        finally
        {
            output.WriteLine(tap.Conversation.ToString());
        }
    }
}
