using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Selectors;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Queues;

/// <summary>What must hold of a queue whose messages are taken before their turn.</summary>
public sealed class WalkTests
{
    [Fact]
    public void Deadlines_BelongToTheirMessages_WhateverWasTakenBefore()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var picky = Add(host, queue, "colour = 'blue'");
        Publish(host, queue, "red", "100", "0");
        Publish(host, queue, "blue", "200", "1");
        Publish(host, queue, "red", "300", "2");
        Assert.Equal(["1"], picky.Taken);
        Assert.Equal("0", host.Get(queue)!.Value.Body);
        Publish(host, queue, "red", null, "3");
        host.Advance(250);
        Assert.Equal("2", host.Get(queue)!.Value.Body);
        host.Advance(100_000);
        Assert.Equal("3", host.Get(queue)!.Value.Body);
        picky.SettleAll(Outcome.Accept, host.Turn);
        host.ExpectNothingLeft();
    }

    [Fact]
    public void WhatComesBack_HasItsTurnByItsPlace()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q", ("x-max-priority", 10));
        var picky = Add(host, queue, "colour = 'blue'", prefetch: 1);
        Publish(host, queue, "blue", null, "low");
        host.Publish(queue, new BasicProperties { Priority = 9, Headers = Table.Create(table => table.Add("colour", "blue")) }, "high");
        picky.SettleAll(Outcome.Release, host.Turn);
        Assert.Equal(["low", "high"], picky.Taken);
        picky.SettleAll(Outcome.Accept, host.Turn);
        Assert.Equal(["low", "high", "low"], picky.Taken);
    }

    [Fact]
    public void Purge_LeavesWalksWhereTheNextMessageIs()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var picky = Add(host, queue, "colour = 'blue'");
        Publish(host, queue, "red", null, [.. Enumerable.Range(0, 3000).Select(number => $"{number}")]);
        Assert.Equal(3000u, queue.Purge());
        Publish(host, queue, "blue", null, "wanted");
        Assert.Equal(["wanted"], picky.Taken);
        Assert.Equal(0u, queue.ReadyCount);
    }

    private static TextConsumer Add(ExtendedQueue host, MessageQueue queue, string text, int prefetch = 0)
    {
        var consumer = new TextConsumer(queue, prefetch: prefetch);
        Assert.True(Selector.TryParse(text, out var selector, out _));
        consumer.Walk = new QueueWalk(queue, consumer, selector!);
        Assert.True(queue.TryAddConsumer(consumer, host.Turn, _ => { }));
        return consumer;
    }

    private static void Publish(ExtendedQueue host, MessageQueue queue, string colour, string? expiration, params string[] bodies)
    {
        var properties = new BasicProperties { Headers = Table.Create(table => table.Add("colour", colour)) };
        host.Publish(queue, expiration is null ? properties : properties with { Expiration = expiration }, bodies);
    }
}
