using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>RabbitMQ.Client, the client that most .NET programs have.</summary>
[Collection(BrokerCollection.Name)]
public sealed class RabbitMqClientTests(BrokerFixture broker) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private IConnection _connection = null!;

    public async Task InitializeAsync() => _connection = await ConnectAsync();

    public async Task DisposeAsync() => await _connection.DisposeAsync();

    [Fact]
    public async Task BasicPublish_WithConfirmTracking_ReturnsWhenConfirmed()
    {
        await using var channel = await ConfirmChannelAsync();
        var queue = await DeclareAsync(channel);

        for (var i = 0; i < 100; i++)
        {
            await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes($"{i}"));
        }

        Assert.Equal(100U, await channel.MessageCountAsync(queue));
    }

    [Fact]
    public async Task BasicPublish_ManyAtOnce_AreAllConfirmed()
    {
        await using var channel = await ConfirmChannelAsync();
        var queue = await DeclareAsync(channel);

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes($"{i}")).AsTask())).WaitAsync(Limit);

        Assert.Equal(1000U, await channel.MessageCountAsync(queue));
    }

    [Fact]
    public async Task BasicConsume_WithPrefetch_GetsAtMostThatManyBeforeItsAck()
    {
        await using var channel = await _connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel);
        for (var i = 0; i < 50; i++)
        {
            await channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes($"{i}"));
        }

        await channel.BasicQosAsync(0, 5, false);
        var seen = new List<int>();
        var unacked = 0;
        var most = 0;
        var done = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            seen.Add(int.Parse(Encoding.UTF8.GetString(delivery.Body.Span)));
            most = Math.Max(most, ++unacked);
            if (unacked == 5)
            {
                unacked = 0;
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true);
            }

            if (seen.Count == 50)
            {
                done.SetResult();
            }
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        await done.Task.WaitAsync(Limit);

        Assert.Equal(Enumerable.Range(0, 50), seen);
        Assert.True(most <= 5, $"{most} unacknowledged");
    }

    [Fact]
    public async Task Rpc_OverAServerNamedQueue_GetsItsAnswers()
    {
        await using var server = await _connection.CreateChannelAsync();
        await using var client = await _connection.CreateChannelAsync();
        var questions = await DeclareAsync(server);
        var answers = await DeclareAsync(client);
        Assert.StartsWith("amq.gen-", answers, StringComparison.Ordinal);
        var answering = new AsyncEventingBasicConsumer(server);
        answering.ReceivedAsync += async (_, delivery) =>
        {
            var number = int.Parse(Encoding.UTF8.GetString(delivery.Body.Span));
            var properties = new BasicProperties { CorrelationId = delivery.BasicProperties.CorrelationId };
            await server.BasicPublishAsync("", delivery.BasicProperties.ReplyTo!, mandatory: false, properties, Encoding.UTF8.GetBytes($"{number * number}"));
            await server.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await server.BasicConsumeAsync(questions, autoAck: false, answering);
        var replies = new ConcurrentDictionary<string, string>();
        var done = new TaskCompletionSource();
        var asking = new AsyncEventingBasicConsumer(client);
        asking.ReceivedAsync += (_, delivery) =>
        {
            replies[delivery.BasicProperties.CorrelationId!] = Encoding.UTF8.GetString(delivery.Body.Span);
            if (replies.Count == 10)
            {
                done.SetResult();
            }

            return Task.CompletedTask;
        };
        await client.BasicConsumeAsync(answers, autoAck: true, asking);

        for (var i = 0; i < 10; i++)
        {
            await client.BasicPublishAsync("", questions, mandatory: false, new BasicProperties { ReplyTo = answers, CorrelationId = $"{i}" }, Encoding.UTF8.GetBytes($"{i}"));
        }

        await done.Task.WaitAsync(Limit);
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal($"{i * i}", replies[$"{i}"]));
    }

    [Fact]
    public async Task TopicExchange_WithManyQueues_FansOut()
    {
        await using var channel = await ConfirmChannelAsync();
        var exchange = $"topic-{Guid.NewGuid():N}";
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: false, autoDelete: true);
        var wanted = new Dictionary<string, uint> { ["#"] = 4, ["log.*"] = 2, ["*.error"] = 2, ["log.error"] = 1, ["#.deep"] = 1, ["nothing"] = 0 };
        var queues = new Dictionary<string, string>();
        foreach (var pattern in wanted.Keys)
        {
            queues[pattern] = await DeclareAsync(channel);
            await channel.QueueBindAsync(queues[pattern], exchange, pattern);
        }

        foreach (var key in new[] { "log.error", "log.info", "app.error", "log.very.deep" })
        {
            await channel.BasicPublishAsync(exchange, key, Encoding.UTF8.GetBytes(key));
        }

        foreach (var (pattern, count) in wanted)
        {
            Assert.Equal((pattern, count), (pattern, await channel.MessageCountAsync(queues[pattern])));
        }
    }

    [Fact]
    public async Task BasicPublish_MandatoryAndUnroutable_ThrowsWhatCameBack()
    {
        await using var channel = await ConfirmChannelAsync();
        BasicReturnEventArgs? returned = null;
        channel.BasicReturnAsync += (_, back) =>
        {
            returned = back;
            return Task.CompletedTask;
        };

        var error = await Assert.ThrowsAsync<PublishException>(
            async () => await channel.BasicPublishAsync("amq.direct", "nobody", mandatory: true, Encoding.UTF8.GetBytes("back")));

        Assert.True(error.IsReturn, "nacked, not returned");
        Assert.Equal((312, "NO_ROUTE", "amq.direct", "nobody"), (returned!.ReplyCode, returned.ReplyText, returned.Exchange, returned.RoutingKey));
    }

    [Fact]
    public async Task BasicGet_OfEightMiB_GetsThemUnchanged()
    {
        await using var channel = await ConfirmChannelAsync();
        var queue = await DeclareAsync(channel);
        var body = new byte[8 << 20];
        new Random(42).NextBytes(body); // seed 42

        await channel.BasicPublishAsync("", queue, body);

        var found = await channel.BasicGetAsync(queue, autoAck: true);
        Assert.True(body.AsSpan().SequenceEqual(found!.Body.Span), "The body came out changed.");
    }

    [Fact]
    public async Task BasicNack_WithRequeue_BringsThemAgainInOrder()
    {
        await using var channel = await ConfirmChannelAsync();
        var queue = await DeclareAsync(channel);
        foreach (var body in new[] { "a", "b", "c" })
        {
            await channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes(body));
        }

        var last = 0UL;
        for (var i = 0; i < 3; i++)
        {
            var first = await channel.BasicGetAsync(queue, autoAck: false);
            Assert.False(first!.Redelivered);
            last = first.DeliveryTag;
        }

        await channel.BasicNackAsync(last, multiple: true, requeue: true);

        foreach (var body in new[] { "a", "b", "c" })
        {
            var second = await channel.BasicGetAsync(queue, autoAck: false);
            Assert.Equal((true, body), (second!.Redelivered, Encoding.UTF8.GetString(second.Body.Span)));
            await channel.BasicRejectAsync(second.DeliveryTag, requeue: false);
        }

        Assert.Null(await channel.BasicGetAsync(queue, autoAck: false));
    }

    [Fact]
    public async Task Tx_CommittedAndRolledBack_PublishesAllOrNothing()
    {
        await using var channel = await _connection.CreateChannelAsync();
        await using var other = await _connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel);
        await channel.TxSelectAsync();
        await channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes("rolled back"));
        await channel.TxRollbackAsync();
        await channel.BasicPublishAsync("", queue, Encoding.UTF8.GetBytes("committed"));
        Assert.Null(await other.BasicGetAsync(queue, autoAck: true));

        await channel.TxCommitAsync();

        var found = await other.BasicGetAsync(queue, autoAck: true);
        Assert.Equal("committed", Encoding.UTF8.GetString(found!.Body.Span));
        Assert.Null(await other.BasicGetAsync(queue, autoAck: true));
    }

    [Fact]
    public async Task ExclusiveQueue_OfAnotherConnection_IsLockedAndGoneAfterItsEnd()
    {
        var queue = $"exclusive-{Guid.NewGuid():N}";
        await using var owner = await ConnectAsync();
        await using var owning = await owner.CreateChannelAsync();
        await owning.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: false);
        Assert.Equal(405, await LookAsync(queue));

        await owner.CloseAsync();

        Assert.Equal(404, await LookAsync(queue));
    }

    [Fact]
    public async Task QueueDelete_UnderAConsumer_RaisesItsCancellation()
    {
        await using var channel = await _connection.CreateChannelAsync();
        await using var other = await _connection.CreateChannelAsync();
        var queue = await DeclareAsync(channel);
        var consumer = new AsyncEventingBasicConsumer(channel);
        var cancelled = new TaskCompletionSource<string[]>();
        consumer.UnregisteredAsync += (_, gone) =>
        {
            cancelled.TrySetResult(gone.ConsumerTags);
            return Task.CompletedTask;
        };
        var tag = await channel.BasicConsumeAsync(queue, autoAck: true, consumer);

        await other.QueueDeleteAsync(queue);

        Assert.Equal([tag], await cancelled.Task.WaitAsync(Limit));
    }

    [OwnBrokerFact]
    public async Task QueueDeclare_OfAUserWhoMayNot_FailsWith403AndSpoilsNothingElse()
    {
        await using var limited = await ConnectAsync("limited");
        await using var other = await limited.CreateChannelAsync();
        await using var channel = await limited.CreateChannelAsync();

        var error = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueDeclareAsync("other"));

        Assert.Equal((403, "ACCESS_REFUSED - configure access to queue 'other' in vhost '/' refused for user 'limited'"), (error.ShutdownReason!.ReplyCode, error.ShutdownReason.ReplyText));
        Assert.Equal("limited-own", (await other.QueueDeclareAsync("limited-own", exclusive: true)).QueueName);
    }

    [OwnBrokerFact]
    public async Task UpdateSecret_OfAUserWithAPassword_IsTaken()
    {
        await using var limited = await ConnectAsync("limited");

        // This client does not wait for connection.open-ok, and takes one that comes late for the answer to update-secret: an opened channel proves that it is in.
        await using var channel = await limited.CreateChannelAsync();

        await limited.UpdateSecretAsync("anything", "because").WaitAsync(Limit);

        Assert.True(limited.IsOpen);
    }

    [OwnBrokerFact]
    public async Task Connect_WithAWrongPassword_FailsWithItsReason()
    {
        var factory = new ConnectionFactory { Uri = new Uri(broker.Url), Password = "wrong", AutomaticRecoveryEnabled = false };

        var error = await Assert.ThrowsAnyAsync<Exception>(() => factory.CreateConnectionAsync());

        Assert.IsType<AuthenticationFailureException>(error.InnerException);
    }

    private static async Task<string> DeclareAsync(IChannel channel) => (await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: false)).QueueName;

    private async Task<ushort> LookAsync(string queue)
    {
        await using var channel = await _connection.CreateChannelAsync();
        var error = await Assert.ThrowsAsync<OperationInterruptedException>(() => channel.QueueDeclarePassiveAsync(queue));
        return error.ShutdownReason!.ReplyCode;
    }

    private Task<IConnection> ConnectAsync(string? user = null)
    {
        var factory = new ConnectionFactory { Uri = new Uri(broker.Url), AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit, HandshakeContinuationTimeout = Limit, RequestedConnectionTimeout = Limit };
        if (user is not null)
        {
            (factory.UserName, factory.Password) = (user, user);
        }

        return factory.CreateConnectionAsync();
    }

    private Task<IChannel> ConfirmChannelAsync() =>
        _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
}
