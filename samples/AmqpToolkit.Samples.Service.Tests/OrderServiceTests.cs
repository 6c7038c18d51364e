using AmqpToolkit.Broker.Testing;
using AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Samples.Service.Tests;

/// <summary>The service with a broker of its own: each test has a virtual host, so that none sees the others' queues.</summary>
public sealed class OrderServiceTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private readonly TestVirtualHost _host = fixture.Broker.CreateVirtualHost();
    private OrderService _service = null!;
    private AmqpConnection _connection = null!;
    private AmqpChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _service = await OrderService.StartAsync(_host.GetUri());
        _connection = await _host.ConnectAsync();
        _channel = await _connection.OpenChannelAsync();
        await _channel.QueueDeclareAsync("seen");
        await _channel.QueueBindAsync("seen", "receipts", "");
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _connection.DisposeAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task Order_ThatIsGood_HasAReceipt()
    {
        await _channel.PublishAsync("", "orders", "42"u8.ToArray());
        await _host.Queues["seen"].WaitUntilAsync(queue => queue.ReadyCount == 1);
        Assert.Equal("receipt for 42", _host.Queues["seen"].Messages[0].Text);
        await _host.Queues["orders"].WaitUntilAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Order_ThatIsNone_IsPutAside()
    {
        await _channel.PublishAsync("", "orders", "a lot"u8.ToArray());
        await _host.Queues["orders.refused"].WaitUntilAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(0, _host.Queues["seen"].MessageCount);
    }
}
