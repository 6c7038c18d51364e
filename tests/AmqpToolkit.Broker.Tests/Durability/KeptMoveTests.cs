using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What moves messages from queue to queue is one step for the journal: dead letters, transactions.</summary>
public sealed class KeptMoveTests
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = 2 };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DeadLetters_AreWhereTheyWentTo(bool isCrash)
    {
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            client.Declare("dead");
            client.Declare("copy");
            client.Bind("dead", "amq.fanout");
            client.Bind("copy", "amq.fanout");
            client.Declare("rejected", ("x-dead-letter-exchange", "amq.fanout"));
            client.Declare("expired", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"), ("x-message-ttl", 1000));
            client.Declare("surplus", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"), ("x-max-length", 2));
            client.Declare("nowhere", ("x-dead-letter-exchange", "missing"), ("x-max-length", 1));
            client.Publish("rejected", "a", "b");
            client.Reject(client.Get("rejected", noAck: false)!.Value.Tag, requeue: false);
            client.Publish("expired", "c", "d");
            time.Advance(TimeSpan.FromSeconds(2));
            client.Publish("surplus", "e", "f", "g");
            client.Publish("nowhere", "h", "i");
            await broker.FlushAsync();
            Assert.Equal(9, broker.CountStored());
            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
        }

        using var after = new KeptClient(broker);
        Assert.Equal(["a", "c", "d", "e"], after.Drain("dead"));
        Assert.Equal(["a"], after.Drain("copy"));
        Assert.Equal(["b"], after.Drain("rejected"));
        Assert.Equal(["f", "g"], after.Drain("surplus"));
        Assert.Equal(["i"], after.Drain("nowhere"));
        await broker.FlushAsync();
        Assert.Equal(0, broker.CountStored());
    }

    [Fact]
    public async Task MessagesThatExpireWhileTheBrokerIsAway_AreMovedWhenItIsBack()
    {
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            client.Declare("dead");
            client.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
            client.Publish("", "q", Persistent with { Expiration = "1000" }, "a");
            client.Publish("", "q", Persistent with { Expiration = "60000" }, "b");
            await broker.StopAsync();
        }

        time.Advance(TimeSpan.FromSeconds(10));
        await broker.OpenAsync();
        using var after = new KeptClient(broker);
        Assert.True(SpinWait.SpinUntil(() => after.Get("dead")?.Body == "a", TimeSpan.FromSeconds(60)));
        Assert.Equal(["b"], after.Drain("q"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Transaction_HoldsAsAWhole(bool isCommitted)
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        using (var transaction = new KeptClient(broker, isConfirming: false))
        {
            client.Declare("from");
            client.Declare("a");
            client.Declare("b");
            client.Publish("from", "x", "y");
            transaction.Raw.Send(1, new TxSelect());
            transaction.Raw.Expect(TxSelectOkView.MethodKey);
            ulong tag = transaction.Get("from", noAck: false)!.Value.Tag;
            transaction.Send("", "a", Persistent, "x1");
            transaction.Send("", "b", Persistent, "x2");
            transaction.Raw.Send(1, new BasicAck { DeliveryTag = tag });
            if (isCommitted)
            {
                transaction.Raw.Send(1, new TxCommit());
                transaction.Raw.Expect(TxCommitOkView.MethodKey);
            }
            else
            {
                transaction.Ping();
            }

            await broker.CrashAsync();
        }

        using var after = new KeptClient(broker);
        Assert.Equal(isCommitted ? ["y"] : ["x", "y"], after.Drain("from"));
        Assert.Equal(isCommitted ? ["x1"] : [], after.Drain("a"));
        Assert.Equal(isCommitted ? ["x2"] : [], after.Drain("b"));
    }

    [Fact]
    public async Task MessagesThatExpireWhileTheBrokerStops_AreNoDefect()
    {
        var time = new ManualTimeProvider();
        await using var broker = await KeptBroker.StartAsync(time);
        using (var client = new KeptClient(broker))
        {
            client.Declare("dead");
            client.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"), ("x-message-ttl", 1000));
            client.Publish("q", "a");
        }

        // What a sweep finds that was started before the stop and comes to its work after it.
        var queue = broker.Broker.FindVirtualHost("/")!.FindQueue("q"u8)!;
        await broker.StopAsync();
        time.Advance(TimeSpan.FromSeconds(2));
        new QueueSweep(queue).Execute();
        await broker.OpenAsync();
        using var after = new KeptClient(broker);
        Assert.True(SpinWait.SpinUntil(() => after.Get("dead")?.Body == "a", TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task DeliveryCount_OfAQuorumQueue_GoesOn()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new KeptClient(broker))
        {
            client.Declare("q", ("x-queue-type", "quorum"), ("x-delivery-limit", 2));
            client.Publish("q", "a");
            client.Reject(client.Get("q", noAck: false)!.Value.Tag, requeue: true);
            await broker.FlushAsync();
        }

        await broker.CrashAsync();
        using var after = new KeptClient(broker);
        after.Reject(after.Get("q", noAck: false)!.Value.Tag, requeue: true);
        after.Reject(after.Get("q", noAck: false)!.Value.Tag, requeue: true);
        Assert.Null(after.Get("q"));
    }
}
