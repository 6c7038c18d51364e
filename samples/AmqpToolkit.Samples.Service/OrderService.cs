using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AmqpToolkit.Samples.Service;

/// <summary>Takes orders from the queue <c>orders</c> and publishes a receipt for each to the exchange <c>receipts</c>. What is no order goes to <c>orders.refused</c>.</summary>
public sealed class OrderService : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private OrderService(IConnection connection, IChannel channel)
    {
        _connection = connection;
        _channel = channel;
    }

    /// <summary>Connects, declares what it needs, and begins to work.</summary>
    public static async Task<OrderService> StartAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.ExchangeDeclareAsync("receipts", ExchangeType.Fanout, durable: true);
        await channel.QueueDeclareAsync("orders.refused", durable: true, exclusive: false, autoDelete: false);
        var arguments = new Dictionary<string, object?> { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = "orders.refused", ["x-message-ttl"] = 3_600_000 };
        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false, arguments);
        await channel.BasicQosAsync(0, 10, global: false);

        var service = new OrderService(connection, channel);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += service.HandleAsync;
        await channel.BasicConsumeAsync("orders", autoAck: false, consumer);
        return service;
    }

    /// <summary>Stops working.</summary>
    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task HandleAsync(object sender, BasicDeliverEventArgs delivery)
    {
        if (!int.TryParse(Encoding.UTF8.GetString(delivery.Body.Span), CultureInfo.InvariantCulture, out int amount))
        {
            await _channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false);
            return;
        }

        try
        {
            await _channel.BasicPublishAsync("receipts", "", Encoding.UTF8.GetBytes($"receipt for {amount}"));
            await _channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        }
        catch (RabbitMQ.Client.Exceptions.PublishException)
        {
            // The broker would not take the receipt: the order goes back, and is tried again.
            await _channel.BasicNackAsync(delivery.DeliveryTag, multiple: false, requeue: true);
        }
    }
}
