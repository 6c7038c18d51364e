using AmqpToolkit.Broker.Messages;
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

    [Fact]
    public void HeadThatNobodyWants_CostsNothing_ForWhatIsTakenBehindIt()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var picky = Add(host, queue, "colour = 'blue'");
        Publish(host, queue, "red", "1000000", "head");
        for (int round = 0; round < 200; round++)
        {
            Publish(host, queue, "blue", $"{2_000_000 + round}", [.. Enumerable.Range(0, 200).Select(number => $"{round} {number}")]);
            picky.SettleAll(Outcome.Accept, host.Turn);
        }

        Assert.Equal(40_000, picky.Taken.Count);
        Assert.InRange(host.Arena.ListOctets, 1, 4 * 1024 * sizeof(ulong));

        // What was told of the places that are gone has gone with them.
        Publish(host, queue, "red", null, "last");
        Publish(host, queue, "blue", "3000", "short");
        picky.SettleAll(Outcome.Release, host.Turn);
        Assert.Equal(2u, queue.ReadyCount);
        host.Advance(1_500_000);
        Assert.Equal(["last"], host.Drain(queue));
    }

    [Fact]
    public void BackOnes_AreLookedAt_HoweverManyComeAtOnce()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        string[] all = [.. Enumerable.Range(0, 1000).Select(number => $"{number}")];
        var first = Add(host, queue, "colour = 'blue'");
        Publish(host, queue, "blue", null, all);
        Assert.Equal(all, first.Taken);
        var second = Add(host, queue, "colour = 'blue'");
        Publish(host, queue, "red", null, "other");
        queue.RemoveConsumer(first, host.Turn);
        first.SettleAll(Outcome.Release, host.Turn);
        Assert.Equal(all, second.Taken);
        second.SettleAll(Outcome.Accept, host.Turn);
        Assert.Equal(["other"], host.Drain(queue));
        host.ExpectNothingLeft();
    }

    /// <summary>The list that is gone is given back without the lock: until that is done, nobody may stand in it.</summary>
    [Fact]
    public void Purge_LeavesNobodyInTheListThatIsGone()
    {
        using var host = new ExtendedQueue();
        var line = new MessageLine(host.Arena);
        for (int number = 0; number < 3; number++)
        {
            line.Add(host.Arena.Store(new MessageContent { Exchange = [], RoutingKey = [], Properties = [0, 0], Body = [1] }));
        }

        ReadyList.Cursor cursor = default;
        int budget = 100;
        while (line.TrySeek(ref cursor, ref budget, out _))
        {
            cursor.Number++;
        }

        var all = line.TakeAll();
        Assert.False(line.TrySeek(ref cursor, ref budget, out _));
        var added = host.Arena.Store(new MessageContent { Exchange = [], RoutingKey = [], Properties = [0, 0], Body = [2] });
        line.Add(added);
        Assert.True(line.TrySeek(ref cursor, ref budget, out var found));
        Assert.Equal(added, found);
        all.Drop();
        line.Drop();
        host.ExpectNothingLeft();
    }

    [Fact]
    public void WhatComesBack_AndIsNotPicked_EndsWithASubscription()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var first = new TextConsumer(queue);
        Assert.True(queue.TryAddConsumer(first, host.Turn, _ => { }));
        Publish(host, queue, "red", null, "0", "1");
        Publish(host, queue, "blue", null, "2");
        queue.RemoveConsumer(first, host.Turn);
        first.SettleAll(Outcome.Release, host.Turn);
        var second = new TextConsumer(queue);
        Assert.True(Selector.TryParse("colour = 'blue'", out var selector, out _));
        second.Walk = new QueueWalk(queue, second, selector!) { DropsRefused = true };
        Assert.True(queue.TryAddConsumer(second, host.Turn, _ => { }));
        Assert.Equal(["2"], second.Taken);
        Assert.Equal(0u, queue.ReadyCount);
        second.SettleAll(Outcome.Accept, host.Turn);
        host.ExpectNothingLeft();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(150)]
    public void Browser_ComesOn_BesideWhoGivesBackALotAgainAndAgain(int higher)
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q", higher == 0 ? [] : [("x-max-priority", 5)]);
        var browser = new TextConsumer(queue) { Credit = 0 };
        browser.Walk = new QueueWalk(queue, browser) { IsBrowsing = true };
        var other = new TextConsumer(queue, prefetch: 300);
        string[] all = [.. Enumerable.Range(0, 600).Select(number => $"{number}")];
        Assert.True(queue.TryAddConsumer(other, host.Turn, _ => { }));
        host.Publish(queue, new BasicProperties { Priority = 5 }, all[..higher]);
        host.Publish(queue, all[higher..]);
        Assert.True(queue.TryAddConsumer(browser, host.Turn, _ => { }));
        for (int round = 0; round < 10; round++)
        {
            browser.Credit = 100;
            other.SettleAll(Outcome.Release, host.Turn);
        }

        // Each is shown once, whether it was out while the browser passed or not.
        Assert.Equal(browser.Taken.Count, browser.Taken.Distinct().Count());
        Assert.Equal(all[300..], browser.Taken.Where(body => int.Parse(body) >= 300));
    }

    /// <summary>Another gives one message back again and again, or some hundreds, while there is much to look at.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    public void BrowserWithASelector_ComesOn_WhateverIsGivenBackMeanwhile(int held)
    {
        const int Count = 5000;
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        for (int round = 0; round < Count / 1000; round++)
        {
            Publish(host, queue, "red", null, [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);
        }

        Publish(host, queue, "blue", null, "wanted");
        var first = new TextConsumer(queue);
        Assert.True(queue.TryAddConsumer(first, host.Turn, _ => { }));
        queue.RemoveConsumer(first, host.Turn);
        first.SettleAll(Outcome.Release, host.Turn);
        Assert.Equal(Count + 1u, queue.ReadyCount);
        var other = new TextConsumer(queue, prefetch: held);
        Assert.True(queue.TryAddConsumer(other, host.Turn, _ => { }));
        queue.StepsInOneGo = 2000;
        var browser = new TextConsumer(queue);
        Assert.True(Selector.TryParse("colour = 'blue'", out var selector, out _));
        browser.Walk = new QueueWalk(queue, browser, selector!) { IsBrowsing = true };
        Assert.True(queue.TryAddConsumer(browser, host.Turn, _ => { }));
        for (int round = 0; round < 2000 && browser.Taken.Count == 0; round++)
        {
            other.SettleAll(Outcome.Release, host.Turn);
            queue.Sweep(host.Turn);
        }

        Assert.Equal(["wanted"], browser.Taken);
    }

    /// <summary>Some 200,000 steps a message: more than all looks of one taking of the lock.</summary>
    [Fact]
    public void MessagesThatAreDearToLookAt_ComeAgain()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var picky = Add(host, queue, DearHeaders.Picks);
        var dear = new BasicProperties { Headers = DearHeaders.Create(11_000) };
        host.Publish(queue, dear, "0");
        host.Publish(queue, dear, "1");
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 0, TimeSpan.FromSeconds(60)), "they are not delivered");
        picky.SettleAll(Outcome.Release, host.Turn);
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 0, TimeSpan.FromSeconds(60)), "they do not come again");
        Assert.Equal(["0", "1", "0", "1"], picky.Taken);
    }

    [Fact]
    public async Task Purge_WhileAWalkIsBehind_LeavesNothingToDo()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q", ("x-message-ttl", 1000));
        for (int round = 0; round < 20; round++)
        {
            Publish(host, queue, "red", null, [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);
        }

        var picky = Add(host, queue, "colour = 'blue' AND colour <> 'red'");
        Assert.Equal(20_000u, queue.Purge());

        // The clock is moved by hand: what is left to the sweep is done before this returns.
        await Task.Run(() => host.Advance(2000)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(SpinWait.SpinUntil(() => !queue.IsLookingOn, TimeSpan.FromSeconds(60)), "the sweep does not end");
        Publish(host, queue, "blue", null, "wanted");
        Assert.Equal(["wanted"], picky.Taken);
    }

    [Fact]
    public async Task TimeOverOfABacklog_WhileAWalkIsBehind_EndsTheSweep()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q", ("x-message-ttl", 1000));
        for (int round = 0; round < 20; round++)
        {
            Publish(host, queue, "red", null, [.. Enumerable.Range(0, 1000).Select(number => $"{number}")]);
        }

        Add(host, queue, "colour = 'blue' AND colour <> 'red'");
        await Task.Run(() => host.Advance(2000)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 0, TimeSpan.FromSeconds(60)), "messages are left whose time is over");
        Assert.True(SpinWait.SpinUntil(() => !queue.IsLookingOn, TimeSpan.FromSeconds(60)), "the sweep does not end");
    }

    [Fact]
    public void DeepQueue_WithSeveralWalks_IsLookedThroughForAllOfThem()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        for (int round = 0; round < 30; round++)
        {
            Publish(host, queue, "red", null, [.. Enumerable.Range(0, 1000).Select(number => $"{round * 1000 + number}")]);
            Publish(host, queue, "blue", null, $"blue {round}");
            Publish(host, queue, "green", null, $"green {round}");
        }

        var none = Add(host, queue, "colour = 'white'");
        var blue = Add(host, queue, "colour = 'blue'");
        var green = Add(host, queue, "colour = 'green'");
        Assert.True(SpinWait.SpinUntil(() => queue.ReadyCount == 30_000, TimeSpan.FromSeconds(60)), $"{queue.ReadyCount} wait");
        Assert.Equal(Enumerable.Range(0, 30).Select(round => $"blue {round}"), blue.Taken);
        Assert.Equal(Enumerable.Range(0, 30).Select(round => $"green {round}"), green.Taken);
        Assert.Empty(none.Taken);
    }

    [Fact]
    public void WhoWasKeptFromAMessage_IsAConsumerLikeOthers_OnceItIsGone()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var first = new TextConsumer(queue, prefetch: 10);
        Assert.True(queue.TryAddConsumer(first, host.Turn, _ => { }));
        host.Publish(queue, "0", "1");
        Assert.True(queue.TryExclude(first, first.Unsettled[0].Message));
        queue.Settle([first.Unsettled[0]], Outcome.Fail, host.Turn);
        first.Unsettled.RemoveAt(0);
        Assert.Equal((1u, false), (queue.ReadyCount, queue.IsPlain));
        var second = new TextConsumer(queue, prefetch: 1);
        Assert.True(queue.TryAddConsumer(second, host.Turn, _ => { }));
        Assert.Equal(["0"], second.Taken);

        // Others hold it: it may come back, and is not for the first then.
        second.SettleAll(Outcome.Fail, host.Turn);
        Assert.Equal(["0", "0"], second.Taken);
        Assert.NotNull(first.Walk);
        second.SettleAll(Outcome.Accept, host.Turn);
        Assert.Null(first.Walk);
        Assert.True(queue.IsPlain);
        host.Publish(queue, "2", "3");
        Assert.Equal(["0", "1", "2", "3"], first.Taken.Concat(second.Taken.Skip(2)).Order());
    }

    [Fact]
    public void WhoHearsThatThisWasAll_MayBeAConsumerLikeOthersFromThenOn()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        var first = new TextConsumer(queue, prefetch: 10);
        Assert.True(queue.TryAddConsumer(first, host.Turn, _ => { }));
        host.Publish(queue, "0");
        Assert.True(queue.TryExclude(first, first.Unsettled[0].Message));
        queue.Settle([first.Unsettled[0]], Outcome.Fail, host.Turn);
        first.Unsettled.Clear();
        var second = new TextConsumer(queue, prefetch: 1);
        Assert.True(queue.TryAddConsumer(second, host.Turn, _ => { }));
        first.Walk!.IsDraining = true;
        second.SettleAll(Outcome.Accept, host.Turn);
        Assert.Null(first.Walk);
        Assert.True(queue.IsPlain);
    }

    [Fact]
    public void LinksOfOneSubscription_GetWhatOneOfThemDoesNotWantAgain()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        TextConsumer[] consumers = [new TextConsumer(queue), new TextConsumer(queue)];
        Assert.True(Selector.TryParse("colour = 'blue'", out var selector, out _));
        foreach (var consumer in consumers)
        {
            consumer.Walk = new QueueWalk(queue, consumer, selector!) { DropsRefused = true };
        }

        Assert.True(queue.TryAddConsumer(consumers[0], host.Turn, _ => { }));
        string[] all = [.. Enumerable.Range(0, 300).Select(number => $"{number}")];
        Publish(host, queue, "blue", null, all);
        foreach (var delivery in consumers[0].Unsettled)
        {
            Assert.True(queue.TryExclude(consumers[0], delivery.Message));
        }

        consumers[0].SettleAll(Outcome.Fail, host.Turn);
        Assert.Equal(300u, queue.ReadyCount);
        Assert.True(queue.TryAddConsumer(consumers[1], host.Turn, _ => { }));
        Assert.Equal(all, consumers[1].Taken);
        consumers[1].SettleAll(Outcome.Accept, host.Turn);
        host.ExpectNothingLeft();
    }

    [Fact]
    public void Browser_IsNoConsumer()
    {
        using var host = new ExtendedQueue();
        var queue = host.Declare("q");
        host.Publish(queue, "0");
        var browser = new TextConsumer(queue);
        browser.Walk = new QueueWalk(queue, browser) { IsBrowsing = true };
        Assert.True(queue.TryAddConsumer(browser, host.Turn, _ => { }));
        Assert.Equal(0u, queue.ConsumerCount);
        var owner = new TextConsumer(queue, isExclusive: true);
        Assert.True(queue.TryAddConsumer(owner, host.Turn, _ => { }));
        Assert.False(queue.TryAddConsumer(new TextConsumer(queue), host.Turn, _ => { }));
        Assert.Equal(1u, queue.ConsumerCount);
        Assert.Equal(["0"], browser.Taken);
        Assert.Equal(["0"], owner.Taken);
    }

    /// <summary>Random times: what may wait for ever is never lost, and what may not never outlives its time, whatever was taken before its turn.</summary>
    [Theory]
    [MemberData(nameof(Seeds))]
    public void RandomTimes_AreThoseOfTheirMessages(int seed)
    {
        var random = new Random(seed);
        using var host = new ExtendedQueue();
        var queue = host.Declare("q", seed % 2 == 0 ? [("x-max-priority", 2)] : []);
        var lasting = new SortedSet<int>();
        TextConsumer[] consumers = [Add(host, queue, "colour = 'blue'", prefetch: 4), Add(host, queue, "colour = 'red'", prefetch: 1), new TextConsumer(queue, prefetch: 2)];
        Assert.True(queue.TryAddConsumer(consumers[2], host.Turn, _ => { }));
        int next = 0;
        for (int step = 0; step < 400; step++)
        {
            switch (random.Next(6))
            {
                case < 3:
                    bool isLasting = random.Next(2) == 0;
                    string[] bodies = [.. Enumerable.Range(next, random.Next(1, 40)).Select(number => $"{number}")];
                    next += bodies.Length;
                    lasting.UnionWith(isLasting ? bodies.Select(int.Parse) : []);
                    Publish(host, queue, random.Next(3) switch { 0 => "blue", 1 => "red", _ => "green" }, isLasting ? null : $"{random.Next(1, 400)}", bodies);
                    break;

                case 3:
                    host.Advance(random.Next(1, 50));
                    break;

                default:
                    var consumer = consumers[random.Next(consumers.Length)];
                    var outcome = random.Next(3) == 0 ? Outcome.Release : Outcome.Accept;
                    if (outcome == Outcome.Accept)
                    {
                        lasting.ExceptWith(consumer.Taken.TakeLast(consumer.Unsettled.Count).Select(int.Parse));
                    }

                    consumer.SettleAll(outcome, host.Turn);
                    break;
            }
        }

        foreach (var consumer in consumers)
        {
            queue.RemoveConsumer(consumer, host.Turn);
            consumer.SettleAll(Outcome.Release, host.Turn);
        }

        host.Advance(1000);
        var left = host.Drain(queue).Select(int.Parse);
        Assert.True(lasting.SequenceEqual(left), $"seed {seed}: {string.Join(' ', lasting.Except(left))} are lost, {string.Join(' ', left.Except(lasting))} are left over");
        host.ExpectNothingLeft();
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 30)];

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
