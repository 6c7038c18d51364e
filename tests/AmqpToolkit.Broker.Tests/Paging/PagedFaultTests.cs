using System.Text;
using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Paging;

/// <summary>Disks that do not answer while messages are read back, and what messages on the disk cost.</summary>
public sealed class PagedFaultTests
{
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
        client.Publish("q", [.. Enumerable.Repeat("kept", 100)]);
        client.Publish("", "q", new BasicProperties { DeliveryMode = 1 }, [.. Enumerable.Repeat("transient", 100)]);
        Assert.InRange(broker.Broker.Arena.Paging!.NameOctets, 200 * 16, 201 * 16);
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
