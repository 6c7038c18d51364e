using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>RabbitMQ's extensions of queues, as programs with RabbitMQ.Client use them.</summary>
[Collection(BrokerCollection.Name)]
public sealed class RabbitMqClientQueueTests(BrokerFixture broker) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public static TheoryData<string, string, object, string?, string, string> Limits => new()
    {
        { "a b", "x-message-ttl", 0, null, "", "a expired, b expired" },
        { "a b c", "x-max-length", 2, null, "b c", "a maxlen" },
        { "aaaa bb cc", "x-max-length-bytes", 4, null, "bb cc", "aaaa maxlen" },
        { "a b", "x-max-length", 1, "reject-publish-dlx", "a", "b maxlen" },
        { "a b3 c9 d3", "x-max-priority", 5, null, "c9 b3 d3 a", "" },
    };

    public async Task InitializeAsync()
    {
        _connection = await new ConnectionFactory { Uri = new Uri(broker.Url), AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit, HandshakeContinuationTimeout = Limit, RequestedConnectionTimeout = Limit }.CreateConnectionAsync();
        _channel = await _connection.CreateChannelAsync();
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task Queue_WithALimit_KeepsWhatFitsAndTellsWhyTheRestDied(string published, string argument, object value, string? overflow, string left, string dead)
    {
        var deadLetters = await DeclareAsync();
        var queue = await DeclareAsync((argument, value), ("x-overflow", overflow), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", deadLetters));

        foreach (var body in published.Split(' '))
        {
            var properties = new BasicProperties { Priority = (byte)(char.IsDigit(body[^1]) ? body[^1] - '0' : 0) };
            await _channel.BasicPublishAsync("", queue, mandatory: false, properties, Encoding.UTF8.GetBytes(body));
        }

        var died = dead.Length == 0 ? [] : await TakeAsync(deadLetters, dead.Split(", ").Length);
        Assert.Equal(dead, string.Join(", ", died.Select(one => $"{Encoding.UTF8.GetString(one.Body.Span)} {ReasonOf(one.BasicProperties)}")));
        var kept = left.Length == 0 ? [] : await TakeAsync(queue, left.Split(' ').Length);
        Assert.Equal(left, string.Join(' ', kept.Select(one => Encoding.UTF8.GetString(one.Body.Span))));
    }

    [Fact]
    public async Task RejectPublish_PastTheLimit_ThrowsForThePublisherWhoTracksConfirms()
    {
        var channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        var queue = await DeclareAsync(("x-max-length", 1), ("x-overflow", "reject-publish"));
        await channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes("fits"));

        var refused = await Assert.ThrowsAsync<PublishException>(async () => await channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes("does not")));

        Assert.False(refused.IsReturn);
    }

    [Fact]
    public async Task QuorumQueue_AfterItsDeliveryLimit_GivesUpAMessage()
    {
        var deadLetters = await DeclareAsync();
        var queue = $"quorum-{Guid.NewGuid():N}";
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 2, ["x-expires"] = 60_000, ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = deadLetters,
        };
        await _channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await _channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes("poison"));
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) => _channel.BasicRejectAsync(delivery.DeliveryTag, requeue: true).AsTask();

        await _channel.BasicConsumeAsync(queue, autoAck: false, consumer);

        Assert.Equal("delivery_limit", ReasonOf((await TakeAsync(deadLetters, 1))[0].BasicProperties));
    }

    [Theory]
    [InlineData(true, null, "first")]
    [InlineData(false, 5, "second")]
    public async Task Consumers_OfOneQueue_AreChosenAsItsArgumentsSay(bool isSingle, int? priority, string expected)
    {
        var queue = await DeclareAsync(("x-single-active-consumer", isSingle ? true : null));
        var seen = new List<string>();
        var come = new SemaphoreSlim(0);
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            seen.Add(delivery.ConsumerTag);
            come.Release();
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(queue, autoAck: true, "first", consumer);
        await _channel.BasicConsumeAsync(queue, autoAck: true, "second", noLocal: false, exclusive: false, priority is null ? null : new Dictionary<string, object?> { ["x-priority"] = priority }, consumer);

        for (var i = 0; i < 3; i++)
        {
            await _channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);
            Assert.True(await come.WaitAsync(Limit));
        }

        await _channel.BasicCancelAsync(expected);
        await _channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);
        Assert.True(await come.WaitAsync(Limit));
        Assert.Equal([expected, expected, expected, expected == "first" ? "second" : "first"], seen);
    }

    [Fact]
    public async Task DeadLetters_RoundAndRound_CountEachDeath()
    {
        var waiting = $"waiting-{Guid.NewGuid():N}";
        var work = await DeclareAsync(("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", waiting));
        await _channel.QueueDeclareAsync(waiting, durable: false, exclusive: true, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-message-ttl"] = 10, ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = work,
        });
        var turns = new List<string>();
        var done = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            turns.Add(string.Join(", ", DeathsOf(delivery.BasicProperties).Select(death => $"{Text(death["queue"])} {Text(death["reason"])} {death["count"]}")));
            if (turns.Count < 3)
            {
                await _channel.BasicRejectAsync(delivery.DeliveryTag, requeue: false);
            }
            else
            {
                turns.Add(Text(delivery.BasicProperties.Headers!["x-first-death-reason"]!));
                done.TrySetResult();
            }
        };
        await _channel.BasicConsumeAsync(work, autoAck: false, consumer);

        await _channel.BasicPublishAsync("", work, mandatory: true, ReadOnlyMemory<byte>.Empty);

        await done.Task.WaitAsync(Limit);
        Assert.Equal(["", $"{waiting} expired 1, {work} rejected 1", $"{waiting} expired 2, {work} rejected 2", "rejected"], turns);
    }

    [Fact]
    public async Task Queue_ThatNobodyUses_ExpiresAndIsMissing()
    {
        var queue = await DeclareAsync(("x-expires", 1));

        // A look may begin its time anew, which is shorter than the time between looks.
        ushort code = 0;
        for (var started = Stopwatch.GetTimestamp(); code == 0 && Stopwatch.GetElapsedTime(started) < Limit; await Task.Delay(50))
        {
            await using var channel = await _connection.CreateChannelAsync();
            try
            {
                await channel.QueueDeclarePassiveAsync(queue);
            }
            catch (OperationInterruptedException gone)
            {
                code = gone.ShutdownReason!.ReplyCode;
            }
        }

        Assert.Equal(404, code);
    }

    [OwnBrokerFact] // RabbitMQ looks once a minute
    public async Task Delivery_ThatNobodySettles_ClosesItsChannelAndComesAgain()
    {
        var queue = await DeclareAsync(("x-consumer-timeout", 100));
        await using var channel = await _connection.CreateChannelAsync();
        var ended = EndOf(channel);
        await channel.BasicConsumeAsync(queue, autoAck: false, new AsyncEventingBasicConsumer(channel));

        await _channel.BasicPublishAsync("", queue, mandatory: true, Encoding.UTF8.GetBytes("late"));

        Assert.Equal(406, (await ended.WaitAsync(Limit)).ReplyCode);
        Assert.True((await TakeAsync(queue, 1))[0].Redelivered);
    }

    [Fact]
    public async Task Publish_InAnothersName_ClosesItsChannel()
    {
        await using var channel = await _connection.CreateChannelAsync();
        var ended = EndOf(channel);

        await channel.BasicPublishAsync("", "nobody", mandatory: false, new BasicProperties { UserId = "another" }, ReadOnlyMemory<byte>.Empty);

        var reason = await ended.WaitAsync(Limit);
        Assert.Equal((406, "PRECONDITION_FAILED - user_id property set to 'another' but authenticated user was 'guest'"), (reason.ReplyCode, reason.ReplyText));
    }

    private static Task<ShutdownEventArgs> EndOf(IChannel channel)
    {
        var ended = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult(reason);
            return Task.CompletedTask;
        };
        return ended.Task;
    }

    private static IEnumerable<IDictionary<string, object>> DeathsOf(IReadOnlyBasicProperties properties) =>
        properties.Headers?.TryGetValue("x-death", out var deaths) is true ? ((List<object>)deaths!).Cast<IDictionary<string, object>>() : [];

    private static string Text(object value) => Encoding.UTF8.GetString((byte[])value);

    private static string ReasonOf(IReadOnlyBasicProperties properties) =>
        Text(DeathsOf(properties).First()["reason"]);

    private async Task<List<BasicDeliverEventArgs>> TakeAsync(string queue, int count)
    {
        var found = new List<BasicDeliverEventArgs>();
        var done = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            found.Add(new BasicDeliverEventArgs(delivery.ConsumerTag, delivery.DeliveryTag, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey, delivery.BasicProperties, delivery.Body.ToArray()));
            if (found.Count == count)
            {
                done.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        await done.Task.WaitAsync(Limit);
        return found;
    }

    private async Task<string> DeclareAsync(params (string Key, object? Value)[] arguments) =>
        (await _channel.QueueDeclareAsync(
            "", durable: false, exclusive: true, autoDelete: false, arguments.Where(one => one.Value is not null).ToDictionary(one => one.Key, one => one.Value))).QueueName;
}
