using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;

namespace AmqpToolkit.Samples.Service.Tests;

/// <summary>What the service does when something goes wrong, and when time passes: a broker a test.</summary>
public sealed class OrderServiceFaultTests
{
    [Fact]
    public async Task Receipt_ThatTheBrokerRefuses_IsTriedAgain()
    {
        var tap = new ConnectionTap();
        tap.Faults.At(TrafficPoint.Publish, 1, Fault.Nack, connection: 1);
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], WrapTransport = tap.Wrap });
        await using var service = await OrderService.StartAsync(broker.GetUri());
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("seen");
        await channel.QueueBindAsync("seen", "receipts", "");

        await channel.PublishAsync("", "orders", "42"u8.ToArray());
        await broker.Queues["seen"].WaitUntilAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(1, Assert.Single(tap.Faults.Applied).Number);
        Assert.Contains(tap.Conversation.Lines, line => line.Contains("basic.nack", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Order_ThatNobodyTakesForAnHour_IsPutAside()
    {
        var time = new ManualTimeProvider();
        await using var broker = await AmqpBroker.StartAsync(
            new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider = time, HeartbeatSeconds = 0 });
        await using (await OrderService.StartAsync(broker.GetUri()))
        {
            // It has declared its queues, and goes.
        }

        await broker.Queues["orders"].WaitUntilAsync(queue => queue.ConsumerCount == 0);
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.OpenChannelAsync();
        await channel.PublishAsync("", "orders", "42"u8.ToArray());

        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(1, broker.Queues["orders"].ReadyCount);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("42", Assert.Single(broker.Queues["orders.refused"].Messages).Text);
    }
}
