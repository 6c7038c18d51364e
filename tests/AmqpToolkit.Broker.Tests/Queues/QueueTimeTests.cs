using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Tests.Topology;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>x-message-ttl, expiration and x-expires, with a clock that stands still until it is moved.</summary>
public sealed class QueueTimeTests : IDisposable
{
    private readonly ExtendedQueue _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void Message_WhoseQueuesTimeIsOver_IsGoneAtItsMillisecond()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 1000));
        _host.Publish(queue, "a");
        _host.Advance(400);
        _host.Publish(queue, "b");

        _host.Advance(599);
        Assert.Equal(2u, queue.ReadyCount);
        _host.Advance(1);
        Assert.Equal(1u, queue.ReadyCount);
        Assert.Equal(["b"], _host.Drain(queue));
        Assert.Equal(0u, queue.ReadyCount);
        _host.ExpectNothingLeft();
    }

    [Theory]
    [InlineData(500, "200", 200)]
    [InlineData(200, "500", 200)]
    [InlineData(null, "300", 300)]
    public void Message_WithATimeOfItsOwn_GoesAtTheSmaller(int? ttl, string expiration, int after)
    {
        var queue = ttl is { } common ? _host.Declare("q", ("x-message-ttl", common)) : _host.Declare("q");
        _host.Publish(queue, new BasicProperties { Expiration = expiration }, "a");

        _host.Advance(after - 1);
        Assert.Equal(1u, queue.ReadyCount);
        _host.Advance(1);

        Assert.Equal(0u, queue.ReadyCount);
        Assert.Equal(0, _host.Timers.Count);
    }

    [Fact]
    public void Message_WhoseTimeIsOver_WaitsBehindOneThatMayWait()
    {
        var queue = _host.Declare("q");
        _host.Publish(queue, "first");
        _host.Publish(queue, new BasicProperties { Expiration = "100" }, "second");
        _host.Publish(queue, "third");

        _host.Advance(5000);

        Assert.Equal(3u, queue.ReadyCount);
        Assert.Equal("first", _host.Get(queue)?.Body);
        Assert.Equal(["third"], _host.Drain(queue));
    }

    [Fact]
    public void Message_WithoutTime_IsDeliveredAtOnceOrNotAtAll()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 0));
        _host.Publish(queue, "lost");
        Assert.Equal(0u, queue.ReadyCount);
        var consumer = new TextConsumer(queue);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));

        _host.Publish(queue, "a", "b");

        Assert.Equal(["a", "b"], consumer.Taken);
        Assert.Equal(0, _host.Timers.Count);
    }

    [Fact]
    public void Message_ThatComesBackAfterItsTime_IsGone()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 100));
        _host.Publish(queue, "a", "b");
        Assert.True(queue.TryGet(out var message, out _));
        _host.Advance(100);
        Assert.Equal(0u, queue.ReadyCount);

        queue.Settle([new Unsettled(queue, null, message)], Outcome.Release, _host.Turn);

        Assert.Equal(0u, queue.ReadyCount);
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Message_ThatComesBackInTime_KeepsItsTime()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 100));
        _host.Publish(queue, "a");
        _host.Advance(60);
        _host.Get(queue, Outcome.Release);

        _host.Advance(39);
        Assert.Equal(1u, queue.ReadyCount);
        _host.Advance(1);
        Assert.Equal(0u, queue.ReadyCount);
    }

    [Fact]
    public void Messages_InGreatNumbers_GoInOneStepOfTheClock()
    {
        var queue = _host.Declare("q", ("x-message-ttl", 10));
        _host.Publish(queue, [.. Enumerable.Range(0, 4000).Select(number => $"{number}")]);
        _host.Publish(queue, [.. Enumerable.Range(0, 4000).Select(number => $"{number}")]);
        _host.Publish(queue, [.. Enumerable.Range(0, 4000).Select(number => $"{number}")]);

        _host.Advance(10);

        Assert.Equal(0u, queue.ReadyCount);
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Queue_ThatNobodyUses_GoesAfterItsTime()
    {
        _host.Declare("q", ("x-expires", 1000));
        _host.Advance(999);
        Assert.True(_host.Has("q"));
        _host.Advance(1);
        Assert.False(_host.Has("q"));
        Assert.Equal(0, _host.Timers.Count);
    }

    [Theory]
    [InlineData("x-queue-type", "quorum")]
    [InlineData("x-max-length", 5)]
    public void Queue_ThatAPolicyGivesATime_HasAllOfItFromThenOn(string key, object value)
    {
        var queue = _host.Declare("q", (key, value));
        _host.Advance(5000);

        queue.ApplyPolicy(new EffectivePolicy("p", null, TestTopology.Arguments(("expires", 1000))));

        _host.Advance(999);
        Assert.True(_host.Has("q"));
        _host.Advance(1);
        Assert.False(_host.Has("q"));
    }

    [Fact]
    public void Policy_WithTimesWithoutEnd_IsNoTimeAtAll()
    {
        var queue = _host.Declare("q");
        queue.ApplyPolicy(new EffectivePolicy("p", null, TestTopology.Arguments(("expires", long.MaxValue), ("message-ttl", long.MaxValue))));
        _host.Publish(queue, "a");

        _host.Advance(100_000);

        Assert.True(_host.Has("q"));
        Assert.Equal(["a"], _host.Drain(queue));
    }

    [Theory]
    [InlineData(-1, 5, 5)]
    [InlineData(5, -1, 5)]
    [InlineData(7, 5, 5)]
    public void DeliveryLimit_OfAQueueWithoutOne_IsThePolicys(int argument, int policy, long expected)
    {
        var queue = _host.Declare("q", ("x-queue-type", "quorum"), ("x-delivery-limit", argument));

        var settings = QueueSettings.From(queue.Definition, new EffectivePolicy("p", null, TestTopology.Arguments(("delivery-limit", policy))), ProfileRules.Of(BrokerProfile.V4_2));

        Assert.Equal(expected, settings!.DeliveryLimit);
    }

    [Fact]
    public void Queue_ThatIsUsed_Stays()
    {
        var queue = _host.Declare("q", ("x-expires", 1000));
        _host.Publish(queue, "a");
        _host.Advance(900);
        Assert.NotNull(_host.Get(queue));
        _host.Advance(900);
        queue.HandleDeclared();
        _host.Advance(900);
        Assert.True(_host.Has("q"));
        var consumer = new TextConsumer(queue);
        Assert.True(queue.TryAddConsumer(consumer, _host.Turn, _ => { }));
        _host.Advance(10_000);
        Assert.True(_host.Has("q"));
        queue.RemoveConsumer(consumer, _host.Turn);
        _host.Publish(queue, "publishing is no use");
        _host.Advance(999);
        Assert.True(_host.Has("q"));
        _host.Advance(1);

        Assert.False(_host.Has("q"));
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Queue_ThatGoesForDisuse_DeadLettersNothing()
    {
        var dead = _host.Declare("dead");
        var queue = _host.Declare("q", ("x-expires", 1000), ("x-dead-letter-exchange", ""), ("x-dead-letter-routing-key", "dead"));
        _host.Publish(queue, "a");

        _host.Advance(1000);

        Assert.False(_host.Has("q"));
        Assert.Equal(0u, dead.ReadyCount);
        _host.ExpectNothingLeft();
    }

    [Fact]
    public void Queue_ThatIsDeleted_LeavesNoTimer()
    {
        var queue = _host.Declare("q", ("x-expires", 1000), ("x-message-ttl", 500));
        _host.Publish(queue, "a");
        Assert.Equal(2, _host.Timers.Count);

        Assert.Null(_host.VirtualHost.DeleteQueue("q"u8, false, false, _host, out _, out var deleted));
        deleted!.FinishClose(_host.Turn);

        Assert.Equal(0, _host.Timers.Count);
    }
}
