using System.Text;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What belongs together is kept as a whole or not at all, also when a disk loses a part of it or the broker itself fails half-way.</summary>
public sealed class KeptGroupTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task DropHead_GoesWithThePublishThatCausedIt()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("q", ("x-max-length", 1));
            client.Publish("q", "head");
            client.Publish("q", "spoiled");
            await broker.TakeSnapshotAsync();
            broker.Spoil("spoiled");
        }

        await ReopenAsync(broker);
        using var after = new KeptClient(broker);
        Assert.Equal(["head"], after.Drain("q"));
    }

    [Fact]
    public async Task DropHead_GoesWithTheTransactionThatCausedIt()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        using (var transaction = new KeptClient(broker, isConfirming: false))
        {
            client.Declare("q", ("x-max-length", 1));
            client.Declare("other");
            client.Publish("q", "head");
            Select(transaction);
            transaction.Send("", "q", Persistent, "next");
            transaction.Send("", "other", Persistent, "spoiled");
            Commit(transaction);
            await broker.TakeSnapshotAsync();
            broker.Spoil("spoiled");
        }

        await ReopenAsync(broker);
        using var after = new KeptClient(broker);
        Assert.Equal(["head"], after.Drain("q"));
        Assert.Empty(after.Drain("other"));
    }

    /// <summary>Messages of a transaction are not in the receive buffer, and a queue takes them out of the batch.</summary>
    [Fact]
    public async Task Transaction_ThatAConsumerTakesAtOnce_IsThereAfterACrash()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker, isConfirming: false))
        using (var consumer = new KeptClient(broker))
        {
            client.Declare("q");
            consumer.Raw.Send(1, new BasicConsume { Queue = "q", ConsumerTag = "c" });
            consumer.Raw.Expect(BasicConsumeOkView.MethodKey);
            Select(client);
            client.Send("", "q", Persistent, "first", "second");
            Commit(client);
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(["first", "second"], after.Drain("q"));
    }

    [Fact]
    public async Task Transaction_OfThousandsOfAcknowledgements_HoldsAsAWhole()
    {
        const int Count = 3000;
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        using (var transaction = new KeptClient(broker, isConfirming: false))
        {
            client.Declare("from");
            client.Declare("to");
            client.Publish("from", [.. Enumerable.Range(0, Count).Select(number => $"{number}")]);
            Select(transaction);
            transaction.Raw.Send(1, new BasicConsume { Queue = "from", ConsumerTag = "c" });
            transaction.Raw.Expect(BasicConsumeOkView.MethodKey);
            for (int index = 0; index < Count; index++)
            {
                transaction.Raw.Expect(BasicDeliverView.MethodKey);
                transaction.Raw.ExpectContent();
            }

            transaction.Send("", "to", Persistent, "spoiled");
            transaction.Raw.Send(1, new BasicAck { DeliveryTag = Count, Multiple = true });
            Commit(transaction);
            await broker.TakeSnapshotAsync();
            broker.Spoil("spoiled");
        }

        await ReopenAsync(broker);
        using var after = new KeptClient(broker);
        Assert.Equal(Count, after.Drain("from").Length);
        Assert.Empty(after.Drain("to"));
    }

    [Fact]
    public async Task RejectsOfATransaction_AreMovedWithinIt_WhoeverElseIsMoving()
    {
        await using var broker = await KeptBroker.StartAsync();
        using var goOn = new ManualResetEventSlim();
        using var isMoving = new ManualResetEventSlim();
        using (var client = new KeptClient(broker))
        using (var other = new KeptClient(broker))
        using (var transaction = new KeptClient(broker, isConfirming: false))
        {
            client.Declare("from", ("x-dead-letter-exchange", "amq.direct"));
            client.Declare("slow");
            client.Declare("dead");
            client.Bind("from", "amq.direct", "a");
            client.Bind("from", "amq.direct", "b");
            client.Publish("amq.direct", "a", Persistent, "1");
            client.Publish("amq.direct", "b", Persistent, "2");
            ulong first = other.Get("from", noAck: false)!.Value.Tag;
            Select(transaction);
            ulong second = transaction.Get("from", noAck: false)!.Value.Tag;

            // What dies of the key a goes where somebody takes his time.
            client.Bind("slow", "amq.direct", "a");
            client.Bind("dead", "amq.direct", "b");
            client.Raw.Send(1, new QueueUnbind { Queue = "from", Exchange = "amq.direct", RoutingKey = "a" });
            client.Raw.Expect(QueueUnbindOkView.MethodKey);
            client.Raw.Send(1, new QueueUnbind { Queue = "from", Exchange = "amq.direct", RoutingKey = "b" });
            client.Raw.Expect(QueueUnbindOkView.MethodKey);
            AddConsumer(broker, "slow", () =>
            {
                isMoving.Set();
                Assert.True(goOn.Wait(Patience), "nobody let the mover go on");
            });
            other.Raw.Send(1, new BasicReject { DeliveryTag = first });
            Assert.True(isMoving.Wait(Patience), "nothing was moved");
            transaction.Raw.Send(1, new BasicReject { DeliveryTag = second });
            Commit(transaction);
            await broker.TakeSnapshotAsync();
            goOn.Set();
            other.Ping();
        }

        await ReopenAsync(broker);
        using var after = new KeptClient(broker);
        Assert.Equal(["2"], after.Drain("dead"));
        Assert.Equal(["1"], after.Drain("from"));
    }

    [Fact]
    public async Task Move_ThatFails_AcknowledgesNothing()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        using (var victim = new KeptClient(broker))
        {
            client.Declare("from", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Declare("dead");
            client.Publish("from", "1", "2");
            ulong tag = 0;
            for (int index = 0; index < 2; index++)
            {
                tag = victim.Get("from", noAck: false)!.Value.Tag;
            }

            AddConsumer(broker, "dead", () => throw new InvalidOperationException("on purpose"));
            victim.Raw.Send(1, new BasicNack { DeliveryTag = tag, Multiple = true });
            Assert.Equal(0, await victim.Raw.Socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
            client.Publish("from", "3");
            await broker.FlushAsync();
            Assert.Equal(3, broker.CountStored());
        }

        await broker.RestartAsync();
        using var after = new KeptClient(broker);
        Assert.Equal(["1", "2", "3"], after.Drain("from"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_ThatFails_LeavesNothing(bool isCrash)
    {
        // Small segments: that of the acknowledged message is dead at once, and must not go.
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true, segmentOctets: 64 * 1024);
        using (var client = new KeptClient(broker))
        using (var transaction = new KeptClient(broker, isConfirming: false))
        {
            client.Declare("from");
            client.Declare("a");
            client.Declare("b");

            // The content fills a segment, what the two queues write of it goes into the next.
            client.Declare("too");
            client.Bind("from", "amq.fanout");
            client.Bind("too", "amq.fanout");
            string large = new('x', 65_000);
            client.Publish("amq.fanout", "", Persistent, large);
            Assert.NotNull(client.Get("too"));
            Select(transaction);
            ulong tag = transaction.Get("from", noAck: false)!.Value.Tag;
            transaction.Send("", "a", Persistent, "a");
            transaction.Raw.Send(1, new BasicAck { DeliveryTag = tag });
            transaction.Send("", "b", Persistent, "b");
            AddConsumer(broker, "b", () => throw new InvalidOperationException("on purpose"));
            transaction.Raw.Send(1, new TxCommit());
            Assert.Equal(0, await transaction.Raw.Socket.ReceiveAsync(new byte[1]).WaitAsync(Patience));
            for (int index = 0; index < 8; index++)
            {
                client.Publish("a", large);
                client.Publish("a", large);
                await broker.FlushAsync();
            }

            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
        }

        using var after = new KeptClient(broker);
        Assert.Single(after.Drain("from"));
        Assert.Equal(16, after.Drain("a").Length);
        Assert.Empty(after.Drain("b"));
    }

    [Fact]
    public async Task Settlement_ThatFails_LeavesNothingOnTheThread()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "other"));
            client.Declare("other");
            client.Publish("q", "a", "b", "c");
            client.Publish("other", "d");
            SettleAndFail(broker);
            await broker.FlushAsync();
            Assert.Equal(3, broker.CountStored());
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(["a", "b", "c"], after.Drain("q"));
        Assert.Empty(after.Drain("other"));
    }

    private static void SettleAndFail(KeptBroker broker)
    {
        var q = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        var other = broker.Broker.FindVirtualHost("/")!.FindQueue("other"u8)!;
        var consumer = new CallingConsumer(q, () => { }) { IsSated = true };
        var turn = new Turn();
        Assert.True(q.TryAddConsumer(consumer, turn, _ => { }));
        turn.Group = broker.Broker.Store!.BeginGroup();
        consumer.FailsToJoin = true;
        Unsettled[] deliveries = [new Unsettled(q, null, consumer.Taken[0].Message), .. consumer.Taken[1..]];
        Assert.Throws<InvalidOperationException>(() => q.Settle(deliveries, Outcome.Accept, turn, turn.Group));
        broker.Broker.Store!.AbandonGroup(turn.Group);
        turn.EndGroup();

        // What this thread does next is no part of it.
        Assert.True(other.TryGet(out _, out _, turn, isAccepted: true));
    }

    [Fact]
    public async Task DeadLetter_ThatIsTooLong_IsWrittenOff()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("from", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Declare("dead");
            string header = new('h', (int)client.Raw.FrameMax - 200);
            client.Publish("", "from", Persistent with { Headers = Table.Create(table => table.Add("h", header)) }, "long");
            client.Reject(client.Get("from", noAck: false)!.Value.Tag, requeue: false);
            await broker.FlushAsync();
            Assert.Equal(0, broker.CountStored());
            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Null(after.Get("from"));
        Assert.Null(after.Get("dead"));
    }

    private static async Task ReopenAsync(KeptBroker broker)
    {
        await broker.StopAsync();
        await broker.OpenAsync();
    }

    private static void Select(KeptClient client)
    {
        client.Raw.Send(1, new TxSelect());
        client.Raw.Expect(TxSelectOkView.MethodKey);
    }

    private static void Commit(KeptClient client)
    {
        client.Raw.Send(1, new TxCommit());
        client.Raw.Expect(TxCommitOkView.MethodKey);
    }

    private static void AddConsumer(KeptBroker broker, string queue, Action onTake)
    {
        var found = broker.Broker.FindVirtualHost("/")!.FindQueue(Encoding.UTF8.GetBytes(queue))!;
        Assert.True(found.TryAddConsumer(new CallingConsumer(found, onTake), new Turn(), _ => { }));
    }

    /// <summary>A consumer that calls a test before it takes a message.</summary>
    private sealed class CallingConsumer(MessageQueue queue, Action onTake) : Consumer(queue)
    {
        public override bool IsExclusive => false;

        /// <summary>Whether it leaves the rotation when it has taken what there is.</summary>
        public bool IsSated { get; init; }

        public List<Unsettled> Taken { get; } = [];

        /// <summary>Whether it takes no more, and fails when it is asked to.</summary>
        public bool FailsToJoin { get; set; }

        public override long Priority => FailsToJoin ? throw new InvalidOperationException("on purpose") : 0;

        public override bool Take(ref DeliveryRun run, Turn turn)
        {
            while (run.HasMessage)
            {
                onTake();
                Taken.Add(run.TakeUnsettled(this));
            }

            return !IsSated;
        }

        public override void HandleQueueDeleted(Turn turn)
        {
        }
    }
}
