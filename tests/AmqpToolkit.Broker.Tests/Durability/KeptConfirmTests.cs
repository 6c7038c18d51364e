using System.Buffers.Binary;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A confirm, and a commit-ok, of something that is to be kept means that it is on the disk.</summary>
public sealed class KeptConfirmTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    private ManualDisk? _disk;

    [Fact]
    public async Task Confirm_OfAKeptMessage_ComesAfterTheSync()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Raw.DeclareQueue(1, "transient");
        _disk!.HoldSyncs();
        client.Send("", "q", Persistent, "kept");
        client.Ping();

        // What needs no disk waits for what does, on the same channel: tags stay in order.
        client.Send("", "transient", new BasicProperties(), "transient");
        client.Ping();
        using (var other = new KeptClient(broker))
        {
            other.Publish("", "transient", new BasicProperties(), "other");
        }

        _disk.ReleaseSyncs();
        client.WaitForConfirms();
        client.Publish("", "transient", new BasicProperties(), "at once");
    }

    [Fact]
    public async Task Confirms_WhileASyncRuns_ShareTheNext()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("q", "first");
        int before = _disk!.SyncCount;
        _disk.HoldSyncs();
        for (int index = 0; index < 50; index++)
        {
            client.Send("", "q", Persistent, "a", "b");
            client.Ping();
        }

        _disk.ReleaseSyncs();
        client.WaitForConfirms();
        Assert.InRange(_disk.SyncCount - before, 1, 3);
    }

    [Fact]
    public async Task CommitOk_ComesAfterTheSync()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker, isConfirming: false);
        client.Declare("q");
        client.Raw.Send(1, new TxSelect());
        client.Raw.Expect(TxSelectOkView.MethodKey);
        client.Send("", "q", Persistent, "a");
        _disk!.HoldSyncs();
        client.Raw.Send(1, new TxCommit());
        using (var other = new KeptClient(broker))
        {
            // The message is there: the queue had it before the client hears so.
            Assert.True(SpinWait.SpinUntil(() => other.Get("q", noAck: false) is not null, TimeSpan.FromSeconds(60)));
        }

        Assert.Equal(0, client.Raw.Socket.Available);
        _disk.ReleaseSyncs();
        client.Raw.Expect(TxCommitOkView.MethodKey);
    }

    [Fact]
    public async Task FailedSync_IsTheLastOfConfirms()
    {
        await using var broker = await StartAsync(toleratesDefects: true);
        using var client = new KeptClient(broker);
        client.Declare("q");
        client.Publish("q", "before");
        _disk!.IsBroken = true;
        client.Send("", "q", Persistent, "a", "b");
        Assert.Equal(3UL, ExpectNack(client));
        _disk.IsBroken = false;
        client.Send("", "q", Persistent, "c");
        Assert.Equal(4UL, ExpectNack(client));
        client.Raw.DeclareQueue(1, "transient");
        client.Send("", "transient", new BasicProperties(), "d");
        Assert.Equal(DecodeError.None, BasicAckView.TryParse(client.Raw.Expect(BasicAckView.MethodKey), out var ack));
        Assert.Equal(5UL, ack.DeliveryTag);
    }

    [Fact]
    public async Task FullDisk_HoldsPublishersBackAndLosesNothing()
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker, takesBlocked: true);
        client.Declare("q");
        client.Publish("q", "first");
        _disk!.IsFull = true;
        client.Send("", "q", Persistent, "second");
        Assert.True(SpinWait.SpinUntil(() => broker.Journal.IsFull, TimeSpan.FromSeconds(60)));
        client.Send("", "q", Persistent, "third");
        Assert.Equal(DecodeError.None, ConnectionBlockedView.TryParse(client.Raw.Expect(ConnectionBlockedView.MethodKey), out var blocked));
        Assert.Equal("low on disk"u8, blocked.Reason);

        // Who consumes goes on.
        using (var consumer = new KeptClient(broker))
        {
            Assert.Equal("first", consumer.Get("q")!.Value.Body);
        }

        // "third" was read before the client was held back, or is read when it no longer is: its confirm comes on either side of connection.unblocked.
        _disk.IsFull = false;
        ulong confirmed = 0;
        for (bool isBlocked = true; confirmed < 3 || isBlocked;)
        {
            var (_, _, payload) = client.Raw.ReadFrame();
            uint method = BinaryPrimitives.ReadUInt32BigEndian(payload);
            if (method is ConnectionBlockedView.MethodKey or ConnectionUnblockedView.MethodKey)
            {
                isBlocked = method == ConnectionBlockedView.MethodKey;
                continue;
            }

            Assert.Equal(BasicAckView.MethodKey, method);
            Assert.Equal(DecodeError.None, BasicAckView.TryParse(payload.AsSpan(4), out var ack));
            confirmed = ack.DeliveryTag;
        }

        await broker.CrashAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(["second", "third"], after.Drain("q"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Mistake_BehindAKeptPublish_IsAnsweredBehindItsConfirm(bool isOfConnection)
    {
        await using var broker = await StartAsync();
        using var client = new KeptClient(broker);
        client.Declare("q");
        _disk!.HoldSyncs();
        client.Send("", "q", Persistent, "a");
        client.Ping();
        client.Send("", "q", Persistent, "b");
        if (isOfConnection)
        {
            client.Raw.Send(9, new BasicQos());
        }
        else
        {
            client.Raw.Send(1, new QueueDeclare { Queue = "missing", Passive = true });
        }

        using (var other = new KeptClient(broker))
        {
            Assert.True(SpinWait.SpinUntil(() => broker.Broker.Connections.Any(one => one.IsHolding), TimeSpan.FromSeconds(60)));
        }

        Assert.Equal(0, client.Raw.Socket.Available);
        _disk.ReleaseSyncs();
        client.WaitForConfirms();
        client.Raw.Expect(isOfConnection ? ConnectionCloseView.MethodKey : ChannelCloseView.MethodKey);
        if (!isOfConnection)
        {
            client.Raw.Send(1, default(ChannelCloseOk));
            client.Raw.OpenChannel(1);
        }
    }

    [Fact]
    public async Task Flush_OfABrokerThatHasStopped_Fails()
    {
        await using var broker = await StartAsync();
        await broker.Broker.StopAsync();
        await Assert.ThrowsAsync<BrokerStoreException>(() => broker.FlushAsync().WaitAsync(TimeSpan.FromSeconds(60)));
    }

    private static ulong ExpectNack(KeptClient client)
    {
        Assert.Equal(DecodeError.None, BasicNackView.TryParse(client.Raw.Expect(BasicNackView.MethodKey), out var nack));
        return nack.DeliveryTag;
    }

    private Task<KeptBroker> StartAsync(bool toleratesDefects = false) => KeptBroker.StartAsync(files: folder => _disk = new ManualDisk(folder), toleratesDefects: toleratesDefects);
}
