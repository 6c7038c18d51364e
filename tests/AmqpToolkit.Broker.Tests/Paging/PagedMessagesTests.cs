using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Messages that wait on the disk alone behave as all others do. Here each that waits goes there, as soon as one has come.</summary>
public sealed class PagedMessagesTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };
    private static readonly BasicProperties Transient = new() { DeliveryMode = 1 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_OfMessagesOnTheDisk_GivesThemInOrder(bool isPersistent)
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(3000);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", isPersistent ? Persistent : Transient, bodies);
        Assert.True(Queue(broker, "q").PagedOutCount > 2000, "not on the disk");
        Assert.True(broker.Broker.Arena.InUseOctets < 1024 * 1024, $"{broker.Broker.Arena.InUseOctets} octets in memory");

        Assert.Equal(bodies, client.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Consumer_OfMessagesOnTheDisk_GetsThemInOrder_WhileOthersCome(bool isPersistent, bool noAck)
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(6000);
        using var publisher = new KeptClient(broker);
        publisher.Declare("q");
        publisher.Publish("", "q", isPersistent ? Persistent : Transient, bodies[..4000]);
        using var consumer = new KeptClient(broker, isConfirming: false);
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = 100 });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c", NoAck = noAck });
        consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        var publishing = Task.Run(() => publisher.Publish("", "q", isPersistent ? Persistent : Transient, bodies[4000..]));
        for (int index = 0; index < bodies.Length; index++)
        {
            Assert.Equal(Codec.DecodeError.None, BasicDeliverView.TryParse(consumer.Raw.Expect(BasicDeliverView.MethodKey), out var delivery));
            ulong tag = delivery.DeliveryTag;
            Assert.Equal(bodies[index], System.Text.Encoding.UTF8.GetString(consumer.Raw.ExpectContent()));
            if (!noAck && index % 50 == 49)
            {
                consumer.Raw.Send(1, new BasicAck { DeliveryTag = tag, Multiple = true });
            }
        }

        await publishing;
        consumer.Ping();
        await AssertNothingLeft(broker);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LargeBodies_ComeBackWhole(bool isPersistent)
    {
        await using var broker = await StartAsync();
        string[] bodies = [.. Enumerable.Range(0, 12).Select(number => new string((char)('a' + number), 30_000 * number))];
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", isPersistent ? Persistent : Transient, bodies);
        Assert.Equal(bodies, client.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task Fanout_ToSeveralQueues_GivesEachOfThemAll()
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(500);
        using var client = new KeptClient(broker);
        foreach (string queue in (string[])["a", "b", "c"])
        {
            client.Declare(queue);
            client.Bind(queue, "amq.fanout");
        }

        client.Publish("amq.fanout", "", Persistent, bodies);
        client.Publish("amq.fanout", "", Transient, bodies);
        foreach (string queue in (string[])["c", "a", "b"])
        {
            Assert.Equal([.. bodies, .. bodies], client.Drain(queue));
        }

        await AssertNothingLeft(broker);
    }

    [Theory]
    [InlineData("x-max-length", 10, 990)]
    [InlineData("x-max-length-bytes", 5000, 990)]
    public async Task MessagesTooMany_DieWithTheirBodies(string limit, int value, int dead)
    {
        await using var broker = await StartAsync();
        string[] bodies = [.. Enumerable.Range(0, 1000).Select(number => $"{number}".PadRight(500, '.'))];
        using var client = new KeptClient(broker);
        client.Declare("dead");
        client.Declare("q", (limit, value), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        foreach (var some in bodies.Chunk(100))
        {
            client.Publish("", "q", Persistent, some);
        }

        await Eventually.HoldsAsync(() => Queue(broker, "dead").ReadyCount == dead);
        Assert.Equal(bodies[..dead], client.Drain("dead"));
        Assert.Equal(bodies[dead..], client.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task MessagesWhoseTimeIsOver_DieWithTheirBodies()
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time);
        string[] bodies = Bodies(1000);
        using var client = new KeptClient(broker);
        client.Declare("dead");
        client.Declare("q", ("x-message-ttl", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        client.Publish("", "q", Persistent, bodies[..500]);
        client.Publish("", "q", Transient, bodies[500..]);
        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync(() => Queue(broker, "dead").ReadyCount == bodies.Length);
        Assert.Equal(0u, Queue(broker, "q").ReadyCount);
        Assert.Equal(bodies, client.Drain("dead"));
        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task Priorities_GoOnToCount()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-max-priority", 5));
        foreach (byte priority in (byte[])[0, 3, 5, 1, 3, 0])
        {
            client.Publish("", "q", Persistent with { Priority = priority }, $"{priority} kept");
            client.Publish("", "q", Transient with { Priority = priority }, $"{priority} not");
        }

        Assert.Equal(["5 kept", "5 not", "3 kept", "3 not", "3 kept", "3 not", "1 kept", "1 not", "0 kept", "0 not", "0 kept", "0 not"], client.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task Requeue_PutsMessagesBackInTheirPlace()
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(600);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", Transient, bodies);
        ulong[] tags = [.. Enumerable.Range(0, 300).Select(_ => client.Get("q", noAck: false)!.Value.Tag)];
        client.Reject(tags[7], requeue: true);
        Assert.Equal((bodies[7], true), (client.Get("q") is { } first) ? (first.Body, first.IsRedelivered) : default);
        client.Raw.Send(1, new BasicNack { DeliveryTag = tags[^1], Multiple = true, Requeue = true });
        client.Ping();
        Assert.Equal([.. bodies[..7], .. bodies[8..]], client.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Purge_AndDelete_LeaveNothing(bool isDeleted)
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-max-priority", 2));
        client.Publish("", "q", Persistent, Bodies(500));
        client.Publish("", "q", Transient, Bodies(500));
        client.Publish("", "q", Transient with { Priority = 2 }, Bodies(500));
        Assert.NotNull(client.Get("q"));
        if (isDeleted)
        {
            client.Raw.Send(1, new QueueDelete { Queue = "q" });
            client.Raw.Expect(QueueDeleteOkView.MethodKey);
        }
        else
        {
            client.Raw.Send(1, new QueuePurge { Queue = "q" });
            client.Raw.Expect(QueuePurgeOkView.MethodKey);
            client.Publish("q", "after");
            Assert.Equal(["after"], client.Drain("q"));
        }

        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task Transaction_TakesMessagesOnTheDisk()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker, isConfirming: false);
        client.Declare("q");
        client.Raw.Send(1, default(TxSelect));
        client.Raw.Expect(TxSelectOkView.MethodKey);
        string[] bodies = Bodies(300);
        client.Send("", "q", Persistent, bodies);
        client.Raw.Send(1, default(TxCommit));
        client.Raw.Expect(TxCommitOkView.MethodKey);
        ulong[] tags = [.. Enumerable.Range(0, 100).Select(_ => client.Get("q", noAck: false)!.Value.Tag)];
        client.Raw.Send(1, new BasicAck { DeliveryTag = tags[^1], Multiple = true });
        client.Raw.Send(1, default(TxCommit));
        client.Raw.Expect(TxCommitOkView.MethodKey);
        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(bodies[100..], after.Drain("q"));
    }

    [Fact]
    public async Task Transaction_ThatMakesAQueueTooLong_MovesWhatHasToGoWithItsBodies()
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(400);
        using (var client = new KeptClient(broker))
        {
            client.Declare("dead");
            client.Declare("q", ("x-max-length", 300), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Publish("", "q", Persistent, bodies[..150]);
            client.Publish("", "q", Transient, bodies[150..300]);
        }

        using var transaction = new KeptClient(broker, isConfirming: false);
        transaction.Raw.Send(1, default(TxSelect));
        transaction.Raw.Expect(TxSelectOkView.MethodKey);
        transaction.Send("", "q", Persistent, bodies[300..]);
        transaction.Raw.Send(1, default(TxCommit));
        transaction.Raw.Expect(TxCommitOkView.MethodKey);
        using var after = new KeptClient(broker);
        await Eventually.HoldsAsync(() => Queue(broker, "dead").ReadyCount == 100);
        Assert.Equal(bodies[..100], after.Drain("dead"));
        Assert.Equal(bodies[100..], after.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Restart_DoesNotFetchWhatIsOnTheDisk_AndKeepsTheOrder(bool isCrash)
    {
        await using var broker = await StartAsync();
        string[] bodies = Bodies(2000);
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", bodies);
            client.Publish("", "q", Transient, "gone");
            if (!isCrash)
            {
                // What was handed out goes before the others, and is to be read as well.
                for (int count = 0; count < 300; count++)
                {
                    client.Get("q", noAck: false);
                }
            }

            if (isCrash)
            {
                await broker.CrashAsync();
            }
        }

        if (!isCrash)
        {
            await broker.RestartAsync();
        }

        Assert.True(Queue(broker, "q").PagedOutCount > 1900, $"{Queue(broker, "q").PagedOutCount} of {Queue(broker, "q").ReadyCount} on the disk");
        Assert.True(broker.Broker.Arena.InUseOctets < 256 * 1024, $"{broker.Broker.Arena.InUseOctets} octets in memory");
        using var after = new KeptClient(broker);
        Assert.Equal(bodies, after.Drain("q"));
        await AssertNothingLeft(broker);
    }

    [Fact]
    public async Task Message_ThatCannotBeReadBack_IsPassedOver_AndStaysInTheJournal()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder), toleratesDefects: true, pagingOctets: 1);
        string[] bodies = [.. Enumerable.Range(0, 300).Select(number => $"<{number}>")];
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("q", bodies);
            PageOut(broker);
            disk.Damaged = "<77>"u8.ToArray();
            Assert.Equal([.. bodies[..77], .. bodies[78..]], client.Drain("q"));
            client.Publish("q", "<after>");
            Assert.Equal(["<after>"], client.Drain("q"));
        }

        disk.Damaged = null;
        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(["<77>"], after.Drain("q"));
    }

    [Theory]
    [InlineData("x-message-ttl", 1000)]
    [InlineData("x-max-length", 100)]
    public async Task Message_ThatCannotBeReadBack_AndDies_IsPassedOver(string argument, int value)
    {
        var time = new ManualTimeProvider();
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true, pagingOctets: 1);
        string[] bodies = [.. Enumerable.Range(0, 100).Select(number => $"<{number}>")];
        using var client = new KeptClient(broker);
        client.Declare("dead");
        client.Declare("q", (argument, value), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        client.Publish("q", bodies);
        PageOut(broker);
        disk.Damaged = "<0>"u8.ToArray();

        // It is found to be lost where the next is handed out, or where it is moved.
        if (value == 1000)
        {
            Assert.Equal(bodies[1], client.Get("q")!.Value.Body);
            time.Advance(TimeSpan.FromSeconds(2));
        }
        else
        {
            client.Publish("q", [.. Enumerable.Range(100, 100).Select(number => $"<{number}>")]);
        }

        int first = value == 1000 ? 2 : 1;
        await Eventually.HoldsAsync(() => Queue(broker, "dead").ReadyCount == bodies.Length - first);
        Assert.Equal(bodies[first..], client.Drain("dead"));
    }

    [Fact]
    public async Task ScratchFiles_OfAnEarlierBroker_AreRemoved()
    {
        await using var broker = await StartAsync();
        string folder = Path.Combine(broker.Folder, "scratch");
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Publish("", "q", Transient, Bodies(100));
            Assert.NotEmpty(Directory.GetFiles(folder, "segment-*"));
        }

        await broker.StopAsync();
        Assert.Empty(Directory.GetFiles(folder, "segment-*"));
        await File.WriteAllTextAsync(Path.Combine(folder, "segment-0000000009.journal"), "left by a crash");
        await broker.OpenAsync();
        Assert.False(Directory.Exists(folder));
    }

    private static Task<KeptBroker> StartAsync(TimeProvider? time = null) => KeptBroker.StartAsync(time, segmentOctets: 256 * 1024, pagingOctets: 1);

    private static MessageQueue Queue(KeptBroker broker, string name) => broker.Broker.FindVirtualHost("/")!.FindQueue(System.Text.Encoding.UTF8.GetBytes(name))!;

    /// <summary>What came with the first receive is in memory: nobody had looked before.</summary>
    private static void PageOut(KeptBroker broker)
    {
        while (Queue(broker, "q").PageOut(int.MaxValue) > 0)
        {
            Assert.Equal(Queue(broker, "q").ReadyCount, (uint)Queue(broker, "q").PagedOutCount);
        }
    }

    private static string[] Bodies(int count) => [.. Enumerable.Range(0, count).Select(number => $"{number}".PadRight(number % 700, '.'))];

    private static async Task AssertNothingLeft(KeptBroker broker)
    {
        // The files go, too, all but those that are written to and what says something about others.
        string scratch = Path.Combine(broker.Folder, "scratch");
        await Eventually.HoldsAsync(() => !Directory.Exists(scratch) || Directory.GetFiles(scratch, "segment-*").Length <= 1);
        await Eventually.HoldsAsync(() => broker.CountStored() == 0 && broker.Broker.Arena.Paging!.ScratchSize is null or { Messages: 0 });
    }
}
