using System.Text;
using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Disks that do not answer while messages are read back, and what messages on the disk cost.</summary>
public sealed class PagedFaultTests
{
    private const int Expiring = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task DeadLetters_OfADiskThatDoesNotAnswer_AreMovedInOrderWhenItDoes()
    {
        var time = new ManualTimeProvider();
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true, pagingOctets: 1);
        string[] bodies = [.. Enumerable.Range(0, 700).Select(number => $"{number}")];
        using var client = new KeptClient(broker);
        client.Declare("dead");
        client.Declare("q", ("x-message-ttl", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        client.Publish("q", bodies);
        while (Queue(broker, "q").PageOut(int.MaxValue) > 0)
        {
            // What came with the first receive is in memory: nobody had looked before.
        }

        bool isAsked = false;
        disk.OnRead = () =>
        {
            Volatile.Write(ref isAsked, true);
            throw new IOException("Input/output error", 5);
        };
        await WaitForAsync(() => Volatile.Read(ref isAsked), () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(0u, Queue(broker, "dead").ReadyCount);
        disk.OnRead = null;
        await WaitForAsync(() => Queue(broker, "dead").ReadyCount == bodies.Length, () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(bodies, client.Drain("dead"));
    }

    [Fact]
    public async Task RejectsOfATransaction_OfADiskThatDoesNotAnswer_AreMovedWhenItDoes()
    {
        var time = new ManualTimeProvider();
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true, pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("dead");
        client.Declare("q", ("x-max-length", 2), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        client.Publish("q", "a", "b");
        while (Queue(broker, "q").PageOut(int.MaxValue) > 0)
        {
            // As above.
        }

        using var transacted = new KeptClient(broker, isConfirming: false);
        transacted.Raw.Send(1, new TxSelect());
        transacted.Raw.Expect(TxSelectOkView.MethodKey);
        disk.OnRead = () => throw new IOException("Input/output error", 5);
        transacted.Send("", "q", new BasicProperties { DeliveryMode = 2 }, "c", "d");
        transacted.Raw.Send(1, new TxCommit());
        transacted.Raw.Expect(TxCommitOkView.MethodKey);
        Assert.Equal(0u, Queue(broker, "dead").ReadyCount);
        disk.OnRead = null;
        await WaitForAsync(() => Queue(broker, "dead").ReadyCount == 2, () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(["a", "b"], client.Drain("dead"));
        Assert.Equal(["c", "d"], client.Drain("q"));
    }

    [Fact]
    public async Task Get_BehindMoreDeadLettersThanMayWait_DoesNotKeepTheBrokerFromStopping()
    {
        var time = new ManualTimeProvider();
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true);
        using var client = await FillUntilFullAsync(broker, time, () => disk);

        // Nothing can be moved: the journal has no room.
        client.Raw.Send(1, new BasicGet { Queue = "q" });
        await WaitForAsync(() => Queue(broker, "q").ReadyCount <= Expiring - MessageQueue.DropsAtOnce, () => { });
        await broker.Broker.StopAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task Get_BehindMoreDeadLettersThanMayWait_IsAnsweredWhenTheyAreMoved()
    {
        var time = new ManualTimeProvider();
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(time, folder => disk = new ManualDisk(folder), toleratesDefects: true);
        using var client = await FillUntilFullAsync(broker, time, () => disk);
        client.Raw.Send(1, new BasicGet { Queue = "q" });
        await WaitForAsync(() => Queue(broker, "q").ReadyCount <= Expiring - MessageQueue.DropsAtOnce, () => { });

        disk.IsFull = false;
        client.Raw.Expect(BasicGetEmptyView.MethodKey);
        await WaitForAsync(() => Queue(broker, "dead").ReadyCount == Expiring, () => { });
    }

    [Fact]
    public async Task NamesAlone_AboveTheMemory_KeepNoConsumerFromWhatIsOnTheDisk()
    {
        const int Count = 10_000;
        await using var broker = await KeptBroker.StartAsync();
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("q");
            publisher.Publish("q", [.. Enumerable.Range(0, Count).Select(number => $"{number}".PadRight(100))]);
        }

        await broker.StopAsync();
        await broker.OpenAsync(memoryOctets: 128 * 1024);
        using var silent = Consume(broker, prefetch: 1);
        silent.Raw.Expect(BasicDeliverView.MethodKey);
        silent.Raw.ExpectContent();
        using var busy = Consume(broker, prefetch: 100);
        for (int number = 1; number < Count; number++)
        {
            Assert.Equal(Codec.DecodeError.None, BasicDeliverView.TryParse(busy.Raw.Expect(BasicDeliverView.MethodKey), out var delivery));
            ulong tag = delivery.DeliveryTag;
            Assert.Equal($"{number}".PadRight(100), Encoding.UTF8.GetString(busy.Raw.ExpectContent()));
            if (number % 50 == 0)
            {
                busy.Raw.Send(1, new BasicAck { DeliveryTag = tag, Multiple = true });
            }
        }
    }

    [Fact]
    public async Task DeadLetters_OnTheDisk_HoldNoThreadOfThePool()
    {
        const int Count = 10_000;
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("dead");
            publisher.Declare("q");
            publisher.Publish("q", [.. Enumerable.Range(0, Count).Select(number => $"{number}".PadRight(300))]);
        }

        await broker.RestartAsync();
        int pooled = 0;
        disk.OnRead = () => Interlocked.Add(ref pooled, Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
        broker.Broker.VirtualHosts.Find("/")!.Policies.Set(new Policy
        {
            Name = "short",
            Pattern = "^q$",
            Definition = new Dictionary<string, object?> { ["max-length"] = 10L, ["dead-letter-exchange"] = "", ["dead-letter-routing-key"] = "dead" },
        });
        await WaitForAsync(() => Queue(broker, "dead").ReadyCount == Count - 10, () => { });
        disk.OnRead = null;
        Assert.Equal(0, Volatile.Read(ref pooled));
    }

    [Fact]
    public async Task OctetLimit_OfAQueueThatIsFull_HoldsFromTheStartOn()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("q", ("x-max-length-bytes", 1_000_000), ("x-overflow", "reject-publish"));
            publisher.Publish("q", [.. Enumerable.Repeat(new string('.', 100), 10_000)]);
        }

        await broker.RestartAsync();
        using var client = new KeptClient(broker);
        client.Send("", "q", new BasicProperties { DeliveryMode = 2 }, "one more");
        client.Raw.Expect(BasicNackView.MethodKey);
    }

    [Fact]
    public async Task TransientMessage_OfSeveralQueues_IsWrittenOnce()
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        string[] bodies = [.. Enumerable.Range(0, 200).Select(number => $"{number}".PadRight(4000, '.'))];
        using var client = new KeptClient(broker);
        string[] queues = ["a", "b", "c", "d"];
        foreach (string queue in queues)
        {
            client.Declare(queue);
            client.Bind(queue, "amq.fanout");
        }

        // The first receive finds that memory is short.
        client.Publish("amq.fanout", "", new BasicProperties { DeliveryMode = 1 }, "first");
        client.Publish("amq.fanout", "", new BasicProperties { DeliveryMode = 1 }, bodies);
        Assert.InRange(Queue(broker, "d").PagedOutCount, bodies.Length, bodies.Length + 1);
        long octets = broker.Broker.Arena.Paging!.ScratchSize!.Value.LiveOctets;
        Assert.InRange(octets, bodies.Length * 4000, bodies.Length * 4000 * 2);
        foreach (string queue in queues)
        {
            Assert.Equal(["first", .. bodies], client.Drain(queue));
        }

        await WaitForAsync(() => broker.Broker.Arena.Paging!.ScratchSize is { Messages: 0, LiveOctets: 0 }, () => { });
    }

    [Fact]
    public async Task NamesInTheJournals_CountAsMemory_UntilTheMessagesAreGone()
    {
        await using var broker = await KeptBroker.StartAsync(pagingOctets: 1);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("", "q", new BasicProperties { DeliveryMode = 1 }, "first");
        client.Publish("q", [.. Enumerable.Repeat("kept", 1000)]);
        client.Publish("", "q", new BasicProperties { DeliveryMode = 1 }, [.. Enumerable.Repeat("transient", 1000)]);
        Assert.InRange(broker.Broker.Arena.Paging!.NameOctets, 1400 * 16, 2001 * 16);
        client.Raw.Send(1, new QueuePurge { Queue = "q" });
        client.Raw.Expect(QueuePurgeOkView.MethodKey);
        await WaitForAsync(() => broker.Broker.Arena.Paging!.NameOctets == 0, () => { });
    }

    [Fact]
    public async Task ReadingThreads_OfWhichSomeWaitForTheDisk_DoWhatElseThereIs()
    {
        var threads = new ReadingThreads();
        using var disk = new ManualResetEventSlim(initialState: false);
        for (int waiting = 0; waiting < 3; waiting++)
        {
            threads.Queue(new Work(() => disk.Wait(Patience)));
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        threads.Queue(new Work(() => done.SetResult()));
        await done.Task.WaitAsync(Patience);
        disk.Set();
    }

    /// <summary>A queue whose messages have all expired, and a journal that has no room to move them.</summary>
    private static async Task<KeptClient> FillUntilFullAsync(KeptBroker broker, ManualTimeProvider time, Func<ManualDisk> disk)
    {
        using (var publisher = new KeptClient(broker))
        {
            publisher.Declare("dead");
            publisher.Declare("other");
            publisher.Declare("q", ("x-message-ttl", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            foreach (string[] some in Enumerable.Repeat("expiring", Expiring).Chunk(2000))
            {
                publisher.Publish("q", some);
            }
        }

        using var client = new KeptClient(broker);
        disk().IsFull = true;
        client.Send("", "other", new BasicProperties { DeliveryMode = 2 }, "has no room");
        await WaitForAsync(() => broker.Journal.IsFull, () => { });
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0u, Queue(broker, "dead").ReadyCount);
        return new KeptClient(broker, isConfirming: false);
    }

    private static KeptClient Consume(KeptBroker broker, int prefetch)
    {
        var consumer = new KeptClient(broker, isConfirming: false);
        consumer.Raw.Send(1, new BasicQos { PrefetchCount = (ushort)prefetch });
        consumer.Raw.Expect(BasicQosOkView.MethodKey);
        consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
        return consumer;
    }

    private static MessageQueue Queue(KeptBroker broker, string name) => broker.Broker.FindVirtualHost("/")!.FindQueue(Encoding.UTF8.GetBytes(name))!;

    private static async Task WaitForAsync(Func<bool> condition, Action step)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, "it never came");
            step();
            await Task.Yield();
        }
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
