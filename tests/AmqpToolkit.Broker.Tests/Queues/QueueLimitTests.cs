using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>x-max-length, x-max-length-bytes and x-overflow; x-max-priority; x-delivery-limit.</summary>
public sealed class QueueLimitTests : IDisposable
{
    private readonly ExtendedQueue _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void MaxLength_WithDropHead_KeepsTheYoungest()
    {
        var dead = _host.Declare("dead");
        var queue = _host.Declare("q", ("x-max-length", 2), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));

        _host.Publish(queue, "a", "b", "c", "d");

        Assert.Equal(["c", "d"], _host.Drain(queue));
        var (body, headers, _) = _host.Get(dead)!.Value;
        Assert.Equal(("a", "maxlen"), (body, headers["x-first-death-reason"]));
        Assert.Equal(["b"], _host.Drain(dead));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void MaxLength_CountsReadyMessagesOnly()
    {
        var queue = _host.Declare("q", ("x-max-length", 1));
        var consumer = new TextConsumer(queue, prefetch: 2);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));

        _host.Publish(queue, "a", "b", "c");

        Assert.Equal(["a", "b"], consumer.Taken);
        Assert.Equal(1u, queue.ReadyCount);
        queue.RemoveConsumer(consumer, _host.Turn);
        consumer.SettleAll(Outcome.Release, _host.Turn);
        Assert.Equal(["c"], _host.Drain(queue));
    }

    [Fact]
    public void MaxLengthOctets_CountsBodiesOnly()
    {
        var queue = _host.Declare("q", ("x-max-length-bytes", 10));
        var properties = new BasicProperties { MessageId = "longer than ten octets by far" };

        _host.Publish(queue, properties, "12345", "67890");
        Assert.Equal(2u, queue.ReadyCount);
        _host.Publish(queue, properties, "1");
        Assert.Equal(2u, queue.ReadyCount);
        Assert.Equal("67890", _host.Get(queue, Outcome.Release)?.Body);
        Assert.Equal(2u, queue.ReadyCount);
        _host.Publish(queue, properties, "more than ten octets");

        Assert.Equal(0u, queue.ReadyCount);
        _host.Publish(queue, properties, "1234567890");
        Assert.Equal(1u, queue.ReadyCount);
    }

    [Fact]
    public void RejectPublish_TellsWhichMessagesWereNotTaken()
    {
        var dead = _host.Declare("dead");
        var queue = _host.Declare("q", ("x-max-length", 2), ("x-overflow", "reject-publish"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));

        Assert.Equal([2, 3], _host.Publish(queue, new BasicProperties(), "a", "b", "c", "d"));
        Assert.Equal([0], _host.Publish(queue, new BasicProperties(), "e"));
        Assert.Equal("a", _host.Get(queue)?.Body);
        Assert.Empty(_host.Publish(queue, new BasicProperties(), "f"));

        Assert.Equal(["b", "f"], _host.Drain(queue));
        Assert.Equal(0u, dead.ReadyCount);
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void RejectPublish_OfNoLengthAtAll_RefusesEvenWhatSomebodyWaitsFor()
    {
        var queue = _host.Declare("q", ("x-max-length", 0), ("x-overflow", "reject-publish"));
        var consumer = new TextConsumer(queue);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));

        Assert.Equal([0, 1], _host.Publish(queue, new BasicProperties(), "a", "b"));

        Assert.Empty(consumer.Taken);
    }

    [Fact]
    public void RejectPublish_OfOctets_TakesWhatIsTakenAtOnce()
    {
        var queue = _host.Declare("q", ("x-max-length-bytes", 3), ("x-overflow", "reject-publish"));
        var consumer = new TextConsumer(queue, prefetch: 3);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));

        Assert.Equal([2, 5], _host.Publish(queue, new BasicProperties(), "aaa", "bbb", "cccc", "ddd", "eee", "f"));

        Assert.Equal(["aaa", "bbb", "ddd"], consumer.Taken);
        Assert.Equal(1u, queue.ReadyCount);
    }

    [Fact]
    public void RejectPublishDeadLetter_MovesWhatItRefuses()
    {
        var dead = _host.Declare("dead");
        var queue = _host.Declare("q", ("x-max-length", 1), ("x-overflow", "reject-publish-dlx"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));

        Assert.Equal([1, 2], _host.Publish(queue, new BasicProperties(), "a", "b", "c"));

        Assert.Equal(["a"], _host.Drain(queue));
        Assert.Equal("maxlen", _host.Get(dead)!.Value.Headers["x-first-death-reason"]);
        Assert.Equal(["c"], _host.Drain(dead));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Policy_OfALivingQueue_LimitsWhatIsThere()
    {
        var queue = _host.Declare("q", ("x-max-length", 5));
        _host.Publish(queue, "a", "b", "c", "d", "e", "f");
        Assert.Equal(5u, queue.ReadyCount);

        queue.ApplyPolicy(new EffectivePolicy("p", null, TestTopology.Arguments(("max-length-bytes", 3))));
        Assert.Equal(3u, queue.ReadyCount);
        _host.Publish(queue, "g");
        Assert.Equal(3u, queue.ReadyCount);
        queue.ApplyPolicy(new EffectivePolicy("p", null, TestTopology.Arguments(("max-length", 10))));
        _host.Publish(queue, "h", "i", "j");

        Assert.Equal(["f", "g", "h", "i", "j"], _host.Drain(queue));
    }

    [Fact]
    public void Priorities_GoFirst_AndInTheirOrder()
    {
        var queue = _host.Declare("q", ("x-max-priority", 5));
        _host.Publish(queue, "none");
        foreach (byte priority in (byte[])[1, 9, 5, 3, 0, 200])
        {
            _host.Publish(queue, new BasicProperties { Priority = priority }, $"{priority}");
        }

        Assert.Equal(7u, queue.ReadyCount);
        Assert.Equal(["9", "5", "200", "3", "1", "none", "0"], _host.Drain(queue));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Priorities_OfAllLevels_AreToldApart()
    {
        var queue = _host.Declare("q", ("x-max-priority", 255));
        for (int priority = 0; priority < 256; priority++)
        {
            _host.Publish(queue, new BasicProperties { Priority = (byte)priority }, $"{priority}");
        }

        Assert.Equal(Enumerable.Range(0, 256).Reverse().Select(priority => $"{priority}"), _host.Drain(queue));
    }

    [Fact]
    public void Priorities_OfAQuorumQueue_AreToldApartInRabbitMq43()
    {
        using var host = new ExtendedQueue(BrokerProfile.V4_3);
        var queue = host.Declare("q", ("x-queue-type", "quorum"));
        foreach (byte priority in (byte[])[3, 5, 31, 200])
        {
            host.Publish(queue, new BasicProperties { Priority = priority }, $"{priority}");
        }

        host.Publish(queue, "none");

        Assert.Equal(["31", "200", "5", "none", "3"], host.Drain(queue));
    }

    [Fact]
    public void Priorities_OfAQuorumQueue_AreTwoThatShareTheirTurnsBeforeRabbitMq43()
    {
        var queue = _host.Declare("q", ("x-queue-type", "quorum"));
        _host.Publish(queue, "n1", "n2");
        _host.Publish(queue, new BasicProperties { Priority = 4 }, "n3");
        foreach (byte priority in (byte[])[5, 255, 31, 9, 6, 7, 8])
        {
            _host.Publish(queue, new BasicProperties { Priority = priority }, $"h{priority}");
        }

        // Two of three turns are the higher level's while both wait; within a level all go in their order.
        Assert.Equal(["h5", "h255", "n1", "h31", "h9", "n2", "h6", "h7", "n3", "h8"], _host.Drain(queue));
    }

    [Fact]
    public void Priorities_OfAQuorumQueue_LetWhatWasReturnedGoFirst()
    {
        var queue = _host.Declare("q", ("x-queue-type", "quorum"));
        _host.Publish(queue, "n1", "n2");
        Assert.Equal("n1", _host.Get(queue, Outcome.Fail)?.Body);
        _host.Publish(queue, new BasicProperties { Priority = 9 }, "h1");

        Assert.Equal("n1", _host.Get(queue)?.Body);
        Assert.Equal(["n2", "h1"], _host.Drain(queue));
    }

    [Fact]
    public void Priorities_OfAQuorumQueue_AreNoneInRabbitMq313()
    {
        using var host = new ExtendedQueue(BrokerProfile.V3_13);
        var queue = host.Declare("q", ("x-queue-type", "quorum"));
        host.Publish(queue, "n1");
        host.Publish(queue, new BasicProperties { Priority = 9 }, "h1");

        Assert.Equal(["n1", "h1"], host.Drain(queue));
    }

    [Fact]
    public void Message_WithAPriority_ComesBackAmongItsEquals()
    {
        var queue = _host.Declare("q", ("x-max-priority", 5));
        var consumer = new TextConsumer(queue, prefetch: 1);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));
        _host.Publish(queue, new BasicProperties { Priority = 2 }, "low", "low 2");
        _host.Publish(queue, new BasicProperties { Priority = 4 }, "high");
        queue.RemoveConsumer(consumer, _host.Turn);

        consumer.SettleAll(Outcome.Release, _host.Turn);

        Assert.Equal(["high", "low", "low 2"], _host.Drain(queue));
    }

    [Fact]
    public void MaxLength_WithPriorities_DropsFromTheHead()
    {
        var queue = _host.Declare("q", ("x-max-priority", 5), ("x-max-length", 2));
        _host.Publish(queue, new BasicProperties { Priority = 4 }, "high");

        _host.Publish(queue, "a", "b");

        Assert.Equal(["a", "b"], _host.Drain(queue));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(null, 20)]
    public void DeliveryLimit_EndsAMessageThatFailsTooOften(int? limit, int expected)
    {
        var dead = _host.Declare("dead");
        (string, object?)[] arguments = [("x-queue-type", "quorum"), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead")];
        var queue = _host.Declare("q", limit is { } one ? [.. arguments, ("x-delivery-limit", one)] : arguments);
        _host.Publish(queue, new BasicProperties { Headers = TestTopology.Arguments(("h", 1)) }, "x");

        Assert.False(_host.Get(queue, Outcome.Fail)!.Value.Headers.ContainsKey("x-delivery-count"));
        for (int failures = 1; failures <= expected; failures++)
        {
            var (_, headers, _) = _host.Get(queue, failures % 2 == 0 ? Outcome.Fail : Outcome.Release)!.Value;
            Assert.Equal(((long)failures, 1), (headers["x-delivery-count"], headers["h"]));
        }

        Assert.Null(_host.Get(queue));
        Assert.Equal("delivery_limit", _host.Get(dead)!.Value.Headers["x-first-death-reason"]);
        _host.ExpectNothingLeft();
    }

    [Theory]
    [InlineData(BrokerProfile.V3_13, null)]
    [InlineData(BrokerProfile.V4_2, -1)]
    public void DeliveryLimit_OfNone_LetsAMessageFailForEver(BrokerProfile profile, int? limit)
    {
        using var host = new ExtendedQueue(profile);
        var queue = limit is { } none ? host.Declare("q", ("x-queue-type", "quorum"), ("x-delivery-limit", none)) : host.Declare("q", ("x-queue-type", "quorum"));
        host.Publish(queue, "x");
        for (int round = 0; round < 50; round++)
        {
            Assert.NotNull(host.Get(queue, Outcome.Fail));
        }

        Assert.Equal(50L, host.Get(queue)!.Value.Headers["x-delivery-count"]);
    }

    [Fact]
    public void DeliveryLimit_InRabbitMq43_DoesNotCountReleases()
    {
        using var host = new ExtendedQueue(BrokerProfile.V4_3);
        var queue = host.Declare("q", ("x-queue-type", "quorum"), ("x-delivery-limit", 1));
        host.Publish(queue, "x");
        for (int round = 0; round < 5; round++)
        {
            Assert.NotNull(host.Get(queue, Outcome.Release));
        }

        Assert.NotNull(host.Get(queue, Outcome.Fail));
        Assert.NotNull(host.Get(queue, Outcome.Fail));
        Assert.Null(host.Get(queue));
    }

    [Fact]
    public void DeliveryLimit_OfAClassicQueue_IsNone()
    {
        var queue = _host.Declare("q");
        _host.Publish(queue, "x");
        for (int round = 0; round < 30; round++)
        {
            Assert.False(_host.Get(queue, Outcome.Fail)!.Value.Headers.ContainsKey("x-delivery-count"));
        }
    }
}
