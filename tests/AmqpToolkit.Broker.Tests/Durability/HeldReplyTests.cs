using System.Net.Sockets;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Storage.Tests;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>A declare-ok of something durable means that it is on the disk; what a client sends meanwhile shares the sync, or waits.</summary>
public sealed class HeldReplyTests
{
    /// <summary>Only a broken broker reaches it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task DeleteOk_ThatWaits_ComesBeforeTheCancelThatFollows()
    {
        await using var broker = await StoredBroker.StartAsync(new SimulatedDisk());
        using var client = RawClient.Open(broker);
        client.OpenChannel(1);
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Expect(QueueDeclareOkView.MethodKey);
        client.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
        client.Expect(BasicConsumeOkView.MethodKey);
        client.Send(1, new QueueDelete { Queue = "q" });

        client.Expect(QueueDeleteOkView.MethodKey);
        client.Expect(BasicCancelView.MethodKey);
    }

    [Fact]
    public async Task DeclareOk_OfADurableQueue_WaitsForTheSync()
    {
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        using var other = Open(broker);
        disk.Hold();

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        disk.AwaitSync();
        await HoldsAsync(broker);

        // Another connection lives on, even with queues of its own; but the same durable queue is promised to nobody.
        other.Send(1, new QueueDeclare { Queue = "mine", Exclusive = true });
        other.Expect(QueueDeclareOkView.MethodKey);
        other.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        await HoldsAsync(broker, connections: 2);
        Assert.Equal((0, 0), (client.Socket.Available, other.Socket.Available));

        disk.Release();
        client.Expect(QueueDeclareOkView.MethodKey);
        other.Expect(QueueDeclareOkView.MethodKey);
        await using var again = await StoredBroker.StartAsync(disk.Disk.LosePower(new Random(1)));
        Assert.NotNull(again.FindVirtualHost("/")!.FindQueue("q"u8));
    }

    [Fact]
    public async Task DeclareOk_ThatWaits_ComesBeforeTheCloseOfAChannelThatIsTooLate()
    {
        using var disk = new HeldDisk();
        var time = new ManualTimeProvider();
        await using var broker = await StoredBroker.StartAsync(disk.Disk, time: time);
        using var client = Open(broker);
        client.DeclareQueue(1, "late");
        client.Send(1, new BasicConsume { Queue = "late", ConsumerTag = "c" });
        client.Expect(BasicConsumeOkView.MethodKey);
        client.Publish(1, "", "late", [1]);
        client.Expect(BasicDeliverView.MethodKey);
        client.ExpectContent();
        disk.Hold();
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        disk.AwaitSync();
        await HoldsAsync(broker);

        time.Advance(TimeSpan.FromMinutes(32));
        disk.Release();

        client.Expect(QueueDeclareOkView.MethodKey);
        time.Advance(TimeSpan.FromMinutes(2));
        client.Expect(ChannelCloseView.MethodKey);
    }

    [Fact]
    public async Task Declarations_InARow_ShareSyncs()
    {
        const int Queues = 500;
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        disk.Hold();
        int before = disk.Disk.Syncs;

        for (int index = 0; index < Queues; index++)
        {
            client.Send(1, new QueueDeclare { Queue = $"q{index}", Durable = true });
            client.Send(1, new QueueBind { Queue = $"q{index}", Exchange = "amq.direct", RoutingKey = "k" });
        }

        disk.AwaitSync();
        await UntilAsync(() => broker.FindVirtualHost("/")!.FindExchange("amq.direct"u8)!.BindingCount == Queues);
        disk.Release();

        for (int index = 0; index < Queues; index++)
        {
            Assert.Equal(DecodeError.None, QueueDeclareOkView.TryParse(client.Expect(QueueDeclareOkView.MethodKey), out var declared));
            Assert.Equal($"q{index}", System.Text.Encoding.UTF8.GetString(declared.Queue));
            client.Expect(QueueBindOkView.MethodKey);
        }

        // Those that the held one covered, those that gathered meanwhile, and what the end of the row brought; segments that were begun are synced, too.
        Assert.InRange(disk.Disk.Syncs - before, 1, 12);
    }

    [Fact]
    public async Task OtherMethods_BehindADeclaration_WaitUntilItsReplyIsOut()
    {
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        disk.Hold();

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        client.Send(1, new QueueDelete { Queue = "q" });
        client.Publish(1, "", "q", [1]);
        client.Send(1, new BasicQos { PrefetchCount = 3 });
        disk.AwaitSync();
        await HoldsAsync(broker);
        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("q"u8));
        disk.Release();

        client.Expect(QueueDeclareOkView.MethodKey);
        client.Expect(BasicGetEmptyView.MethodKey);
        client.Expect(QueueDeleteOkView.MethodKey);
        client.Expect(BasicQosOkView.MethodKey);
    }

    [Fact]
    public async Task Mistake_BehindADeclaration_IsAnsweredBehindItsReply()
    {
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        client.OpenChannel(2);
        disk.Hold();

        client.Send(1, new ExchangeDeclare { Exchange = "x", Type = "topic", Durable = true });
        client.Send(2, new ExchangeDeclare { Exchange = "x", Type = "fanout", Durable = true });
        client.Send(1, new ExchangeDeclare { Exchange = "x", Type = "topic", Passive = true });
        disk.AwaitSync();
        await HoldsAsync(broker);
        disk.Release();

        client.Expect(ExchangeDeclareOkView.MethodKey);
        Assert.Equal(DecodeError.None, ChannelCloseView.TryParse(client.Expect(ChannelCloseView.MethodKey), out var close));
        Assert.Equal(406, close.ReplyCode);
        client.Expect(ExchangeDeclareOkView.MethodKey);
    }

    [Fact]
    public async Task Mistake_OfTheConnection_IsAnsweredBehindTheReply()
    {
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        disk.Hold();

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Send(1, new ExchangeDeclare { Exchange = "x", Type = "nonsense", Durable = true });
        disk.AwaitSync();
        await HoldsAsync(broker);
        disk.Release();

        client.Expect(QueueDeclareOkView.MethodKey);
        var (_, _, payload) = client.ReadFrame();
        Assert.Contains(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload), new[] { ConnectionCloseView.MethodKey, ChannelCloseView.MethodKey });
    }

    [Fact]
    public async Task NoWait_BeforeAPassiveDeclaration_IsCoveredByItsReply()
    {
        using var disk = new HeldDisk();
        await using var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        disk.Hold();

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true, NoWait = true });
        client.Send(1, new QueueDeclare { Queue = "q", Passive = true });
        disk.AwaitSync();
        await HoldsAsync(broker);
        Assert.Equal(0, client.Socket.Available);
        disk.Release();

        client.Expect(QueueDeclareOkView.MethodKey);
    }

    [Fact]
    public async Task Sync_ThatFails_ClosesWith541_AndSoDoesEveryLaterPromise()
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        using var client = Open(broker);
        using var other = Open(broker);
        disk.OnSync = _ => throw new IOException("the disk is gone");

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });

        ExpectClose(client, 541);
        other.Send(1, new QueueDeclare { Queue = "mine", Exclusive = true });
        other.Expect(QueueDeclareOkView.MethodKey);
        other.Send(1, new QueueDeclare { Queue = "r", Durable = true });
        ExpectClose(other, 541);
        await Assert.ThrowsAsync<BrokerStoreException>(() => broker.FlushAsync());
    }

    [Fact]
    public async Task Mistake_OfTheConnection_BehindAReplyThatIsNeverTrue_IsAnsweredAtOnce()
    {
        using var goOn = new ManualResetEventSlim();
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        using var client = Open(broker);
        disk.OnSync = _ =>
        {
            goOn.Wait(Patience);
            throw new IOException("the disk is gone");
        };
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        await HoldsAsync(broker);
        client.Send(9, new QueueDeclare { Queue = "r", Durable = true });
        await UntilAsync(() => broker.Connections.All(one => one.IsClosed));
        goOn.Set();

        ExpectClose(client, 541);
    }

    [Fact]
    public async Task Stop_WhileAReplyWaits_EndsTheConnectionWith320()
    {
        using var disk = new HeldDisk();
        var broker = await StoredBroker.StartAsync(disk.Disk);
        using var client = Open(broker);
        disk.Hold();
        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Send(1, new BasicGet { Queue = "q", NoAck = true });
        disk.AwaitSync();
        await HoldsAsync(broker);

        var stopped = broker.StopAsync();
        ExpectClose(client, 320);
        client.Send(0, default(ConnectionCloseOk));
        disk.Release();
        await stopped.WaitAsync(Patience);
    }

    [Fact]
    public async Task MemoryOnly_HoldsNothing()
    {
        await using var broker = await TestBroker.StartAsync();
        using var client = Open(broker);

        client.Send(1, new QueueDeclare { Queue = "q", Durable = true });
        client.Expect(QueueDeclareOkView.MethodKey);

        Assert.Null(broker.Store);
        Assert.Equal(0u, broker.FindVirtualHost("/")!.FindQueue("q"u8)!.StoreNumber);
        await broker.FlushAsync();
    }

    private static RawClient Open(AmqpBroker broker)
    {
        var client = RawClient.Open(broker);
        client.OpenChannel(1);
        return client;
    }

    private static void ExpectClose(RawClient client, int replyCode)
    {
        Assert.Equal(DecodeError.None, ConnectionCloseView.TryParse(client.Expect(ConnectionCloseView.MethodKey), out var close));
        Assert.Equal(replyCode, close.ReplyCode);
    }

    private static Task HoldsAsync(AmqpBroker broker, int connections = 1) => UntilAsync(() => broker.Connections.Count(one => one.IsHolding) == connections);

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!isSo())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    /// <summary>A disk whose syncs can be held back.</summary>
    private sealed class HeldDisk : IDisposable
    {
        private readonly ManualResetEventSlim _goOn = new(initialState: true);
        private readonly ManualResetEventSlim _waits = new();

        public HeldDisk() => Disk.OnSync = _ =>
        {
            if (!_goOn.IsSet)
            {
                _waits.Set();
                Assert.True(_goOn.Wait(Patience), "nobody let the sync go on");
            }
        };

        public SimulatedDisk Disk { get; } = new();

        public void Hold() => _goOn.Reset();

        public void AwaitSync() => Assert.True(_waits.Wait(Patience), "nothing was synced");

        public void Release() => _goOn.Set();

        public void Dispose() => Release();
    }
}
