using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Samples.MassTransit.Tests;

/// <summary>The service with a broker of its own.</summary>
public sealed class OrderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Orders_GoodAndBad_HaveReceiptsAndFaults()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)] });
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddOrders(broker.GetUri());
        using var host = builder.Build();
        await host.StartAsync().WaitAsync(Patience);
        await broker.Queues["OrderPlaced"].WaitUntilAsync(queue => queue.ConsumerCount == 1, Patience);

        // Whoever is bound to the exchange of a message's type gets it: here a queue that the test looks into.
        await using var connection = await broker.ConnectAsync();
        await using var channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("receipts");
        await channel.ExchangeDeclareAsync("AmqpToolkit.Samples.MassTransit:ReceiptSent", "fanout", durable: true);
        await channel.QueueBindAsync("receipts", "AmqpToolkit.Samples.MassTransit:ReceiptSent", "");

        var bus = host.Services.GetRequiredService<IBus>();
        await bus.Publish(new OrderPlaced(1, 42)).WaitAsync(Patience);
        await bus.Publish(new OrderPlaced(2, 0)).WaitAsync(Patience);
        await broker.Queues["receipts"].WaitUntilAsync(queue => queue.ReadyCount == 1, Patience);
        await broker.Queues["OrderPlaced_error"].WaitUntilAsync(queue => queue.ReadyCount == 1, Patience);
        Assert.Contains("\"number\": 1", broker.Queues["receipts"].Messages[0].Text, StringComparison.Ordinal);
        Assert.Contains("\"number\": 2", broker.Queues["OrderPlaced_error"].Messages[0].Text, StringComparison.Ordinal);
        await host.StopAsync().WaitAsync(Patience);
    }
}
