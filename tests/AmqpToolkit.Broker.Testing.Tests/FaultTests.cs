using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V0_9_1;
using AmqpConnection = AmqpToolkit.Client.V0_9_1.AmqpConnection;
using CloseInitiator = AmqpToolkit.Client.CloseInitiator;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>What goes wrong by rule, and what a client makes of it.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConnectionTap _tap;
    private AmqpBroker _broker = null!;
    private AmqpConnection _connection = null!;
    private AmqpChannel _channel = null!;

    public FaultTests() => _tap = new ConnectionTap(_time);

    private BrokerQueue Queue => _broker.Queues["q"];

    public async Task InitializeAsync()
    {
        _broker = await Brokers.InMemoryAsync(_time, _tap.Wrap).WithPatience();
        _connection = await _broker.ConnectAsync().WithPatience();
        _channel = await _connection.OpenChannelAsync().WithPatience();
        await _channel.DeclareAsync("q");
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync().WithPatience();
        await _broker.DisposeAsync().WithPatience();
    }

    [Fact]
    public async Task Publish_ThatIsNacked_IsToldSoAndNeverComes()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Nack);
        Assert.Equal([PublishStatus.Confirmed, PublishStatus.Nacked, PublishStatus.Confirmed], await SendAsync("1", "2", "3"));
        Assert.Equal(["1", "3"], Texts());
        Assert.Equal([new AppliedFault(1, TrafficPoint.Publish, 2, Fault.Nack)], _tap.Faults.Applied);
    }

    [Fact]
    public async Task Publish_ThatReturns_SaysWhy()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Return());
        var outcome = await _channel.PublishAsync(new BasicPublish { RoutingKey = "q", Mandatory = true }, default, "1"u8.ToArray()).WithPatience();
        Assert.Equal(PublishStatus.Returned, outcome.Status);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("q", "2")).Status);
        Assert.Equal(["2"], Texts());
    }

    [Fact]
    public async Task Publish_ThatIsLost_IsNotConfirmedByLaterOnes()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Drop);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("q", "1")).Status);
        var lost = _channel.PublishAsync("", "q", "2"u8.ToArray()).AsTask();
        for (int n = 3; n < 20; n++)
        {
            Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("q", $"{n}")).Status);
        }

        Assert.False(lost.IsCompleted);
        await _connection.DisposeAsync().WithPatience();
        Assert.Equal(PublishStatus.InDoubt, (await lost.WithPatience()).Status);
        Assert.DoesNotContain("2", Texts());
    }

    [Fact]
    public async Task Publishes_OneOfThemReordered_AreAllConfirmed()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Reorder);
        PublishOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(1, 4).Select(n => _channel.PublishAsync("", "q", new[] { (byte)('0' + n) }).AsTask())).WithPatience();
        Assert.All(outcomes, outcome => Assert.Equal(PublishStatus.Confirmed, outcome.Status));
        Assert.Equal(["1", "3", "2", "4"], Texts());
    }

    [Fact]
    public async Task Publish_ThatIsDelayed_ComesWhenItsTimeHasPassed()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Delay(TimeSpan.FromMinutes(5)));
        var late = _channel.SendAsync("q", "1");

        // The rule has been applied before the time is asked for: both must be over until the clock can bring it.
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Empty(Texts());
        await Queue.HoldsAsync(_ =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            return late.IsCompleted;
        });
        Assert.Equal(PublishStatus.Confirmed, (await late.WithPatience()).Status);
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Publish_ThatIsDelayed_LeavesThoseBeforeItAlone()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Delay(TimeSpan.FromMinutes(5)));
        var both = new[] { _channel.PublishAsync("", "q", "1"u8.ToArray()).AsTask(), _channel.PublishAsync("", "q", "2"u8.ToArray()).AsTask() };
        Assert.Equal(PublishStatus.Confirmed, (await both[0].WithPatience()).Status);
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(["1"], Texts());
        Assert.False(both[1].IsCompleted);
        await Queue.HoldsAsync(_ =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            return both[1].IsCompleted;
        });
        Assert.Equal(["1", "2"], Texts());
    }

    [Fact]
    public async Task Publish_AtWhichTheStreamIsCut_IsInDoubt()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Cut);
        Assert.Equal([PublishStatus.Confirmed, PublishStatus.InDoubt], await SendAsync("1", "2"));
        Assert.Equal(CloseInitiator.Transport, (await _connection.Closed.WithPatience()).Initiator);
        await using var second = await _broker.ConnectAsync().WithPatience();
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Publish_AtWhichTheConnectionIsClosed_SaysSo()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Close(541, "INTERNAL_ERROR - test"));
        var outcome = await _channel.SendAsync("q", "1");
        Assert.Equal(PublishStatus.InDoubt, outcome.Status);
        var reason = await _connection.Closed.WithPatience();
        Assert.Equal((541, "INTERNAL_ERROR - test"), (reason.ReplyCode, reason.ReplyText));
        Assert.Empty(Texts());
    }

    [Fact]
    public async Task Publish_AtWhichTheClientIsBlocked_HearsOfItAndOfTheEnd()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Block(TimeSpan.FromMinutes(1), "tired"));
        await _channel.SendAsync("q", "1");
        await Queue.HoldsAsync(_ => _connection.BlockedReason == "tired");
        await Queue.HoldsAsync(_ =>
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            return _connection.BlockedReason is null;
        });
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Delivery_ThatIsLost_ComesAgainToAnother()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Drop);
        await SendAsync("1", "2");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        Assert.Equal("2", await NextAsync(consumer.GetAsyncEnumerator()));
        await Queue.HoldsAsync(queue => queue is { ReadyCount: 0, UnackedCount: 1 });
        await _connection.DisposeAsync().WithPatience();
        await Queue.HoldsAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(("1", true), (Queue.Messages[0].Text, Queue.Messages[0].Redelivered));
    }

    [Fact]
    public async Task Delivery_ThatIsLost_IsNotMeantByAnAckOfAllBefore()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 2, Fault.Drop);
        await SendAsync("1", "2", "3");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        var deliveries = consumer.GetAsyncEnumerator();
        Assert.Equal("1", await NextAsync(deliveries, isAcknowledged: false));
        Assert.True(await deliveries.MoveNextAsync().WithPatience());
        deliveries.Current.Ack(multiple: true);
        await Queue.HoldsAsync(queue => queue.UnackedCount == 1);
        await _connection.DisposeAsync().WithPatience();
        await Queue.HoldsAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(["2"], Texts());
    }

    [Fact]
    public async Task Deliveries_OneOfThemReordered_ComeInAnotherOrder()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Reorder);
        await SendAsync("1", "2", "3");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        var deliveries = consumer.GetAsyncEnumerator();
        Assert.Equal("2", await NextAsync(deliveries));
        await Queue.HoldsAsync(queue => queue.UnackedCount == 2);

        // The first is out still; the second was acknowledged, and it is the second that is gone.
        Assert.Equal("1", await NextAsync(deliveries, isAcknowledged: false));
        Assert.Equal("3", await NextAsync(deliveries));
        await Queue.HoldsAsync(queue => queue.UnackedCount == 1);
        await _connection.DisposeAsync().WithPatience();
        await Queue.HoldsAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Delivery_AtWhichTheConnectionIsClosed_GoesBack()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Close());
        await SendAsync("1");
        await _channel.ConsumeAsync("q").WithPatience();
        Assert.Equal(320, (await _connection.Closed.WithPatience()).ReplyCode);
        await Queue.HoldsAsync(queue => queue is { ReadyCount: 1, ConsumerCount: 0 });
    }

    [Fact]
    public async Task Ack_ThatIsLost_LeavesTheMessageUnacknowledged()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Drop);
        await SendAsync("1");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        Assert.Equal("1", await NextAsync(consumer.GetAsyncEnumerator()));
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(1, Queue.UnackedCount);
    }

    [Fact]
    public async Task Ack_ThatIsKept_IsSaidBehindTheNext()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Reorder);
        await SendAsync("1", "2");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        var deliveries = consumer.GetAsyncEnumerator();
        await NextAsync(deliveries);
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(2, Queue.MessageCount);
        await NextAsync(deliveries);
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Confirm_ThatIsKept_ComesBehindTheNext()
    {
        _tap.Faults.At(TrafficPoint.Confirm, 1, Fault.Reorder);
        var kept = _channel.PublishAsync("", "q", "1"u8.ToArray()).AsTask();
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.False(kept.IsCompleted);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("q", "2")).Status);
        Assert.Equal(PublishStatus.Confirmed, (await kept.WithPatience()).Status);
    }

    [Fact]
    public async Task Delivery_ThatIsDelayed_ComesWhenItsTimeHasPassed()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Delay(TimeSpan.FromHours(1)));
        await SendAsync("1");

        // Without acknowledgement: the clock may go far beyond the time that a client has for it.
        await using var consumer = await _channel.ConsumeAsync("q", noAck: true).WithPatience();
        var next = NextAsync(consumer.GetAsyncEnumerator(), isAcknowledged: false);
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.False(next.IsCompleted);
        await Queue.HoldsAsync(_ =>
        {
            _time.Advance(TimeSpan.FromHours(1));
            return next.IsCompleted;
        });
        Assert.Equal("1", await next);
    }

    /// <summary>Nobody will acknowledge them, so that nothing of them is kept, and no ack means them.</summary>
    [Fact]
    public async Task Deliveries_WithoutAck_AreMeantByNoAck()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 2, Fault.Drop);
        await _channel.DeclareAsync("other");
        await SendAsync("1", "2", "3");
        await using var silent = await _channel.ConsumeAsync("other", noAck: true).WithPatience();
        await _channel.SendAsync("other", "4");
        Assert.Equal("4", await NextAsync(silent.GetAsyncEnumerator(), isAcknowledged: false));

        // The second, of which the ack of all must not speak: the first and the last are meant, and not what needs no ack.
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        var deliveries = consumer.GetAsyncEnumerator();
        Assert.Equal("2", await NextAsync(deliveries, isAcknowledged: false));
        Assert.True(await deliveries.MoveNextAsync().WithPatience());
        deliveries.Current.Ack(multiple: true);
        await Queue.HoldsAsync(queue => queue.MessageCount == 1);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("other", "5")).Status);
    }

    [Fact]
    public async Task Connection_ThatIsClosedOverASocket_HearsWhy()
    {
        var tap = new ConnectionTap();
        tap.Faults.At(TrafficPoint.Publish, 1, Fault.Close(541, "INTERNAL_ERROR - test"));
        await using var broker = await Brokers.ListeningAsync(tap.Wrap).WithPatience();
        await using var connection = await AmqpConnection.ConnectAsync(broker.GetUri().ToString()).WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        Assert.Equal(PublishStatus.InDoubt, (await channel.SendAsync("q", "1")).Status);
        Assert.Equal(541, (await connection.Closed.WithPatience()).ReplyCode);
    }

    [Fact]
    public async Task Ack_ThatBecomesANack_BringsTheMessageBack()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Nack);
        await SendAsync("1");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        var deliveries = consumer.GetAsyncEnumerator();
        Assert.Equal("1", await NextAsync(deliveries));
        Assert.Equal("1", await NextAsync(deliveries));
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Confirm_ThatIsLost_IsNotMadeUpForByALaterOne()
    {
        _tap.Faults.At(TrafficPoint.Confirm, 1, Fault.Drop);
        var lost = _channel.PublishAsync("", "q", "1"u8.ToArray()).AsTask();
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.SendAsync("q", "2")).Status);
        Assert.False(lost.IsCompleted);
        Assert.Equal(["1", "2"], Texts());
        await _connection.DisposeAsync().WithPatience();
        Assert.Equal(PublishStatus.InDoubt, (await lost.WithPatience()).Status);
    }

    [Fact]
    public async Task Confirm_ThatBecomesANack_IsOneOfAMessageThatIsThere()
    {
        _tap.Faults.Every(TrafficPoint.Confirm, 2, Fault.Nack);
        Assert.Equal([PublishStatus.Confirmed, PublishStatus.Nacked, PublishStatus.Confirmed, PublishStatus.Nacked], await SendAsync("1", "2", "3", "4"));
        Assert.Equal(["1", "2", "3", "4"], Texts());
    }

    [Fact]
    public async Task Rule_OfOneConnection_LeavesTheOthersAlone()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Nack, connection: 2);
        Assert.Equal([PublishStatus.Confirmed], await SendAsync("1"));
        await using var second = await _broker.ConnectAsync().WithPatience();
        await using var channel = await second.OpenChannelAsync().WithPatience();
        Assert.Equal(PublishStatus.Nacked, (await channel.SendAsync("q", "2")).Status);
    }

    [Fact]
    public void Chance_OfTheSameSeed_IsTheSame()
    {
        Assert.Equal(Numbers(7), Numbers(7));
        Assert.NotEqual(Numbers(7), Numbers(8));

        static int[] Numbers(int seed)
        {
            var rules = new FaultRules(seed).Sometimes(TrafficPoint.Delivery, 0.1, Fault.Drop);
            for (int number = 1; number <= 1000; number++)
            {
                rules.Find(1, TrafficPoint.Delivery, number);
            }

            return [.. rules.Applied.Select(applied => applied.Number)];
        }
    }

    [Fact]
    public void Rule_ThatMeansNothing_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Return()));
        Assert.Throws<ArgumentException>(() => _tap.Faults.Every(TrafficPoint.Delivery, 1, Fault.Nack));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tap.Faults.At(TrafficPoint.Publish, 0, Fault.Drop));
        Assert.Throws<ArgumentOutOfRangeException>(() => _tap.Faults.Sometimes(TrafficPoint.Publish, 1.5, Fault.Drop));
    }

    [Fact]
    public async Task Passing_IsToldOfEachMessageAndWord()
    {
        var passed = new System.Collections.Concurrent.ConcurrentQueue<(TrafficPoint Point, int Number)>();
        _tap.Passing += (_, traffic) => passed.Enqueue((traffic.Point, traffic.Number));
        await SendAsync("1");
        await using var consumer = await _channel.ConsumeAsync("q").WithPatience();
        await NextAsync(consumer.GetAsyncEnumerator());
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
        Assert.Equal([(TrafficPoint.Publish, 1), (TrafficPoint.Confirm, 1), (TrafficPoint.Delivery, 1), (TrafficPoint.Ack, 1)], passed);
    }

    [Fact]
    public async Task Passing_WhoseHandlerThrows_BreaksThatConnection()
    {
        _tap.Passing += (_, _) => throw new InvalidOperationException("by the test");
        Assert.Equal([PublishStatus.InDoubt], await SendAsync("1"));
        await _connection.Closed.WithPatience();
        Assert.Empty(Texts());
    }

    [Fact]
    public async Task LargeMessage_ThroughATap_IsWhole()
    {
        byte[] body = [.. Enumerable.Range(0, 1_000_000).Select(static n => (byte)(n * 7))];
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Nack);
        Assert.Equal(PublishStatus.Nacked, (await _channel.PublishAsync("", "q", body).WithPatience()).Status);
        Assert.Equal(PublishStatus.Confirmed, (await _channel.PublishAsync("", "q", body).WithPatience()).Status);
        using var got = await _channel.GetAsync("q").WithPatience();
        Assert.Equal(body, got!.Body.ToArray());
        got.Ack();
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Transfer_Of1_0AtWhichTheStreamIsCut_EndsTheConnection()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Cut);
        await using var peer = await _broker.ConnectAsync(new Client.V1_0.AmqpConnectionOptions()).WithPatience();
        await using var session = await peer.OpenSessionAsync().WithPatience();
        var sender = await session.OpenSenderAsync("/queues/q").WithPatience();
        Assert.Equal(OutcomeKind.Accepted, (await sender.SendAsync(AmqpMessage.Of("1")).WithPatience()).Kind);
        Assert.Equal(OutcomeKind.InDoubt, (await sender.SendAsync(AmqpMessage.Of("2")).WithPatience()).Kind);
        await peer.Closed.WithPatience();
        Assert.Equal(1, Queue.MessageCount);
    }

    private async Task<PublishStatus[]> SendAsync(params string[] texts)
    {
        var statuses = new List<PublishStatus>();
        foreach (string text in texts)
        {
            statuses.Add((await _channel.SendAsync("q", text)).Status);
        }

        return [.. statuses];
    }

    private string[] Texts() => [.. Queue.Messages.Select(message => message.Text)];

    /// <summary>The next message, acknowledged.</summary>
    private static async Task<string> NextAsync(IAsyncEnumerator<Delivery> deliveries, bool isAcknowledged = true)
    {
        Assert.True(await deliveries.MoveNextAsync().WithPatience());
        var delivery = deliveries.Current;
        string text = System.Text.Encoding.UTF8.GetString(delivery.Body.Span);
        if (isAcknowledged)
        {
            delivery.Ack();
        }

        return text;
    }
}
