using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What waits for the disk is bounded, whoever adds to it.</summary>
public sealed class KeptBacklogTests
{
    private const int Bound = 64 * 1024;

    /// <summary>What one step may add beyond the bound.</summary>
    private const int Slack = 64 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private ManualDisk? _disk;

    /// <summary>A transaction is no such thing: its commit-ok waits for the disk in any case, so that a client has one at a time.</summary>
    [Fact]
    public async Task ClientThatDoesNotPublish_WaitsForTheDisk()
    {
        const int Count = 6000;
        await using var broker = await StartAsync(TimeProvider.System);
        using var client = new KeptClient(broker);
        using var rejecting = new KeptClient(broker, isConfirming: false);
        client.Declare("q");
        client.Publish("q", "a");
        HoldSync(client);
        var sending = Task.Run(() =>
        {
            for (int tag = 1; tag <= Count; tag++)
            {
                rejecting.Raw.Send(1, new BasicGet { Queue = "q" });
                rejecting.Raw.Send(1, new BasicReject { DeliveryTag = (ulong)tag, Requeue = true });
            }
        });
        var receiving = Task.Run(() =>
        {
            for (int index = 0; index < Count; index++)
            {
                rejecting.Raw.Expect(BasicGetOkView.MethodKey);
                rejecting.Raw.ExpectContent();
            }
        });
        bool isHeld = SpinWait.SpinUntil(() => broker.Broker.Connections.Any(one => one.Holding.WaitsForRoom), Patience);
        long backlog = broker.Journal.BacklogOctets;
        _disk!.ReleaseSyncs();
        Assert.True(isHeld, "nobody waits");
        Assert.InRange(backlog, 0, Bound + Slack);
        await Task.WhenAll(sending, receiving).WaitAsync(3 * Patience);
        client.WaitForConfirms();
    }

    [Fact]
    public async Task Moves_WaitForTheDisk()
    {
        const int Count = 2000;
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time);
        using var client = new KeptClient(broker);
        client.Declare("q", ("x-message-ttl", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        client.Declare("dead");
        string[] bodies = [.. Enumerable.Range(0, Count).Select(number => $"{number}".PadRight(1000))];
        client.Publish("q", bodies);
        await broker.FlushAsync();
        HoldSync(client);
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("dead"u8)!;

        time.Advance(TimeSpan.FromSeconds(2));
        uint moved = queue.ReadyCount;
        long backlog = broker.Journal.BacklogOctets;
        _disk!.ReleaseSyncs();

        // What a mover publishes in one go may go beyond the bound, and no more.
        Assert.InRange(moved, 1u, (uint)Count - 1);
        Assert.InRange(backlog, 0, Bound + (1024 * 1024) + Slack + (300 * 1024));
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == Count, Patience), "not all was moved");
        client.WaitForConfirms();
        Assert.Equal(bodies, client.Drain("dead"));
    }

    /// <summary>Has a sync begin that does not end.</summary>
    private void HoldSync(KeptClient client)
    {
        client.Declare("other");
        _disk!.HoldSyncs();
        int before = _disk.SyncCount;
        client.Send("", "other", new BasicProperties { DeliveryMode = 2 }, "x");
        Assert.True(SpinWait.SpinUntil(() => _disk.SyncCount > before, Patience), "nothing was synced");
    }

    private Task<KeptBroker> StartAsync(TimeProvider time) => KeptBroker.StartAsync(time, folder => _disk = new ManualDisk(folder), backlogOctets: Bound);
}
