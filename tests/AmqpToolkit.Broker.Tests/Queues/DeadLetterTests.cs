using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Where messages go that die, and what their headers tell of it.</summary>
public sealed class DeadLetterTests : IDisposable
{
    private readonly ExtendedQueue _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Reject_MovesTheMessage_WithAllThatRabbitMqTells()
    {
        _host.Advance(7_000_000);
        var (queue, dead) = DeclarePair();
        var properties = new BasicProperties
        {
            ContentType = "text/plain",
            Headers = TestTopology.Arguments(("own", 1), ("CC", new object?[] { "k1", "k2" })),
            Priority = 3,
            Expiration = "60000",
            MessageId = "m",
            AppId = "app",
        };
        _host.Publish(queue, properties, "body");

        _host.Get(queue, Outcome.Reject);

        var (body, headers, moved) = _host.Get(dead)!.Value;
        Assert.Equal("body", body);
        Assert.Equal("text/plain", moved.ContentType.ToString());
        Assert.Equal((byte)3, moved.Priority);
        Assert.Equal("m", moved.MessageId.ToString());
        Assert.Equal("app", moved.AppId.ToString());
        Assert.False(moved.HasExpiration);
        Assert.Equal(1, headers["own"]);
        Assert.Equal(["k1", "k2"], (object?[])headers["CC"]!);
        Assert.Equal(("rejected", "q", ""), (headers["x-first-death-reason"], headers["x-first-death-queue"], headers["x-first-death-exchange"]));
        Assert.Equal(("rejected", "q", ""), (headers["x-last-death-reason"], headers["x-last-death-queue"], headers["x-last-death-exchange"]));
        var death = Assert.Single(ExtendedQueue.Deaths(headers));
        Assert.Equal(1L, death["count"]);
        Assert.Equal("rejected", death["reason"]);
        Assert.Equal("q", death["queue"]);
        Assert.Equal("", death["exchange"]);
        Assert.Equal(["q", "k1", "k2"], (object?[])death["routing-keys"]!);
        Assert.Equal("60000", death["original-expiration"]);
        Assert.Equal(new AmqpTimestamp(7000), Assert.IsType<AmqpTimestamp>(death["time"]));
        _host.ExpectNothingLeft();
    }

    /// <summary>
    /// What a dead letter causes on its way, here in a queue that is bound to a history between the match of the letter and its keeping, waits until those
    /// that died with it are where they belong.
    /// </summary>
    [Fact]
    public void Move_ThatFillsAnotherQueue_IsDoneBeforeWhatDiesThere()
    {
        var shown = _host.Declare("shown");
        var end = _host.Declare("end");
        var late = _host.Declare("late", ("x-max-length", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "end"));
        var dying = _host.Declare("dying", ("x-message-ttl", 10), ("x-dead-letter-exchange", "history"));
        Assert.Null(_host.VirtualHost.DeclareExchange("history"u8, "x-recent-history"u8, passive: false, durable: false, autoDelete: false, isInternal: false, default));
        Assert.Null(_host.VirtualHost.BindQueue("shown"u8, "history"u8, default, default, this));
        var consumer = new TextConsumer(shown);
        consumer.OnTake = () =>
        {
            if (consumer.Taken.Count == 1)
            {
                Assert.Null(_host.VirtualHost.BindQueue("late"u8, "history"u8, default, default, this));
            }
        };
        Assert.True(shown.TryAddConsumer(consumer, _host.Turn, static _ => { }));
        _host.Publish(late, "old");
        _host.Publish(dying, new BasicProperties { Headers = TestTopology.Arguments(("x-recent-history-no-store", true)) }, "a");
        _host.Publish(dying, "b", "c");

        _host.Advance(10);

        Assert.Equal(["a", "b", "c"], consumer.Taken);
        Assert.Equal(["old", "b"], _host.Drain(end));
        Assert.Equal(["c"], _host.Drain(late));
        consumer.SettleAll(Outcome.Accept, _host.Turn);
        Assert.Null(_host.VirtualHost.DeleteExchange("history"u8, ifUnused: false));
        _host.ExpectNothingLeft();
    }

    /// <summary>Two queues die for a third's letters; who fails at the first leaves the second to another thread.</summary>
    [Fact]
    public void Move_ThatFails_LeavesTheOthersOfItsTurnToAnotherThread()
    {
        var end = _host.Declare("end");
        var spoiled = _host.Declare("spoiled");
        var first = _host.Declare("first", ("x-max-length", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "spoiled"));
        var second = _host.Declare("second", ("x-max-length", 1), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "end"));
        var dying = _host.Declare("dying", ("x-message-ttl", 10), ("x-dead-letter-exchange", "amq.fanout"));
        Assert.Null(_host.VirtualHost.BindQueue("first"u8, "amq.fanout"u8, default, default, this));
        Assert.Null(_host.VirtualHost.BindQueue("second"u8, "amq.fanout"u8, default, default, this));
        Assert.True(spoiled.TryAddConsumer(new TextConsumer(spoiled) { OnTake = static () => throw new InvalidOperationException("on purpose") }, _host.Turn, static _ => { }));
        _host.Publish(first, "a");
        _host.Publish(second, "b");
        _host.Publish(dying, "c");

        _host.Advance(10);

        Assert.True(SpinWait.SpinUntil(() => end.ReadyCount == 1, TimeSpan.FromSeconds(60)));
        Assert.Equal(["b"], _host.Drain(end));
    }

    [Fact]
    public void Copies_OfAMessageThatDiedWithAKeyOfTheQueue_LeadNowhereAnyMore()
    {
        var copy = _host.Declare("copy");
        var end = _host.Declare("end");
        var second = _host.Declare("second", ("x-dead-letter-exchange", "again"));
        var first = _host.Declare("first", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "second"));
        var early = _host.Declare("early", ("x-dead-letter-exchange", "again"));
        Assert.Null(_host.VirtualHost.DeclareExchange("again"u8, "direct"u8, passive: false, durable: false, autoDelete: false, isInternal: false, default));
        Assert.Null(_host.VirtualHost.BindQueue("end"u8, "again"u8, "second"u8, default, this));
        Assert.Null(_host.VirtualHost.BindQueue("end"u8, "again"u8, "early"u8, default, this));
        Assert.Null(_host.VirtualHost.BindQueue("copy"u8, "again"u8, "copy"u8, default, this));
        var properties = new BasicProperties { Headers = TestTopology.Arguments(("CC", new object?[] { "copy" })) };
        _host.Publish(first, properties, "with a key");
        _host.Get(first, Outcome.Reject);
        _host.Get(second, Outcome.Reject);

        var (_, headers, _) = _host.Get(end)!.Value;

        Assert.Null(_host.Get(copy));
        Assert.Equal(["copy"], (object?[])headers["CC"]!);
        Assert.Equal(["second", "first copy"], ExtendedQueue.Deaths(headers).Select(death => string.Join(' ', (object?[])death["routing-keys"]!)));
        _host.Publish(early, properties, "without");
        _host.Get(early, Outcome.Reject);
        Assert.NotNull(_host.Get(copy));
        Assert.NotNull(_host.Get(end));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Death_InTheSameQueueForTheSameReason_CountsAndMovesToTheFront()
    {
        var (queue, dead) = DeclarePair();
        _host.Publish(queue, "x");
        Die(queue, Outcome.Reject);
        Back(dead, queue);
        _host.Advance(3000);
        Die(queue, Outcome.Reject);
        var (_, headers, _) = _host.Get(dead)!.Value;

        var death = Assert.Single(ExtendedQueue.Deaths(headers));
        Assert.Equal(2L, death["count"]);
        Assert.Equal(new AmqpTimestamp(0), death["time"]);
    }

    [Fact]
    public void Deaths_InTwoQueues_StandNewestFirst()
    {
        var end = _host.Declare("end");
        var second = _host.Declare("second", ("x-message-ttl", 50), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "end"));
        var first = _host.Declare("first", ("x-message-ttl", 100), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "second"));
        _host.Publish(first, "x");

        _host.Advance(150);

        Assert.Equal(0u, second.ReadyCount);
        var (_, headers, _) = _host.Get(end)!.Value;
        Assert.Equal(["second", "first"], ExtendedQueue.Deaths(headers).Select(death => death["queue"]));
        Assert.Equal(["second", "first"], ExtendedQueue.Deaths(headers).Select(death => ((object?[])death["routing-keys"]!)[0]));
        Assert.Equal(("expired", "first"), (headers["x-first-death-reason"], headers["x-first-death-queue"]));
        Assert.Equal(("expired", "second"), (headers["x-last-death-reason"], headers["x-last-death-queue"]));
    }

    [Theory]
    [InlineData(BrokerProfile.V3_13, 4L)]
    [InlineData(BrokerProfile.V4_2, 1L)]
    public void DeathsThatAClientTells_CountInOldReleasesOnly(BrokerProfile profile, long count)
    {
        using var host = new ExtendedQueue(profile);
        var dead = host.Declare("dead");
        var queue = host.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        var death = new Dictionary<string, object?> { ["count"] = 3L, ["queue"] = "q", ["reason"] = "rejected" };
        host.Publish(queue, new BasicProperties { Headers = TestTopology.Arguments(("x-death", new object?[] { death }), ("x-first-death-reason", "told")) }, "x");

        host.Get(queue, Outcome.Reject);

        var (_, headers, _) = host.Get(dead)!.Value;
        Assert.Equal(count, Assert.Single(ExtendedQueue.Deaths(headers))["count"]);
        Assert.Equal(profile == BrokerProfile.V3_13 ? "told" : "rejected", headers["x-first-death-reason"]);
    }

    [Fact]
    public void Cycle_WithoutARejection_EndsTheMessage()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 100), ("x-dead-letter-exchange", ""));
        var other = _host.Declare("other", ("x-message-ttl", 100), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "back"));
        var back = _host.Declare("back", ("x-message-ttl", 100), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "other"));
        _host.Publish(queue, "to itself");
        _host.Publish(other, "to itself over another");

        _host.Advance(199);
        Assert.Equal((0u, 0u, 1u), (queue.ReadyCount, other.ReadyCount, back.ReadyCount));
        _host.Advance(1);

        Assert.Equal((0u, 0u, 0u), (queue.ReadyCount, other.ReadyCount, back.ReadyCount));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Cycle_WithARejection_GoesOn()
    {
        var queue = _host.Declare("q", ("x-dead-letter-exchange", ""));
        _host.Publish(queue, "x");
        for (long round = 1; round <= 3; round++)
        {
            Die(queue, Outcome.Reject);
            Assert.Equal(1u, queue.ReadyCount);
        }

        var (_, headers, _) = _host.Get(queue)!.Value;
        Assert.Equal(3L, Assert.Single(ExtendedQueue.Deaths(headers))["count"]);
    }

    [Fact]
    public void Retry_OverAQueueThatWaits_CountsEachRound()
    {
        var work = _host.Declare("work", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "retry"));
        _host.Declare("retry", ("x-message-ttl", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "work"));
        _host.Publish(work, "x");
        for (int round = 0; round < 3; round++)
        {
            Die(work, Outcome.Reject);
            _host.Advance(1000);
        }

        var (_, headers, _) = _host.Get(work)!.Value;
        Assert.Equal([("retry", "expired", 3L), ("work", "rejected", 3L)], ExtendedQueue.Deaths(headers).Select(death => ((string)death["queue"]!, (string)death["reason"]!, (long)death["count"]!)));
        Assert.Equal("rejected", headers["x-first-death-reason"]);
    }

    [Fact]
    public void DeadLetterExchange_ThatIsMissing_DropsSilently()
    {
        var queue = _host.Declare("q", ("x-dead-letter-exchange", "nowhere"));
        _host.Publish(queue, "x");

        _host.Get(queue, Outcome.Reject);

        _host.ExpectNothingLeft();
    }

    [Fact]
    public void DeadLetters_KeepTheirOrder_AndGoWithTheirOwnKeys()
    {
        Assert.Null(_host.VirtualHost.DeclareExchange("dlx"u8, "fanout"u8, false, false, false, false, default));
        var dead = _host.Declare("dead");
        Assert.Null(_host.VirtualHost.BindQueue("dead"u8, "dlx"u8, "any"u8, default, _host));
        var queue = _host.Declare("q", ("x-message-ttl", 20), ("x-dead-letter-exchange", "dlx"));
        string[] bodies = [.. Enumerable.Range(0, 5000).Select(number => $"{number}")];
        _host.Publish(queue, bodies[..2500]);
        _host.Publish(queue, bodies[2500..]);

        _host.Advance(20);

        Assert.True(dead.TryGet(out var message, out _));
        Assert.Equal("q", Encoding.UTF8.GetString(_host.Arena.Read(message.Message).RoutingKey));
        Assert.Equal("dlx", Encoding.UTF8.GetString(_host.Arena.Read(message.Message).Exchange));
        dead.Settle([new Unsettled(dead, null, message)], Outcome.Release, _host.Turn);
        Assert.Equal(bodies, _host.Drain(dead));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void DeadLetter_WithALargeBody_SharesIt()
    {
        var (queue, dead) = DeclarePair();
        new NumberPublisher(_host.Arena).PublishLarge([queue], 200_000);

        _host.Get(queue, Outcome.Reject);

        Assert.True(dead.TryGet(out var message, out _));
        Assert.Equal(200_000, _host.Arena.Read(message.Message).BodyOctets);
        _host.Arena.Release(message.Message);
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Chain_OfVeryManyQueues_EndsWithoutDeepRecursion()
    {
        const int Length = 800;
        for (int index = 0; index < Length; index++)
        {
            _host.Declare($"{index}", ("x-max-length", 0), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", $"{index + 1}"));
        }

        var end = _host.Declare($"{Length}");
        var first = _host.VirtualHost.FindQueue("0"u8)!;

        _host.Publish(first, "x");

        // Its story had grown too long on the way.
        Assert.Equal(0u, end.ReadyCount);
        Assert.Equal(1, _host.VirtualHost.LostDeadLetters);
        _host.ExpectNothingLeft();
    }

    [Theory]
    [InlineData(70_000, 1u)]
    [InlineData(130_000, 1u)]
    [InlineData(131_000, 0u)]
    public void DeadLetter_WithLargeHeadersOfItsClient_MovesAsLongAsAFrameCarriesIt(int octets, uint moved)
    {
        var (queue, dead) = DeclarePair();
        _host.Publish(queue, new BasicProperties { Headers = TestTopology.Arguments(("large", new string('x', octets))) }, "body");

        _host.Get(queue, Outcome.Reject);

        Assert.Equal(moved, dead.ReadyCount);
        Assert.Equal(1 - moved, _host.VirtualHost.LostDeadLetters);
        if (_host.Get(dead) is var (_, headers, _))
        {
            Assert.Equal(octets, ((string)headers["large"]!).Length);
            Assert.Single(ExtendedQueue.Deaths(headers));
        }

        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Policy_SaysWhereDeadLettersGo_UnlessAnArgumentDoes()
    {
        var dead = _host.Declare("dead");
        var other = _host.Declare("other");
        var queue = _host.Declare("q");
        var argued = _host.Declare("argued", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "other"));
        var policy = new EffectivePolicy("p", null, TestTopology.Arguments(("dead-letter-exchange", ""), ("dead-letter-routing-key", "dead")));
        queue.ApplyPolicy(policy);
        argued.ApplyPolicy(policy);
        _host.Publish(queue, "a");
        _host.Publish(argued, "b");
        Die(queue, Outcome.Reject);
        Die(argued, Outcome.Reject);
        queue.ApplyPolicy(null);
        _host.Publish(queue, "c");
        Die(queue, Outcome.Reject);

        Assert.Equal(["a"], _host.Drain(dead));
        Assert.Equal(["b"], _host.Drain(other));
    }

    private (MessageQueue Queue, MessageQueue Dead) DeclarePair()
    {
        var dead = _host.Declare("dead");
        return (_host.Declare("q", ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead")), dead);
    }

    private void Die(MessageQueue queue, Outcome outcome) => Assert.NotNull(_host.Get(queue, outcome));

    /// <summary>Moves a message as the broker does, without a client's hand: its deaths stay the broker's own.</summary>
    private void Back(MessageQueue from, MessageQueue to)
    {
        Assert.True(from.TryGet(out var message, out _));
        var batch = new IncomingBatch(_host.Arena);
        batch.Begin([]);
        batch.Add(message.Message);
        to.Publish(batch, isLastQueue: true, _host.Turn);
        batch.Clear();
        batch.End();
    }
}
