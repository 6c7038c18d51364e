using AmqpToolkit.Broker.Tests.Queues;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What durable exchanges keep of persistent messages - those that wait, and a history - outlives the broker.</summary>
public sealed class KeptExchangeTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DelayedMessages_AfterAStopOrACrash_ComeWhenTheirTimeHasCome(bool isCrash)
    {
        var time = NewTime();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "direct"));
            client.Declare("q");
            client.Bind("q", "delayed", "k");
            client.Publish("delayed", "k", Delayed(Hour * 3, isPersistent: true), "three");
            client.Publish("delayed", "k", Delayed(Hour, isPersistent: true), "one");
            client.Publish("delayed", "k", Delayed(Hour * 2, isPersistent: false), "transient");
            client.Publish("delayed", "k", Delayed(Hour * 2, isPersistent: true), "two", new string('x', 100_000));
            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
        }

        using var after = new KeptClient(broker);
        Assert.Null(after.Get("q"));
        time.Advance(Hour);
        Assert.Equal(["one"], after.Drain("q"));
        after.Publish("delayed", "k", Delayed(Hour / 2, isPersistent: true), "new");
        time.Advance(Hour);
        Assert.Equal(["new", "two", new string('x', 100_000)], after.Drain("q"));
        await broker.RestartAsync();
        time.Advance(Hour * 2);
        using var last = new KeptClient(broker);
        Assert.Equal(["three"], last.Drain("q"));
        await AssertNothingStored(broker);
    }

    [Fact]
    public async Task DelayedMessages_WhoseTimeCameWhileTheBrokerWasAway_ComeAtOnceAndOnce()
    {
        var time = NewTime();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "fanout"));
            client.Declare("q");
            client.Declare("r");
            client.Bind("q", "delayed");
            client.Bind("r", "delayed");
            client.Publish("delayed", "", Delayed(Hour, isPersistent: true), "a", "b");
        }

        await broker.StopAsync();
        time.Advance(Hour * 2);
        await broker.OpenAsync();
        time.Advance(TimeSpan.FromMilliseconds(10));
        using (var after = new KeptClient(broker))
        {
            Assert.True(SpinWait.SpinUntil(() => CountOf(broker, "r") == 2, TimeSpan.FromSeconds(60)));
            Assert.Equal(["a", "b"], after.Drain("q"));

            // Nobody waits for the end of their waiting to be kept.
            await broker.FlushAsync();
            await broker.CrashAsync();
        }

        time.Advance(Hour);
        using var last = new KeptClient(broker);
        Assert.Empty(last.Drain("q"));
        Assert.Equal(["a", "b"], last.Drain("r"));
        await AssertNothingStored(broker);
    }

    [Fact]
    public async Task DelayedMessage_IsConfirmedWhenItIsOnTheDisk()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        using var client = new KeptClient(broker);
        DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "fanout"));
        disk.HoldSyncs();
        client.Send("delayed", "", Delayed(Hour, isPersistent: true), "a");
        client.Ping();
        disk.ReleaseSyncs();
        client.WaitForConfirms();
    }

    [Fact]
    public async Task DeletedExchange_LeavesNothing()
    {
        await using var broker = await KeptBroker.StartAsync();
        using var client = new KeptClient(broker);
        DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "fanout"));
        DeclareExchange(client, "history", "x-recent-history");
        client.Publish("delayed", "", Delayed(Hour, isPersistent: true), "a", "b");
        client.Publish("history", "", new BasicProperties { DeliveryMode = 2 }, "a", "b");
        Assert.Equal(4, broker.CountStored());
        foreach (string exchange in (string[])["delayed", "history"])
        {
            client.Raw.Send(1, new ExchangeDelete { Exchange = exchange });
            client.Raw.Expect(ExchangeDeleteOkView.MethodKey);
        }

        await AssertNothingStored(broker);
        await broker.RestartAsync();
        await AssertNothingStored(broker);
    }

    [Fact]
    public async Task History_AfterARestart_IsShownToWhoComesThen()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            DeclareExchange(client, "history", "x-recent-history", ("x-recent-history-length", 3));
            client.Declare("before");
            client.Bind("before", "history");
            client.Publish("history", "", new BasicProperties { DeliveryMode = 2 }, "1", "2", "3", "4");
            client.Publish("history", "", new BasicProperties(), "transient");

            // Four in the queue, and in the history two beside the one that is not kept.
            Assert.Equal(6, broker.CountStored());
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(["1", "2", "3", "4"], after.Drain("before"));
        after.Publish("history", "", new BasicProperties { DeliveryMode = 2 }, "5");
        after.Declare("then");
        after.Bind("then", "history");
        Assert.Equal(["3", "4", "5"], after.Drain("then"));
        Assert.Equal(["5"], after.Drain("before"));
    }

    [Fact]
    public async Task Transaction_ThatADelayedExchangeKeeps_IsKept()
    {
        var time = NewTime();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker, isConfirming: false))
        {
            DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "fanout"));
            client.Declare("q");
            client.Bind("q", "delayed");
            client.Raw.Send(1, default(TxSelect));
            client.Raw.Expect(TxSelectOkView.MethodKey);
            client.Send("delayed", "", Delayed(Hour, isPersistent: true), "a", "b");
            client.Raw.Send(1, default(TxCommit));
            client.Raw.Expect(TxCommitOkView.MethodKey);
            await broker.CrashAsync();
        }

        time.Advance(Hour);
        using var after = new KeptClient(broker);
        Assert.Equal(["a", "b"], after.Drain("q"));
    }

    private static ManualTimeProvider NewTime()
    {
        var time = new ManualTimeProvider();
        time.Advance(TimeSpan.FromDays(20_000));
        return time;
    }

    /// <summary>What they displace where they come is moved on when the journal has the end of their waiting: before it would be in two places.</summary>
    [Fact]
    public async Task DelayedMessages_ThatDisplaceOneAnother_AreInOnePlace_WhereverItEnds()
    {
        var time = NewTime();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            DeclareExchange(client, "delayed", "x-delayed-message", ("x-delayed-type", "fanout"));
            client.Declare("q", ("x-max-length", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Declare("dead");
            client.Bind("q", "delayed");
            client.Publish("delayed", "", Delayed(Hour, isPersistent: true), "a", "b", "c");
            var dead = broker.Broker.FindVirtualHost("/")!.FindQueue("dead"u8)!;
            var consumer = new TextConsumer(dead);
            consumer.OnTake = () =>
            {
                // When the second comes, what was written of the first is whole.
                if (consumer.Taken.Count == 2)
                {
                    broker.FlushAsync().Wait();
                    broker.TakeSnapshotAsync().Wait();
                }
            };
            Assert.True(dead.TryAddConsumer(consumer, new Turn(), static _ => { }));

            time.Advance(Hour);

            Assert.Equal(["a", "b"], consumer.Taken);
        }

        await broker.StopAsync();
        await broker.OpenAsync();
        Assert.Equal(3, broker.CountStored());
    }

    private static BasicProperties Delayed(TimeSpan delay, bool isPersistent) => new()
    {
        DeliveryMode = (byte)(isPersistent ? 2 : 1),
        Headers = Table.Create(table => table.Add("x-delay", (int)delay.TotalMilliseconds)),
    };

    private static void DeclareExchange(KeptClient client, string name, string type, params (string Key, object Value)[] arguments)
    {
        var table = Table.Create(builder =>
        {
            foreach (var (key, value) in arguments)
            {
                _ = value is int number ? builder.Add(key, number) : builder.Add(key, (string)value);
            }
        });
        client.Raw.Send(1, new ExchangeDeclare { Exchange = name, Type = type, Durable = true, Arguments = table });
        client.Raw.Expect(ExchangeDeclareOkView.MethodKey);
    }

    private static uint CountOf(KeptBroker broker, string queue) => broker.Broker.FindVirtualHost("/")!.FindQueue(System.Text.Encoding.UTF8.GetBytes(queue))!.ReadyCount;

    private static async Task AssertNothingStored(KeptBroker broker)
    {
        await broker.FlushAsync();
        Assert.Equal(0, broker.CountStored());
    }
}
