using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>Consumer priorities and the single active consumer.</summary>
public sealed class QueueConsumerTests : IDisposable
{
    private readonly ExtendedQueue _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void HigherPriority_IsServedFirst_AndTheNextWhenItIsFull()
    {
        var queue = _host.Declare("q");
        var low = Add(new TextConsumer(queue, priority: -5));
        var usual = Add(new TextConsumer(queue, prefetch: 2));
        var high = Add(new TextConsumer(queue, priority: 7, prefetch: 2));

        _host.Publish(queue, "a", "b", "c", "d", "e", "f");
        Assert.Equal(["a", "b"], high.Taken);
        Assert.Equal(["c", "d"], usual.Taken);
        Assert.Equal(["e", "f"], low.Taken);
        high.SettleAll(Outcome.Accept, _host.Turn);
        _host.Publish(queue, "g");

        Assert.Equal(["a", "b", "g"], high.Taken);
    }

    [Fact]
    public void EqualPriorities_TakeTurns()
    {
        var queue = _host.Declare("q");
        var one = Add(new TextConsumer(queue, priority: 3));
        var two = Add(new TextConsumer(queue, priority: 3));
        Add(new TextConsumer(queue));

        _host.Publish(queue, "a", "b", "c", "d");

        Assert.Equal(["a", "c"], one.Taken);
        Assert.Equal(["b", "d"], two.Taken);
    }

    [Fact]
    public void SingleActive_GetsEverything_UntilItGoes()
    {
        var queue = _host.Declare("q", ("x-single-active-consumer", true));
        var first = Add(new TextConsumer(queue, prefetch: 2));
        var second = Add(new TextConsumer(queue, priority: 10));
        var third = Add(new TextConsumer(queue));
        _host.Publish(queue, "a", "b", "c");
        Assert.Equal(["a", "b"], first.Taken);
        Assert.Empty(second.Taken);

        queue.RemoveConsumer(first, _host.Turn);
        Assert.Equal(["c"], second.Taken);
        first.SettleAll(Outcome.Release, _host.Turn);

        Assert.Equal(["c", "a", "b"], second.Taken);
        Assert.Empty(third.Taken);
        Assert.Equal(2u, queue.ConsumerCount);
    }

    [Fact]
    public void SingleActive_ThatGoes_IsFollowedByTheHighestPriority_AndTheFirstOfThose()
    {
        var queue = _host.Declare("q", ("x-single-active-consumer", true));
        var first = Add(new TextConsumer(queue));
        var low = Add(new TextConsumer(queue, priority: -1));
        var high = Add(new TextConsumer(queue, priority: 5));
        var later = Add(new TextConsumer(queue, priority: 5));
        _host.Publish(queue, "a");

        queue.RemoveConsumer(first, _host.Turn);
        _host.Publish(queue, "b");
        queue.RemoveConsumer(high, _host.Turn);
        _host.Publish(queue, "c");

        Assert.Equal(["a"], first.Taken);
        Assert.Equal(["b"], high.Taken);
        Assert.Equal(["c"], later.Taken);
        Assert.Empty(low.Taken);
    }

    [Fact]
    public void SingleActive_OfAQuorumQueue_MakesWayForAHigherPriority()
    {
        var queue = _host.Declare("q", ("x-single-active-consumer", true), ("x-queue-type", "quorum"));
        var first = Add(new TextConsumer(queue));
        _host.Publish(queue, "a", "b");
        var second = Add(new TextConsumer(queue, priority: 1));
        _host.Publish(queue, "c");
        Assert.Equal(["a", "b"], first.Taken);
        Assert.Empty(second.Taken);

        first.SettleAll(Outcome.Accept, _host.Turn);
        Assert.Equal(["c"], second.Taken);
        queue.RemoveConsumer(second, _host.Turn);
        _host.Publish(queue, "d");

        Assert.Equal(["a", "b", "d"], first.Taken);
    }

    [Fact]
    public void SingleActive_ThatStays_GoesOnWhenTheHigherPriorityGoesFirst()
    {
        var queue = _host.Declare("q", ("x-single-active-consumer", true), ("x-queue-type", "quorum"));
        var first = Add(new TextConsumer(queue));
        _host.Publish(queue, "a");
        var second = Add(new TextConsumer(queue, priority: 1));
        _host.Publish(queue, "b");
        Assert.Equal(["a"], first.Taken);

        queue.RemoveConsumer(second, _host.Turn);

        Assert.Equal(["a", "b"], first.Taken);
        Assert.Empty(second.Taken);
    }

    [Fact]
    public void SingleActive_RefusesExclusiveConsumers()
    {
        var queue = _host.Declare("q", ("x-single-active-consumer", true));

        Assert.False(queue.TryAddConsumer(new TextConsumer(queue, isExclusive: true), _host.Turn, _ => { }));
    }

    private TextConsumer Add(TextConsumer consumer)
    {
        Assert.True(consumer.Queue.TryAddConsumer(consumer, _host.Turn, _ => { }));
        return consumer;
    }
}
