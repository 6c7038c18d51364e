using System.Text;
using AmqpToolkit.Broker.Testing.Traffic;
using AmqpToolkit.Client.V1_0;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>What goes wrong by rule with AMQP 1.0, and what a client makes of it.</summary>
public sealed class PeerFaultTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private readonly ConnectionTap _tap;
    private AmqpBroker _broker = null!;
    private AmqpConnection _connection = null!;
    private AmqpSession _session = null!;
    private AmqpSender _sender = null!;

    public PeerFaultTests() => _tap = new ConnectionTap(_time);

    private BrokerQueue Queue => _broker.Queues["q"];

    public async Task InitializeAsync()
    {
        _broker = await Brokers.InMemoryAsync(_time, _tap.Wrap).WithPatience();
        await using (var connection = await _broker.ConnectAsync().WithPatience())
        {
            await using var channel = await connection.OpenChannelAsync().WithPatience();
            await channel.DeclareAsync("q");
        }

        _connection = await _broker.ConnectAsync(new AmqpConnectionOptions { MaxFrameSize = 4096 }).WithPatience();
        _session = await _connection.OpenSessionAsync().WithPatience();
        _sender = await _session.OpenSenderAsync("/queues/q").WithPatience();
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync().WithPatience();
        await _broker.DisposeAsync().WithPatience();
    }

    [Fact]
    public async Task Delivery_ThatTheBrokerRefuses_IsRejectedAndNeverComes()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Nack);
        Assert.Equal([OutcomeKind.Accepted, OutcomeKind.Rejected, OutcomeKind.Accepted], [await SendAsync("1"), await SendAsync("2"), await SendAsync("3")]);
        Assert.Equal(["1", "3"], Texts());
    }

    [Fact]
    public async Task Delivery_ThatReturns_IsReleased()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Return());
        Assert.Equal([OutcomeKind.Released, OutcomeKind.Accepted], [await SendAsync("1"), await SendAsync("2")]);
        Assert.Equal(["2"], Texts());
    }

    [Fact]
    public async Task Delivery_OfManyFrames_IsOne()
    {
        byte[] body = [.. Enumerable.Range(0, 100_000).Select(static n => (byte)(n * 7))];
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Nack);
        Assert.Equal(OutcomeKind.Accepted, (await _sender.SendAsync(AmqpMessage.Of(body)).WithPatience()).Kind);
        Assert.Equal(OutcomeKind.Rejected, (await _sender.SendAsync(AmqpMessage.Of(body)).WithPatience()).Kind);
        Assert.Equal(OutcomeKind.Accepted, (await _sender.SendAsync(AmqpMessage.Of(body)).WithPatience()).Kind);
        Assert.Equal(2, Queue.MessageCount);

        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal(body, (await receiver.ReceiveAsync().WithPatience()).Message.Data.ToArray());
    }

    [Fact]
    public async Task Delivery_ThatIsLost_HasNoOutcome()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Drop);
        var lost = _sender.SendAsync(MessageOf("1")).AsTask();
        Assert.Equal(OutcomeKind.Accepted, await SendAsync("2"));
        Assert.False(lost.IsCompleted);
        Assert.Equal(["2"], Texts());
        await _connection.DisposeAsync().WithPatience();
        Assert.Equal(OutcomeKind.InDoubt, (await lost.WithPatience()).Kind);
    }

    [Fact]
    public async Task Deliveries_OneOfThemReordered_AreAllAccepted()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Reorder);
        var first = _sender.SendAsync(MessageOf("1")).AsTask();
        Assert.Equal([OutcomeKind.Accepted, OutcomeKind.Accepted], [await SendAsync("2"), (await first.WithPatience()).Kind]);
        Assert.Equal(OutcomeKind.Accepted, await SendAsync("3"));
        Assert.Equal(["2", "1", "3"], Texts());
    }

    [Fact]
    public async Task Delivery_AtWhichTheConnectionIsClosed_SaysSo()
    {
        _tap.Faults.At(TrafficPoint.Publish, 2, Fault.Close(text: "tired"));
        Assert.Equal([OutcomeKind.Accepted, OutcomeKind.InDoubt], [await SendAsync("1"), await SendAsync("2")]);
        var reason = await _connection.Closed.WithPatience();
        Assert.Equal(("amqp:connection:forced", "tired"), (reason.Condition, reason.Description));
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Delivery_ThatIsLate_ComesWhenItsTimeHasPassed()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Delay(TimeSpan.FromHours(1)));
        var late = _sender.SendAsync(MessageOf("1")).AsTask();
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Empty(Texts());
        await Queue.HoldsAsync(_ =>
        {
            _time.Advance(TimeSpan.FromHours(1));
            return late.IsCompleted;
        });
        Assert.Equal(OutcomeKind.Accepted, (await late).Kind);
    }

    [Fact]
    public async Task Outcome_ThatBecomesARefusal_IsOneOfAMessageThatIsThere()
    {
        _tap.Faults.At(TrafficPoint.Confirm, 1, Fault.Nack);
        Assert.Equal([OutcomeKind.Rejected, OutcomeKind.Accepted], [await SendAsync("1"), await SendAsync("2")]);
        Assert.Equal(["1", "2"], Texts());
    }

    [Fact]
    public async Task Outcome_ThatIsKept_ComesBehindTheNext()
    {
        _tap.Faults.At(TrafficPoint.Confirm, 1, Fault.Reorder);
        var kept = _sender.SendAsync(MessageOf("1")).AsTask();
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.False(kept.IsCompleted);
        Assert.Equal([OutcomeKind.Accepted, OutcomeKind.Accepted], [await SendAsync("2"), (await kept.WithPatience()).Kind]);
    }

    [Fact]
    public async Task Message_ThatIsLostOnItsWay_StaysWithItsReceiver()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Drop);
        await SendAsync("1");
        await SendAsync("2");
        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal("2", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(queue => queue is { ReadyCount: 0, UnackedCount: 1 });
        await _connection.DisposeAsync().WithPatience();
        await Queue.HoldsAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Messages_OneOfThemReordered_AreMeantByTheirOwnOutcomes()
    {
        _tap.Faults.At(TrafficPoint.Delivery, 1, Fault.Reorder);
        await SendAsync("1");
        await SendAsync("2");
        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal("2", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(queue => queue.MessageCount == 1);
        Assert.Equal("1", TextOf((await receiver.ReceiveAsync().WithPatience()).Message));
        await _connection.DisposeAsync().WithPatience();
        await Queue.HoldsAsync(queue => queue.ReadyCount == 1);
        Assert.Equal(["1"], Texts());
    }

    [Fact]
    public async Task Word_ThatBecomesARefusal_BringsTheMessageBack()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Nack);
        await SendAsync("1");
        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal("1", await ReceiveAsync(receiver));
        Assert.Equal("1", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Word_ThatIsLost_LeavesTheMessageWithItsReceiver()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Drop);
        await SendAsync("1");
        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal("1", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(1, Queue.UnackedCount);
    }

    [Fact]
    public async Task Word_ThatIsKept_IsSaidBehindTheNext()
    {
        _tap.Faults.At(TrafficPoint.Ack, 1, Fault.Reorder);
        await SendAsync("1");
        await SendAsync("2");
        await using var receiver = await _session.OpenReceiverAsync("/queues/q").WithPatience();
        Assert.Equal("1", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(_ => _tap.Faults.Applied.Count == 1);
        Assert.Equal(2, Queue.MessageCount);
        Assert.Equal("2", await ReceiveAsync(receiver));
        await Queue.HoldsAsync(queue => queue.MessageCount == 0);
    }

    /// <summary>What 1.0 has no word for happens to nobody, and is not told as if it had.</summary>
    [Fact]
    public async Task Block_Of1_0_IsNoFault()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Block(TimeSpan.FromHours(1)));
        Assert.Equal(OutcomeKind.Accepted, await SendAsync("1"));
        Assert.Empty(_tap.Faults.Applied);
    }

    [Fact]
    public void Word_OnDeliveriesOfWhichSomeAreSwapped_NamesEachOfThem()
    {
        var deliveries = new PeerDeliveries();
        deliveries.Swap(7, 5, 6);
        deliveries.Swap(7, uint.MaxValue, 0);
        Assert.Equal([(5u, 6u)], deliveries.Translate(7, 5, 6));
        Assert.Equal([(3u, 4u), (6u, 6u)], deliveries.Translate(7, 3, 5));
        Assert.Equal([(5u, 5u), (7u, 9u)], deliveries.Translate(7, 6, 9));
        Assert.Equal([(uint.MaxValue - 1, uint.MaxValue - 1), (0u, 0u)], deliveries.Translate(7, uint.MaxValue - 1, uint.MaxValue));
        Assert.Equal([(uint.MaxValue - 1, 3u)], deliveries.Translate(7, uint.MaxValue - 1, 3));
        Assert.Equal([(5u, 5u)], deliveries.Translate(8, 5, 5));
        deliveries.Forget(7);
        Assert.Equal([(5u, 5u)], deliveries.Translate(7, 5, 5));
    }

    private async Task<OutcomeKind> SendAsync(string text) => (await _sender.SendAsync(MessageOf(text)).WithPatience()).Kind;

    private static async Task<string> ReceiveAsync(AmqpReceiver receiver)
    {
        var delivery = await receiver.ReceiveAsync().WithPatience();
        delivery.Accept();
        return TextOf(delivery.Message);
    }

    private static AmqpMessage MessageOf(string text) => AmqpMessage.Of(Encoding.UTF8.GetBytes(text));

    private static string TextOf(AmqpMessage message) => Encoding.UTF8.GetString(message.Data.Span);

    private string[] Texts() => [.. Queue.Messages.Select(message => message.Text)];
}
