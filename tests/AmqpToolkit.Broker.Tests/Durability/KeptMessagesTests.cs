using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>Persistent messages of durable queues outlive the broker, in order, and what became of them does, too.</summary>
public sealed class KeptMessagesTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    [Fact]
    public async Task PersistentMessages_AfterAStopInOrder_AreBackInOrderAndNotRedelivered()
    {
        await using var broker = await KeptBroker.StartAsync();
        string[] bodies = Numbers(0, 3000);
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", bodies);
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(("0", false), Show(after.Get("q")));
        after.Publish("q", "last");
        Assert.Equal([.. bodies[1..], "last"], after.Drain("q"));
        await AssertNothingStored(broker);
    }

    [Fact]
    public async Task ConfirmedMessages_AfterACrash_AreBackInOrderAndMayHaveBeenDelivered()
    {
        await using var broker = await KeptBroker.StartAsync();
        string[] bodies = Numbers(0, 500);
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", bodies);
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(("0", true), Show(after.Get("q")));
        after.Publish("q", "new");
        Assert.Equal(bodies[1..], Enumerable.Range(1, 499).Select(_ => after.Get("q")!.Value.Body));
        Assert.Equal(("new", false), Show(after.Get("q")));
        Assert.Null(after.Get("q"));
    }

    [Fact]
    public async Task TransientMessages_AndThoseOfTransientQueues_AreGone()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Raw.DeclareQueue(1, "transient");
            client.Publish("", "q", new BasicProperties(), "a");
            client.Publish("q", "b");
            client.Publish("", "q", new BasicProperties { DeliveryMode = 1 }, "c");
            client.Publish("transient", "d");
            Assert.Equal(1, broker.CountStored());
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(["b"], after.Drain("q"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Settlements_AreKept(bool isCrash)
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", Numbers(0, 10));
            ulong[] tags = [.. Enumerable.Range(0, 6).Select(_ => client.Get("q", noAck: false)!.Value.Tag)];
            client.Ack(tags[0]);
            client.Ack(tags[2]);
            client.Reject(tags[3], requeue: false);
            client.Reject(tags[4], requeue: true);
            await broker.FlushAsync();
            Assert.Equal(7, broker.CountStored());
            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
        }

        using var after = new KeptClient(broker);
        (string, bool)?[] expected = [("1", true), ("4", true), ("5", true), ("6", isCrash), ("7", isCrash), ("8", isCrash), ("9", isCrash)];
        Assert.Equal(expected, Enumerable.Range(0, 7).Select(_ => Show(after.Get("q"))));
        Assert.Null(after.Get("q"));
        await AssertNothingStored(broker);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deliveries_ToConsumers_AreKeptUntilSettled(bool noAck)
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        using (var consumer = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", Numbers(0, 3));
            consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = noAck });
            consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
            client.Publish("q", Numbers(3, 7));
            for (int index = 0; index < 10; index++)
            {
                consumer.Raw.Expect(BasicDeliverView.MethodKey);
                consumer.Raw.ExpectContent();
            }

            Assert.Equal(noAck ? 0 : 10, broker.CountStored());
            if (!noAck)
            {
                consumer.Ack(4, multiple: true);
            }

            await broker.FlushAsync();
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(noAck ? [] : Numbers(4, 6), after.Drain("q"));
    }

    /// <summary>What one consumer has to settle is written with all of its batch; what another took for good is settled at once.</summary>
    [Fact]
    public async Task BatchThatConsumersShare_OneOfWhomSettles_LeavesWhatIsNotSettled()
    {
        await using var broker = await KeptBroker.StartAsync();
        List<string> unsettled = [];
        List<string> accepted = [];
        using (var client = new KeptClient(broker))
        using (var settling = new KeptClient(broker))
        using (var taking = new KeptClient(broker))
        {
            client.Declare("q");
            settling.Raw.Send(1, new BasicQos { PrefetchCount = 300 });
            settling.Raw.Expect(BasicQosOkView.MethodKey);
            foreach (var (consumer, noAck) in new[] { (settling, false), (taking, true) })
            {
                consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = noAck });
                consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
            }

            client.Publish("q", Numbers(0, 1000));
            Take(settling, unsettled, 300);
            Take(taking, accepted, 700);
            await broker.FlushAsync();
            Assert.Equal(300, broker.CountStored());
            await broker.CrashAsync();
        }

        Assert.Equal(Numbers(0, 1000), unsettled.Concat(accepted).OrderBy(int.Parse));
        using var after = new KeptClient(broker);
        Assert.Equal(unsettled, after.Drain("q"));
        await AssertNothingStored(broker);

        static void Take(KeptClient consumer, List<string> bodies, int count)
        {
            for (int index = 0; index < count; index++)
            {
                consumer.Raw.Expect(BasicDeliverView.MethodKey);
                bodies.Add(System.Text.Encoding.UTF8.GetString(consumer.Raw.ExpectContent()));
            }
        }
    }

    /// <summary>What was written ahead for one batch is no word about the next, which goes another way because its messages have times of their own.</summary>
    [Fact]
    public async Task BatchWithTimes_BehindOneThatWasWrittenAhead_SettlesNothingOfThat()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        using (var settling = new KeptClient(broker))
        using (var taking = new KeptClient(broker))
        {
            client.Declare("q");
            settling.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
            settling.Raw.Expect(BasicConsumeOkView.MethodKey);
            client.Publish("q", Numbers(0, 50));
            for (int index = 0; index < 50; index++)
            {
                settling.Raw.Expect(BasicDeliverView.MethodKey);
                settling.Raw.ExpectContent();
            }

            settling.Raw.Send(1, new BasicCancel { ConsumerTag = "c" });
            settling.Raw.Expect(BasicCancelOkView.MethodKey);
            taking.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = true });
            taking.Raw.Expect(BasicConsumeOkView.MethodKey);
            client.Publish("", "q", new BasicProperties { DeliveryMode = 2, Expiration = "600000" }, Numbers(50, 50));
            for (int index = 0; index < 50; index++)
            {
                taking.Raw.Expect(BasicDeliverView.MethodKey);
                taking.Raw.ExpectContent();
            }

            await broker.FlushAsync();
            Assert.Equal(50, broker.CountStored());
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(Numbers(0, 50), after.Drain("q"));
        await AssertNothingStored(broker);
    }

    [Fact]
    public async Task MessageOfSeveralQueues_IsKeptOnceAndGoneWithTheLast()
    {
        await using var broker = await KeptBroker.StartAsync();
        string body = new('x', 20_000);
        using (var client = new KeptClient(broker))
        {
            foreach (string queue in (string[])["a", "b", "c"])
            {
                client.Declare(queue);
                client.Bind(queue, "amq.fanout");
            }

            client.Publish("amq.fanout", "", Persistent, body, body + "2");
            Assert.Equal(6, broker.CountStored());
            Assert.InRange(broker.Journal.Size.LiveOctets, 40_000, 45_000);
            Assert.Equal([body, body + "2"], client.Drain("a"));
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Empty(after.Drain("a"));
        Assert.Equal([body, body + "2"], after.Drain("b"));
        after.Raw.Send(1, new QueueDelete { Queue = "c" });
        after.Raw.Expect(QueueDeleteOkView.MethodKey);
        await AssertNothingStored(broker);
        Assert.InRange(broker.Journal.Size.LiveOctets, 0, 15_000);
    }

    [Fact]
    public async Task LargeBodies_AreBack()
    {
        await using var broker = await KeptBroker.StartAsync();
        string[] bodies = [.. ((int[])[65_535, 65_536, 300_000, 3_000_000]).Select(octets => new string((char)('a' + (octets % 26)), octets))];
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", bodies);
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(bodies, after.Drain("q"));
    }

    [Fact]
    public async Task PurgedAndDeleted_AreGone()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("purged");
            client.Declare("deleted");
            client.Publish("purged", Numbers(0, 2500));
            client.Publish("deleted", Numbers(0, 2500));
            client.Raw.Send(1, new QueuePurge { Queue = "purged" });
            client.Raw.Expect(QueuePurgeOkView.MethodKey);
            client.Raw.Send(1, new QueueDelete { Queue = "deleted" });
            client.Raw.Expect(QueueDeleteOkView.MethodKey);
            await AssertNothingStored(broker);
            client.Publish("purged", "after");
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(["after"], after.Drain("purged"));
    }

    [Fact]
    public async Task PrioritiesAndTimes_GoOn()
    {
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            client.Declare("p", ("x-max-priority", 5));
            client.Declare("t");
            client.Declare("ttl", ("x-message-ttl", 5000));
            client.Publish("", "p", Persistent with { Priority = 1 }, "low", "low2");
            client.Publish("", "p", Persistent with { Priority = 5 }, "high", "high2");
            client.Publish("", "t", Persistent with { Expiration = "3000" }, "short");
            client.Publish("", "t", Persistent with { Expiration = "30000" }, "long");
            client.Publish("ttl", "a");
            time.Advance(TimeSpan.FromSeconds(2));
            client.Publish("ttl", "b");
            Assert.Equal("high", client.Get("p", noAck: false)!.Value.Body);
        }

        await broker.RestartAsync();
        time.Advance(TimeSpan.FromSeconds(3.5));
        using var after = new KeptClient(broker);
        Assert.Equal(("high", true), Show(after.Get("p")));
        Assert.Equal(["high2", "low", "low2"], after.Drain("p"));
        Assert.Equal(["long"], after.Drain("t"));
        Assert.Equal(["b"], after.Drain("ttl"));
        await AssertNothingStored(broker);
    }

    private static (string Body, bool IsRedelivered)? Show((string Body, bool IsRedelivered, ulong Tag)? message) =>
        message is { } there ? (there.Body, there.IsRedelivered) : null;

    private static string[] Numbers(int first, int count) => [.. Enumerable.Range(first, count).Select(number => $"{number}")];

    private static async Task AssertNothingStored(KeptBroker broker)
    {
        await broker.FlushAsync();
        Assert.Equal(0, broker.CountStored());
    }
}
