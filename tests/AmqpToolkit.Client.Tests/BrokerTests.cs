using System.Collections.Concurrent;
using System.Text;
using AmqpToolkit.Client.Tests.Scripted;
using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.Tests;

/// <summary>The client with a whole broker: ours, or the one of AMQP_URL.</summary>
public sealed class BrokerTests(BrokerFixture fixture) : IClassFixture<BrokerFixture>, IAsyncLifetime
{
    private AmqpConnection _connection = null!;
    private AmqpChannel _channel = null!;
    private string _queue = "";

    public async Task InitializeAsync()
    {
        _connection = await fixture.ConnectAsync().WaitAsync(ScriptedServer.Patience);
        _channel = await _connection.OpenChannelAsync().AsTask().WaitAsync(ScriptedServer.Patience);
        _queue = (await _channel.QueueDeclareAsync("", exclusive: true).AsTask().WaitAsync(ScriptedServer.Patience)).Queue.ToString();
    }

    public Task DisposeAsync() => _connection.DisposeAsync().AsTask().WaitAsync(ScriptedServer.Patience);

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task PublishAndConsume_AllProperties_ComeBackAsTheyWere()
    {
        var properties = new BasicProperties
        {
            ContentType = "text/plain", ContentEncoding = "utf-8", DeliveryMode = 1, Priority = 3, CorrelationId = "correlation", ReplyTo = "reply", Expiration = "60000",
            MessageId = "message", Timestamp = 1_700_000_000, Type = "type", UserId = fixture.Options.UserName, AppId = "app",
            Headers = Table.Create(table => table.Add("text", "grün").Add("number", 42L).Add("yes", true).AddTable("nested", nested => nested.Add("deep", 1.5))),
        };
        Assert.True((await _channel.PublishAsync(new BasicPublish { RoutingKey = _queue }, properties, "hello"u8.ToArray())).IsConfirmed);
        await foreach (var delivery in await _channel.ConsumeAsync(_queue))
        {
            Assert.Equal("hello", Encoding.UTF8.GetString(delivery.Body.Span));
            Assert.Equal(properties, delivery.Properties.ToOwned());
            Assert.Equal((1UL, false, "", _queue), (delivery.DeliveryTag, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey));
            Assert.True(delivery.Ack());
            break;
        }

        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
    }

    [Theory(Timeout = ScriptedServer.TestTimeout)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(131_064)]
    [InlineData(131_065)]
    [InlineData(8 * 1024 * 1024)]
    public async Task Get_BodyOfAnySize_ComesBackAsItWas(int octets)
    {
        var body = new byte[octets];
        new Random(octets).NextBytes(body);
        Assert.True((await _channel.PublishAsync("", _queue, body).AsTask().WaitAsync(ScriptedServer.Patience)).IsConfirmed);
        using var delivery = await _channel.GetAsync(_queue);
        Assert.NotNull(delivery);
        Assert.True(body.AsSpan().SequenceEqual(delivery.Body.Span));
        Assert.True(delivery.Ack());
        Assert.Null(await _channel.GetAsync(_queue));
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Topic_OverAnExchangeBinding_RoutesByPattern()
    {
        string source = Unique("source");
        string destination = Unique("destination");
        await _channel.ExchangeDeclareAsync(source, "topic", autoDelete: true);
        await _channel.ExchangeDeclareAsync(destination, "fanout", autoDelete: true);
        await _channel.ExchangeBindAsync(new ExchangeBind { Destination = destination, Source = source, RoutingKey = "order.#" });
        await _channel.QueueBindAsync(_queue, destination, "");
        Assert.True((await _channel.PublishAsync(new BasicPublish { Exchange = source, RoutingKey = "order.eu.new", Mandatory = true }, default, "yes"u8.ToArray())).IsConfirmed);
        var returned = await _channel.PublishAsync(new BasicPublish { Exchange = source, RoutingKey = "invoice", Mandatory = true }, default, "no"u8.ToArray());

        Assert.Equal(PublishStatus.Returned, returned.Status);
        Assert.Equal(new ReturnReason(312, "NO_ROUTE"), returned.Return);
        using (var delivery = await _channel.GetAsync(_queue, noAck: true))
        {
            Assert.Equal(("order.eu.new", source), (delivery!.RoutingKey, delivery.Exchange));
        }

        await _channel.ExchangeUnbindAsync(new ExchangeUnbind { Destination = destination, Source = source, RoutingKey = "order.#" });
        await _channel.QueueUnbindAsync(new QueueUnbind { Queue = _queue, Exchange = destination });
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Confirms_MixedWithReturns_NameTheRightPublishes()
    {
        var publishes = new List<(bool IsRouted, Task<PublishOutcome> Outcome)>();
        var random = new Random(99);
        for (int index = 0; index < 1000; index++)
        {
            bool isRouted = random.Next(3) > 0;
            publishes.Add((isRouted, _channel.PublishAsync(
                new BasicPublish { RoutingKey = isRouted ? _queue : "nowhere-at-all", Mandatory = true }, default, "m"u8.ToArray()).AsTask()));
        }

        foreach (var (isRouted, outcome) in publishes)
        {
            Assert.Equal(isRouted ? PublishStatus.Confirmed : PublishStatus.Returned, (await outcome.WaitAsync(ScriptedServer.Patience)).Status);
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Post_TwentyThousand_AreAllConfirmedAndDeliveredInOrder()
    {
        const int Count = 20_000;
        await _channel.ConfirmSelectAsync();
        var consuming = ConsumeAsync();
        for (int index = 0; index < Count; index++)
        {
            await _channel.PostAsync("", _queue, BitConverter.GetBytes(index));
        }

        Assert.Equal(new ConfirmSummary(Count, 0, 0, 0), await _channel.ConfirmAllAsync().AsTask().WaitAsync(ScriptedServer.Patience));
        await consuming.WaitAsync(ScriptedServer.Patience);
        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);

        async Task ConsumeAsync()
        {
            var channel = await _connection.OpenChannelAsync();
            int expected = 0;
            await foreach (var delivery in await channel.ConsumeAsync(_queue))
            {
                Assert.Equal(expected++, BitConverter.ToInt32(delivery.Body.Span));
                Assert.True(delivery.Ack());
                if (expected == Count)
                {
                    break;
                }
            }

            await channel.CloseAsync();
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Consume_Prefetch_IsAsMuchAsComesUnsettled()
    {
        for (int index = 0; index < 20; index++)
        {
            await _channel.PublishAsync("", _queue, "m"u8.ToArray());
        }

        await using var consumer = await _channel.ConsumeAsync(_queue, prefetchCount: 5);
        var enumerator = consumer.GetAsyncEnumerator();
        var held = new List<Delivery>();
        for (int index = 0; index < 5; index++)
        {
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            held.Add(enumerator.Current);
        }

        var sixth = enumerator.MoveNextAsync().AsTask();

        // A round trip on the channel shows that nothing is on its way.
        Assert.Equal(15u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
        Assert.False(sixth.IsCompleted);
        Assert.True(held[2].Ack());
        Assert.True(await sixth.WaitAsync(ScriptedServer.Patience));
        Assert.Equal(6UL, enumerator.Current.DeliveryTag);
        await enumerator.DisposeAsync();
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Nack_WithRequeue_DeliversAgain()
    {
        await _channel.PublishAsync("", _queue, "m"u8.ToArray());
        int times = 0;
        await foreach (var delivery in await _channel.ConsumeAsync(_queue))
        {
            Assert.Equal(times > 0, delivery.Redelivered);
            if (++times == 3)
            {
                delivery.Ack();
                break;
            }

            Assert.True(times == 1 ? delivery.Nack() : delivery.Reject());
        }

        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Settle_Multiple_CoversWhatCameBefore()
    {
        for (int index = 0; index < 6; index++)
        {
            await _channel.PublishAsync("", _queue, "m"u8.ToArray());
        }

        var taken = new List<RetainedDelivery>();
        for (int index = 0; index < 6; index++)
        {
            taken.Add((await _channel.GetAsync(_queue))!);
        }

        Assert.True(taken[0].Ack());
        Assert.True(taken[2].Ack(multiple: true));
        Assert.True(taken[4].Nack(requeue: true, multiple: true));
        Assert.True(taken[5].Reject(requeue: false));
        Assert.Throws<InvalidOperationException>(() => taken[1].Ack());

        // RabbitMQ answers a passive declare before what it has put off, but not a purge.
        Assert.Equal(2u, await _channel.QueuePurgeAsync(_queue));
        taken.ForEach(delivery => delivery.Dispose());
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Recover_WhatIsUnsettled_ComesAgain()
    {
        await _channel.PublishAsync("", _queue, "m"u8.ToArray());
        using var first = await _channel.GetAsync(_queue);
        await _channel.RecoverAsync();
        Assert.False(first!.Ack());
        using var second = await _channel.GetAsync(_queue);
        Assert.True(second!.Redelivered);
        Assert.True(second.Ack());
        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Tx_CommitAndRollback_DecideWhatCounts()
    {
        await using var channel = await _connection.OpenChannelAsync();
        await channel.TxSelectAsync();
        await channel.PostAsync("", _queue, "lost"u8.ToArray());
        await channel.TxRollbackAsync();
        await channel.PostAsync("", _queue, "kept"u8.ToArray());
        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
        await channel.TxCommitAsync();
        using var delivery = await channel.GetAsync(_queue);
        Assert.Equal("kept"u8.ToArray(), delivery!.Body.ToArray());
        Assert.True(delivery.Ack());
        await channel.TxRollbackAsync();
        Assert.True(delivery.Ack());
        await channel.TxCommitAsync();
        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Returns_InATransaction_ReachTheirReader()
    {
        await using var channel = await _connection.OpenChannelAsync();
        var returns = channel.ReadReturnsAsync().GetAsyncEnumerator();
        await channel.TxSelectAsync();
        await channel.PostAsync(new BasicPublish { RoutingKey = "nowhere-at-all", Mandatory = true }, default, "back"u8.ToArray());
        await channel.TxCommitAsync();

        Assert.True(await returns.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
        Assert.Equal("back"u8.ToArray(), returns.Current.Body.ToArray());
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Mistake_OnOneChannel_LeavesTheOthersAlone()
    {
        await using var channel = await _connection.OpenChannelAsync();
        var exception = await Assert.ThrowsAsync<ChannelClosedException>(async () => await channel.QueueDeclarePassiveAsync("no-such-queue"));

        Assert.Equal((404, 50, 10), (exception.ReplyCode, exception.ClassId, exception.MethodId));
        Assert.Contains("no-such-queue", exception.ReplyText, StringComparison.Ordinal);
        Assert.Equal(ChannelState.Closed, channel.State);
        Assert.Equal(_queue, (await _channel.QueueDeclarePassiveAsync(_queue)).Queue.ToString());
        await using var next = await _connection.OpenChannelAsync();
        Assert.Equal(channel.Number, next.Number);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Publish_ToAMissingExchange_IsInDoubtWith404()
    {
        await using var channel = await _connection.OpenChannelAsync();
        var outcome = await channel.PublishAsync("no-such-exchange", "k", default).AsTask().WaitAsync(ScriptedServer.Patience);

        Assert.Equal(PublishStatus.InDoubt, outcome.Status);
        Assert.Equal((ushort?)404, outcome.Cause?.ReplyCode);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Consumer_QueueIsDeleted_EndsWithThatReason()
    {
        string queue = (await _channel.QueueDeclareAsync("", autoDelete: true)).Queue.ToString();
        await using var consumer = await _channel.ConsumeAsync(queue);
        var moving = consumer.GetAsyncEnumerator().MoveNextAsync().AsTask();
        await using var other = await _connection.OpenChannelAsync();
        await other.QueueDeleteAsync(queue);

        await Assert.ThrowsAsync<ConsumerCancelledException>(() => moving.WaitAsync(ScriptedServer.Patience));
        Assert.Equal(ChannelState.Open, _channel.State);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Queue_Exclusive_GoesWithItsConnection()
    {
        await using var connection = await fixture.ConnectAsync();
        await using var channel = await connection.OpenChannelAsync();
        string queue = (await channel.QueueDeclareAsync("", exclusive: true)).Queue.ToString();
        var locked = await Assert.ThrowsAsync<ChannelClosedException>(async () =>
        {
            await using var other = await _connection.OpenChannelAsync();
            await other.QueueDeclarePassiveAsync(queue);
        });
        await connection.CloseAsync();
        var gone = await Assert.ThrowsAsync<ChannelClosedException>(async () =>
        {
            await using var other = await _connection.OpenChannelAsync();
            await other.QueueDeclarePassiveAsync(queue);
        });

        Assert.Equal(405, locked.ReplyCode);
        Assert.Equal(404, gone.ReplyCode);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Rpc_OverServerNamedQueues_Answers()
    {
        using var stopping = new CancellationTokenSource();
        var serving = ServeAsync();
        await using var channel = await _connection.OpenChannelAsync();
        string replies = (await channel.QueueDeclareAsync("", exclusive: true)).Queue.ToString();
        var consumer = await channel.ConsumeAsync(replies, noAck: true);
        var enumerator = consumer.GetAsyncEnumerator();
        for (int index = 0; index < 50; index++)
        {
            await channel.PostAsync(
                new BasicPublish { RoutingKey = _queue }, new BasicProperties { ReplyTo = replies, CorrelationId = $"{index}" }, Encoding.UTF8.GetBytes($"question {index}"));
            Assert.True(await enumerator.MoveNextAsync().AsTask().WaitAsync(ScriptedServer.Patience));
            Assert.Equal($"{index}", Encoding.UTF8.GetString(enumerator.Current.Properties.CorrelationId));
            Assert.Equal($"QUESTION {index}", Encoding.UTF8.GetString(enumerator.Current.Body.Span));
        }

        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving.WaitAsync(ScriptedServer.Patience));

        async Task ServeAsync()
        {
            await using var server = await _connection.OpenChannelAsync();
            await foreach (var request in (await server.ConsumeAsync(_queue)).WithCancellation(stopping.Token))
            {
                var (replyTo, answer) = Answer(request);
                await server.PostAsync(new BasicPublish { RoutingKey = replyTo }, answer, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(request.Body.Span).ToUpperInvariant()));
                request.Ack();
            }
        }

        static (ShortString, BasicProperties) Answer(Delivery request)
        {
            var properties = request.Properties;
            return (ShortString.CopyOf(properties.ReplyTo), new BasicProperties { CorrelationId = ShortString.CopyOf(properties.CorrelationId) });
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Channel_UsedByManyTasksAtOnce_KeepsFramesAndAnswersApart()
    {
        await _channel.QosAsync(100);
        await using var consumer = await _channel.ConsumeAsync(new BasicConsume { Queue = _queue });
        const int Tasks = 16;
        const int Rounds = 100;
        var consuming = ConsumeAsync();
        await Task.WhenAll(Enumerable.Range(0, Tasks).Select(WorkAsync)).WaitAsync(ScriptedServer.Patience);
        await consuming.WaitAsync(ScriptedServer.Patience);

        async Task WorkAsync(int worker)
        {
            await Task.Yield();
            for (int round = 0; round < Rounds; round++)
            {
                var declaring = _channel.QueueDeclarePassiveAsync(_queue);
                var body = new byte[(worker * 997) + round];
                var publishing = _channel.PublishAsync("", _queue, body);
                Assert.Equal(_queue, (await declaring).Queue.ToString());
                Assert.True((await publishing).IsConfirmed);
            }
        }

        async Task ConsumeAsync()
        {
            int left = Tasks * Rounds;
            await foreach (var delivery in consumer)
            {
                Assert.True(delivery.Ack());
                if (--left == 0)
                {
                    break;
                }
            }
        }
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Deliveries_SettledByManyTasks_AreEachSettledOnce()
    {
        const int Count = 5000;
        await _channel.ConfirmSelectAsync();
        for (int index = 0; index < Count; index++)
        {
            await _channel.PostAsync("", _queue, BitConverter.GetBytes(index));
        }

        await using var channel = await _connection.OpenChannelAsync();
        var work = new BlockingCollection<Delivery>();
        Task[] workers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            foreach (var delivery in work.GetConsumingEnumerable())
            {
                Assert.True(delivery.Ack());
            }
        }))];
        int left = Count;
        var consumer = await channel.ConsumeAsync(_queue, prefetchCount: 500);
        await foreach (var delivery in consumer)
        {
            work.Add(delivery);
            if (--left == 0)
            {
                break;
            }
        }

        work.CompleteAdding();
        await Task.WhenAll(workers).WaitAsync(ScriptedServer.Patience);
        await channel.CloseAsync();
        Assert.Equal(0u, (await _channel.QueueDeclarePassiveAsync(_queue)).MessageCount);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_WrongPassword_IsRefusedWith403()
    {
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => AmqpConnection.ConnectAsync(fixture.Options with { Password = "wrong" }));

        Assert.Equal(403, exception.ReplyCode);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Connect_MissingVirtualHost_IsRefusedWith530()
    {
        var exception = await Assert.ThrowsAsync<ConnectFailedException>(() => AmqpConnection.ConnectAsync(fixture.Options with { VirtualHost = "nope" }));

        Assert.Equal(530, exception.ReplyCode);
    }

    [Fact(Timeout = ScriptedServer.TestTimeout)]
    public async Task Broker_Stops_EndsTheConnectionWith320()
    {
        await using var broker = await BrokerFixture.StartAsync();
        await using var connection = await AmqpConnection.ConnectAsync(ScriptedServer.Patient with { Host = "127.0.0.1", Port = broker.Endpoints[0].Port });
        await using var channel = await connection.OpenChannelAsync();
        await channel.QueueDeclareAsync("q");
        var consumer = await channel.ConsumeAsync("q");
        var moving = consumer.GetAsyncEnumerator().MoveNextAsync().AsTask();
        await broker.StopAsync();
        var exception = await Assert.ThrowsAsync<ConnectionClosedException>(() => moving.WaitAsync(ScriptedServer.Patience));

        Assert.Equal((320, CloseInitiator.Peer), (exception.ReplyCode, exception.Reason.Initiator));
    }

    private static string Unique(string name) => $"client-tests-{name}-{Guid.NewGuid():N}";
}
