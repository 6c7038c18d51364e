using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Tests.Connections;

/// <summary>Deliveries that a client leaves unsettled for too long.</summary>
public sealed class ConsumerTimeoutTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData(null, 30 * 60_000)]
    [InlineData(6000, 6000)]
    public async Task Delivery_ThatIsNotSettledInItsTime_ClosesItsChannel(int? argument, int timeout)
    {
        await using var broker = await TestBroker.StartAsync(_time);
        using var client = RawClient.Open(broker);
        Declare(client, argument is { } own ? Table.Create(table => table.Add("x-consumer-timeout", own)) : default);
        client.Publish(1, "", "q", [1]);
        client.Publish(1, "", "q", [2]);
        client.Expect(BasicDeliverView.MethodKey);
        client.ExpectContent();
        client.Expect(BasicDeliverView.MethodKey);
        client.ExpectContent();
        client.OpenChannel(2);

        _time.Advance(TimeSpan.FromMilliseconds(timeout - 1));
        client.DeclareQueue(2, "still there");
        _time.Advance(TimeSpan.FromMilliseconds((timeout / 4) + 60_000));

        Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(client.Expect(ChannelCloseView.MethodKey), out var close));
        Assert.Equal(406, close.ReplyCode);
        Assert.Equal(
            $"PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: {timeout} ms. This timeout value can be configured, see consumers doc guide to learn more",
            System.Text.Encoding.UTF8.GetString(close.ReplyText));
        Assert.Equal((0, 0), (close.ClassId, close.MethodId));
        var queue = broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        Assert.Equal(2u, queue.ReadyCount);
        client.Send(1, default(ChannelCloseOk));
        client.OpenChannel(1);
        Assert.Equal(0u, queue.ConsumerCount);
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Expect(BasicGetOkView.MethodKey);
        Assert.Equal([1], client.ExpectContent());
    }

    [Fact]
    public async Task Deliveries_ThatAreSettledInTime_KeepTheChannelOpen_AndLeaveNoTimer()
    {
        await using var broker = await TestBroker.StartAsync(_time);
        using var client = RawClient.Open(broker);
        int timers = broker.Timers.Count;
        Declare(client, default);
        for (int round = 0; round < 10; round++)
        {
            client.Publish(1, "", "q", [1]);
            Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(client.Expect(BasicDeliverView.MethodKey), out var delivered));
            client.ExpectContent();
            _time.Advance(TimeSpan.FromMinutes(20));
            client.Send(1, new BasicAck { DeliveryTag = delivered.DeliveryTag });
            client.DeclareQueue(1, "an answer");
        }

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(timers, broker.Timers.Count);
        client.DeclareQueue(1, "an answer");
    }

    [Fact]
    public async Task InRabbitMq43_TheConsumerOfAQuorumQueueEnds_AndNothingElse()
    {
        await using var broker = await TestBroker.StartAsync(_time, profile: BrokerProfile.V4_3);
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true, Arguments = Table.Create(table => table.Add("x-queue-type", "quorum")) });
        client.Expect(QueueDeclareOkView.MethodKey);
        client.Send(1, new QueueDeclare { Queue = "classic", Durable = true });
        client.Expect(QueueDeclareOkView.MethodKey);
        client.Publish(1, "", "classic", [9]);
        client.Publish(1, "", "q", [1]);
        client.Send(1, new BasicGet { Queue = "classic" });
        client.Expect(BasicGetOkView.MethodKey);
        client.ExpectContent();
        client.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "late" });
        client.Expect(BasicConsumeOkView.MethodKey);
        client.Expect(BasicDeliverView.MethodKey);
        client.ExpectContent();

        _time.Advance(TimeSpan.FromMinutes(32));

        Assert.Equal(DecodeError.None, BasicCancelView.TryParse(client.Expect(BasicCancelView.MethodKey), out var cancel));
        Assert.Equal("late"u8, cancel.ConsumerTag);
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Expect(BasicGetOkView.MethodKey);
        Assert.Equal([1], client.ExpectContent());
        client.Send(1, new BasicAck { DeliveryTag = 1 });
        client.Send(1, new QueueDeclare { Queue = "classic", Passive = true });
        client.Expect(QueueDeclareOkView.MethodKey);
    }

    [Fact]
    public async Task Channel_ThatWasClosedForItsTimeout_LeavesItsPlaceAtOnce()
    {
        await using var broker = await TestBroker.StartAsync(_time);
        using var first = RawClient.Open(broker);
        using var second = RawClient.Open(broker);
        Declare(first, Table.Create(table => table.Add("x-single-active-consumer", true)));
        first.Publish(1, "", "q", [1]);
        first.Expect(BasicDeliverView.MethodKey);
        first.ExpectContent();
        second.OpenChannel(1);
        second.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "next" });
        second.Expect(BasicConsumeOkView.MethodKey);

        _time.Advance(TimeSpan.FromMinutes(32));

        // The first client has not answered the close, and may never do so.
        second.Expect(BasicDeliverView.MethodKey);
        Assert.Equal([1], second.ExpectContent());
        Assert.Equal(1u, broker.FindVirtualHost("/")!.FindQueue("q"u8)!.ConsumerCount);
        first.Expect(ChannelCloseView.MethodKey);
        first.Send(1, default(ChannelCloseOk));
        first.OpenChannel(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Delivery_WithAShortTime_IsNotHiddenByAnOlderOneWithALongTime(bool ofConsumer)
    {
        await using var broker = await TestBroker.StartAsync(_time, profile: ofConsumer ? BrokerProfile.V4_3 : BrokerProfile.V4_2);
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        foreach (var (name, time) in ((string, int)[])[("long", 3_600_000), ("short", 6000)])
        {
            var timeout = Table.Create(table => table.Add("x-consumer-timeout", time));
            client.Send(1, new QueueDeclare
            {
                Queue = name,
                Durable = true,
                Arguments = ofConsumer ? Table.Create(table => table.Add("x-queue-type", "quorum")) : timeout,
            });
            client.Expect(QueueDeclareOkView.MethodKey);
            client.Send(1, new BasicConsume { Queue = name, ConsumerTag = name, Arguments = ofConsumer ? timeout : default });
            client.Expect(BasicConsumeOkView.MethodKey);
            client.Publish(1, "", name, [1]);
            client.Expect(BasicDeliverView.MethodKey);
            client.ExpectContent();
        }

        // With the long time alone the next look would be a minute from now.
        _time.Advance(TimeSpan.FromSeconds(8));

        if (ofConsumer)
        {
            Assert.Equal(DecodeError.None, BasicCancelView.TryParse(client.Expect(BasicCancelView.MethodKey), out var cancel));
            Assert.Equal("short"u8, cancel.ConsumerTag);
            client.Send(1, default(BasicQos));
            client.Expect(BasicQosOkView.MethodKey);
            _time.Advance(TimeSpan.FromMinutes(62));
            Assert.Equal(DecodeError.None, BasicCancelView.TryParse(client.Expect(BasicCancelView.MethodKey), out cancel));
            Assert.Equal("long"u8, cancel.ConsumerTag);
        }
        else
        {
            Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(client.Expect(ChannelCloseView.MethodKey), out var close));
            Assert.Contains("Timeout value used: 6000 ms", System.Text.Encoding.UTF8.GetString(close.ReplyText), StringComparison.Ordinal);
        }
    }

    /// <summary>The timer comes between the publishes of a commit and its acknowledgements: they hold together still.</summary>
    [Fact]
    public async Task Channel_ThatIsClosedWhileItCommits_HasCommittedAll()
    {
        await using var broker = await TestBroker.StartAsync(_time);
        using var client = RawClient.Open(broker);
        Declare(client, default);
        client.Send(1, default(TxSelect));
        client.Expect(TxSelectOkView.MethodKey);
        client.Send(1, new QueueDeclare { Queue = "target" });
        client.Expect(QueueDeclareOkView.MethodKey);
        var queues = broker.FindVirtualHost("/")!;
        var target = queues.FindQueue("target"u8)!;
        var consumer = new TextConsumer(target)
        {
            OnTake = () => Task.Factory.StartNew(() => _time.Advance(TimeSpan.FromMinutes(32)), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Wait(),
        };
        Assert.True(target.TryAddConsumer(consumer, new Turn(), static _ => { }));
        using (var other = RawClient.Open(broker))
        {
            other.OpenChannel(1);
            other.Publish(1, "", "q", [1]);
            other.Publish(1, "", "q", [2]);
            other.DeclareQueue(1, "an answer");
        }

        client.Expect(BasicDeliverView.MethodKey);
        client.ExpectContent();
        Assert.Equal(DecodeError.None, BasicDeliverView.TryParse(client.Expect(BasicDeliverView.MethodKey), out var second));
        client.ExpectContent();
        client.Send(1, new BasicAck { DeliveryTag = second.DeliveryTag });
        client.Publish(1, "", "target", [3]);
        client.Send(1, default(TxCommit));

        client.Expect(ChannelCloseView.MethodKey);
        client.Send(1, default(ChannelCloseOk));
        client.OpenChannel(1);
        Assert.Single(consumer.Taken);
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Expect(BasicGetOkView.MethodKey);
        Assert.Equal([1], client.ExpectContent());
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Expect(BasicGetEmptyView.MethodKey);
    }

    private static void Declare(RawClient client, Table arguments)
    {
        client.OpenChannel(1);
        client.Send(1, new QueueDeclare { Queue = "q", Arguments = arguments });
        client.Expect(QueueDeclareOkView.MethodKey);
        client.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        client.Expect(BasicConsumeOkView.MethodKey);
    }
}
