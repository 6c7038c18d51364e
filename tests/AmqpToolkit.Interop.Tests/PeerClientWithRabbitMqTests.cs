using AmqpToolkit.Client;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V1_0;
using RabbitMQ.Client;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Our client of 1.0 with RabbitMQ 3.10 and its plugin rabbitmq_amqp1_0.</summary>
[Collection(RabbitMqCollection.Name)]
public sealed class PeerClientWithRabbitMqTests(RabbitMqServer server) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _queue = $"q-{Guid.NewGuid():N}";
    private IConnection _older = null!;
    private IChannel _channel = null!;
    private AmqpConnectionOptions _options = null!;

    private string Address => $"/amq/queue/{_queue}";

    public async Task InitializeAsync()
    {
        if (RabbitMqServer.WhyNot is not null)
        {
            return;
        }

        int port = await server.PortAsync();
        _options = new AmqpConnectionOptions { Host = "127.0.0.1", Port = port, ConnectTimeout = Patience, CallTimeout = Patience, CloseTimeout = Patience };
        _older = await new ConnectionFactory { HostName = "127.0.0.1", Port = port }.CreateConnectionAsync();
        _channel = await _older.CreateChannelAsync();
        await _channel.QueueDeclareAsync(_queue, durable: false, exclusive: false, autoDelete: false);
    }

    public async Task DisposeAsync()
    {
        if (_older is not null)
        {
            await _older.DisposeAsync();
        }
    }

    [RabbitMqServerFact]
    public async Task SendAndReceive_WithEachOutcomeThatItKnows_AreWhatTheQueueHears()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        await using var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        await using var sender = await session.OpenSenderAsync(Address).WaitAsync(Patience);
        var sent = AmqpMessage.Of("first"u8.ToArray()) with
        {
            Header = new Header { Durable = true, Priority = 3 },
            Properties = new Properties { MessageId = EncodedValue.String("m"), CorrelationId = EncodedValue.String("c"), ContentType = "text/plain" },
            ApplicationProperties = new EncodedValueBuilder().BeginMap().AddString("n").AddInt(5).AddString("s").AddString("text").End().ToValue(),
        };
        Assert.True((await sender.SendAsync(sent).AsTask().WaitAsync(Patience)).IsAccepted);
        await using var receiver = await session.OpenReceiverAsync(Address).WaitAsync(Patience);
        var delivery = await ReceiveAsync(receiver);
        Assert.Equal("first"u8.ToArray(), delivery.Message.Data.ToArray());
        Assert.Equal(("m", "c", "text/plain"), (TextOf(delivery.Message.Properties.MessageId), TextOf(delivery.Message.Properties.CorrelationId), delivery.Message.Properties.ContentType.ToString()));
        Assert.Equal((true, (byte)3), (delivery.Message.Header.Durable, delivery.Message.Header.Priority));
        Assert.True(delivery.Message.ApplicationProperties.View.TryGetMap(out var properties) && properties.TryGetValue("n"u8, out var number) && number.TryGetInt64(out long five) && five == 5);
        delivery.Release();
        delivery = await ReceiveAsync(receiver);
        Assert.False(delivery.Message.Header.FirstAcquirer);
        delivery.Accept();

        Assert.True((await sender.SendAsync(AmqpMessage.Of("second"u8.ToArray())).AsTask().WaitAsync(Patience)).IsAccepted);
        (await ReceiveAsync(receiver)).Reject("app:no", "no");
        Assert.True((await sender.SendAsync(AmqpMessage.Of("third"u8.ToArray())).AsTask().WaitAsync(Patience)).IsAccepted);
        Assert.Equal("third"u8.ToArray(), (await ReceiveAsync(receiver)).Message.Data.ToArray());

        // It gives back what was not settled when the session ends, not with the link; and nothing else.
        await session.CloseAsync().WaitAsync(Patience);
        Assert.Equal("third"u8.ToArray(), (await GetAsync()).Body.ToArray());
        Assert.Equal(0u, await _channel.MessageCountAsync(_queue));
    }

    [RabbitMqServerFact]
    public async Task Modified_WhichItDoesNotKnow_EndsWhatItIsSaidOn_AndSaysSo()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        await using var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        await _channel.BasicPublishAsync("", _queue, mandatory: true, new BasicProperties(), "x"u8.ToArray());
        var receiver = await session.OpenReceiverAsync(Address).WaitAsync(Patience);
        (await ReceiveAsync(receiver)).Modify(deliveryFailed: true);
        var reason = await receiver.Closed.WaitAsync(Patience);
        Assert.Equal((CloseScope.Session, CloseInitiator.Peer, "amqp:invalid-field"), (reason.Scope, reason.Initiator, reason.Condition));
        Assert.Equal("x"u8.ToArray(), (await GetAsync()).Body.ToArray());
    }

    [RabbitMqServerFact]
    public async Task SettledModes_BothWays_NeedNoOutcome()
    {
        const int Count = 500;
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        await using var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        await using var sender = await session.OpenSenderAsync(Address, new SenderOptions { IsSettled = true }).WaitAsync(Patience);
        for (int number = 0; number < Count; number++)
        {
            Assert.Equal(OutcomeKind.Sent, (await sender.SendAsync(AmqpMessage.Of($"{number}")).AsTask().WaitAsync(Patience)).Kind);
        }

        // Credit for all of them: where it is renewed while messages are on their way this plugin sends more than it was granted, since it counts them when they leave the queue's process.
        await using var receiver = await session.OpenReceiverAsync(Address, new ReceiverOptions { IsSettled = true, Credit = 2 * Count }).WaitAsync(Patience);
        int next = 0;
        while (next < Count)
        {
            using var batch = await receiver.ReceiveBatchAsync().AsTask().WaitAsync(Patience);
            foreach (var message in batch)
            {
                Assert.True(message.IsSettled);
                Assert.Equal($"{next++}", message.ToMessage().Text);
            }
        }

        Assert.Equal(0u, await _channel.MessageCountAsync(_queue));
    }

    [RabbitMqServerFact]
    public async Task LargeMessages_GoBothWays()
    {
        byte[] body = new byte[2_000_000];
        new Random(7).NextBytes(body);
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        await using var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        await using var sender = await session.OpenSenderAsync(Address).WaitAsync(Patience);
        await using var receiver = await session.OpenReceiverAsync(Address).WaitAsync(Patience);
        for (int round = 0; round < 3; round++)
        {
            Assert.True((await sender.SendAsync(AmqpMessage.Of(body)).AsTask().WaitAsync(Patience)).IsAccepted);
            var delivery = await ReceiveAsync(receiver);
            Assert.True(body.AsSpan().SequenceEqual(delivery.Message.Data.Span));
            delivery.Accept();
        }
    }

    [RabbitMqServerFact]
    public async Task Versions_ReadEachOther()
    {
        await using var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        await using var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        await using var sender = await session.OpenSenderAsync(Address).WaitAsync(Patience);
        Assert.True((await sender.SendAsync(AmqpMessage.Of("newer"u8.ToArray()) with { Properties = new Properties { MessageId = EncodedValue.String("m") } }).AsTask().WaitAsync(Patience)).IsAccepted);
        var got = await GetAsync();
        Assert.Equal(("m", "newer"), (got.BasicProperties.MessageId, System.Text.Encoding.UTF8.GetString(got.Body.Span)));
        await _channel.BasicPublishAsync("", _queue, mandatory: true, new BasicProperties { CorrelationId = "c" }, "older"u8.ToArray());
        await using var receiver = await session.OpenReceiverAsync(Address).WaitAsync(Patience);
        var delivery = await ReceiveAsync(receiver);
        Assert.Equal(("c", "older"), (TextOf(delivery.Message.Properties.CorrelationId), System.Text.Encoding.UTF8.GetString(delivery.Message.Data.Span)));
        delivery.Accept();
    }

    [RabbitMqServerFact]
    public async Task Ends_AreOrderly_AndRefusalsSaySo()
    {
        var connection = await AmqpConnection.ConnectAsync(_options).WaitAsync(Patience);
        var session = await connection.OpenSessionAsync().WaitAsync(Patience);
        var sender = await session.OpenSenderAsync(Address).WaitAsync(Patience);
        await sender.CloseAsync().WaitAsync(Patience);
        await session.CloseAsync().WaitAsync(Patience);
        await connection.CloseAsync().WaitAsync(Patience);
        var reason = await connection.Closed.WaitAsync(Patience);
        Assert.Equal((CloseInitiator.Local, true), (reason.Initiator, reason.IsOrderly));

        var refused = await Assert.ThrowsAsync<AmqpException>(() => AmqpConnection.ConnectAsync(_options with { Password = "wrong" })).WaitAsync(Patience);
        Assert.Equal("amqp:unauthorized-access", refused.Condition);
    }

    private static async Task<AmqpDelivery> ReceiveAsync(AmqpReceiver receiver) => await receiver.ReceiveAsync().AsTask().WaitAsync(Patience);

    /// <summary>The next message of the queue, once it is there.</summary>
    private async Task<BasicGetResult> GetAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await _channel.BasicGetAsync(_queue, autoAck: true, patience.Token) is { } got)
            {
                return got;
            }
        }
    }

    private static string? TextOf(EncodedValue value) => value.View.TryGetString(out var text) ? System.Text.Encoding.UTF8.GetString(text) : null;
}
