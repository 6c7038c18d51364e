using System.Net;
using AmqpToolkit.Broker;
using AmqpToolkit.Broker.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit;

namespace Shop.Tests;

public sealed class TimeTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private AmqpBroker _broker = null!;
    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider = _time, HeartbeatSeconds = 0 });
        _connection = await new ConnectionFactory { Uri = _broker.GetUri(), RequestedHeartbeat = TimeSpan.Zero }.CreateConnectionAsync();
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await _channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Reminder_ThatIsDelayed_ComesWhenItIsTime()
    {
        await _channel.ExchangeDeclareAsync("later", "x-delayed-message", durable: true, autoDelete: false, new Dictionary<string, object?> { ["x-delayed-type"] = "direct" });
        await _channel.QueueBindAsync("orders", "later", "reminder");
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["x-delay"] = 60_000 } };
        await _channel.BasicPublishAsync("later", "reminder", mandatory: false, properties, "pay"u8.ToArray());

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, _broker.Queues["orders"].ReadyCount);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("pay", Assert.Single(_broker.Queues["orders"].Messages).Text);
    }

    [Fact]
    public async Task Order_ThatNobodySettles_ComesBack_AndItsChannelIsClosed()
    {
        var closed = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        _channel.ChannelShutdownAsync += (_, reason) =>
        {
            closed.TrySetResult(reason);
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync("orders", autoAck: false, new AsyncEventingBasicConsumer(_channel));
        await _channel.BasicPublishAsync("", "orders", "42"u8.ToArray());
        await _broker.Queues["orders"].WaitUntilAsync(queue => queue.UnackedCount == 1);

        _time.Advance(TimeSpan.FromMinutes(32));
        Assert.Equal(406, (await closed.Task.WaitAsync(TimeSpan.FromMinutes(1))).ReplyCode);
        await _broker.Queues["orders"].WaitUntilAsync(queue => queue.ReadyCount == 1);
    }
}
