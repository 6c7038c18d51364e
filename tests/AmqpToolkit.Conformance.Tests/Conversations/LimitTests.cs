using AmqpToolkit.Conformance.Tests.Mistakes;
using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Queues that hold no more than they are asked to, messages that go first, and consumers that do.</summary>
public sealed class LimitTests : ConversationTests
{
    [Fact]
    public void RejectPublish_NacksWhatDoesNotFit_AndAcksTheRest()
    {
        var peer = Open();
        var queue = Declare(peer, ("x-max-length", 3), ("x-overflow", "reject-publish"));
        peer.Call(1, "confirm.select", false);

        peer.InOneWrite(() =>
        {
            for (var number = 1; number <= 8; number++)
            {
                peer.Publish(1, "", number == 7 ? "nowhere" : queue, $"{number}");
            }
        });

        Assert.Equal([1UL, 2, 3, 7], ReceiveConfirms(peer, 8).Acked);
        Assert.Equal(["1", "2", "3"], Enumerable.Range(0, 3).Select(_ => peer.Get(1, queue, noAck: true)!.Text));
        Assert.Null(peer.Get(1, queue));
    }

    [Fact]
    public void RejectPublish_OfOneQueueOfTwo_NacksTheMessage()
    {
        var peer = Open();
        var full = Declare(peer, ("x-max-length", 1), ("x-overflow", "reject-publish"));
        var roomy = peer.DeclareQueue(1);
        peer.BindQueue(1, full, "amq.direct", full);
        peer.BindQueue(1, roomy, "amq.direct", full);
        peer.Call(1, "confirm.select", false);

        peer.InOneWrite(() => Array.ForEach(["a", "b"], body => peer.Publish(1, "amq.direct", full, body)));

        Assert.Equal([2UL], ReceiveConfirms(peer, 2).Nacked);
        Assert.Equal(2U, peer.CountReady(1, roomy));
    }

    [Fact]
    public void Transaction_ThatAQueueRefusesAPartOf_HasDoneTheRest()
    {
        var peer = Open(1, 2);
        var full = Declare(peer, ("x-max-length", 1), ("x-overflow", "reject-publish"));
        var other = peer.DeclareQueue(1);
        peer.Deposit(other, "taken");
        peer.Call(1, "tx.select");
        peer.Ack(1, peer.Get(1, other)!.DeliveryTag);
        peer.Publish(1, "", full, "a");
        peer.Publish(1, "", full, "b");
        peer.Publish(1, "", other, "c");

        peer.Send(1, "tx.commit");

        peer.ExpectChannelClose(1, 406, "PRECONDITION_FAILED - partial tx completion", "tx.commit");
        Assert.Equal("a", peer.Get(2, full, noAck: true)?.Text);
        Assert.Equal("c", peer.Get(2, other, noAck: true)?.Text);
        Assert.Null(peer.Get(2, other));
    }

    [Fact]
    public void Priorities_GoFirst()
    {
        var peer = Open();
        var queue = Declare(peer, ("x-max-priority", 5));
        foreach (var priority in (byte[])[1, 5, 3, 200, 0])
        {
            peer.Publish(1, "", queue, $"{priority}", properties: [8, 0, priority]);
        }

        peer.Publish(1, "", queue, "none");
        peer.ExpectNothingBefore(1);

        Assert.Equal(["5", "200", "3", "1", "0", "none"], Drain(peer, queue, 6));
    }

    [Fact]
    public void ConsumerPriority_ServesTheHigher_UntilItIsFull()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "low", arguments: PeerWriter.Table(("x-priority", -1)));
        peer.Qos(2, 1);
        peer.Consume(2, queue, "high", arguments: PeerWriter.Table(("x-priority", 5)));

        peer.Publish(1, "", queue, "a");
        var first = peer.ExpectDelivery(2, "high");
        peer.Publish(1, "", queue, "b");
        Assert.Equal("b", peer.ExpectDelivery(1, "low").Text);
        peer.Ack(2, first.DeliveryTag);
        peer.ExpectNothingBefore(2);
        peer.Publish(1, "", queue, "c");

        Assert.Equal("c", peer.ExpectDelivery(2, "high").Text);
    }

    [Fact]
    public void SingleActiveConsumer_HandsOverWhenItIsCancelled()
    {
        var peer = Open(1, 2);
        var queue = Declare(peer, ("x-single-active-consumer", true));
        peer.Consume(1, queue, "first", noAck: true);
        peer.Consume(2, queue, "second", noAck: true);
        peer.Publish(1, "", queue, "a");
        peer.Publish(1, "", queue, "b");
        peer.ExpectDelivery(1, "first");
        peer.ExpectDelivery(1, "first");

        peer.Cancel(1, "first");
        peer.Publish(1, "", queue, "c");

        Assert.Equal("c", peer.ExpectDelivery(2, "second").Text);
    }

    [Fact]
    public void TtlOfZero_DeliversNowOrNever()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Publish(1, "", queue, "lost", properties: LimitMistakes.Expires("0"));
        peer.ExpectNothingBefore(1);
        Assert.Null(peer.Get(1, queue));
        peer.Consume(1, queue, "a", noAck: true);

        peer.Publish(1, "", queue, "found", properties: LimitMistakes.Expires("0"));

        Assert.Equal("found", peer.ExpectDelivery(1, "a").Text);
    }

    [Fact]
    public void Queue_ThatNobodyUses_IsGone()
    {
        var peer = Open(1, 2);
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, exclusive: true, arguments: PeerWriter.Table(("x-expires", 50)));

        // Publishing is no use; asking for it would be.
        for (var attempt = 0; ; attempt++)
        {
            Assert.True(attempt < 10_000_000, "The queue is still there.");
            peer.Publish(1, "", queue, "x", mandatory: true);
            peer.Send(1, "channel.flow", true);
            if (peer.Receive() is IncomingMethod { Name: "basic.return" })
            {
                break;
            }
        }
    }

    private static string Declare(ScriptedPeer peer, params (string, object?)[] arguments) =>
        peer.DeclareQueue(1, Unique.Name("q"), exclusive: true, arguments: PeerWriter.Table(arguments)).Name;

    private static string[] Drain(ScriptedPeer peer, string queue, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => peer.Get(1, queue, noAck: true)!.Text)];

    private static (ulong[] Acked, ulong[] Nacked) ReceiveConfirms(ScriptedPeer peer, ulong last)
    {
        var open = new SortedSet<ulong>();
        for (var tag = 1UL; tag <= last; tag++)
        {
            open.Add(tag);
        }

        var told = new Dictionary<string, List<ulong>> { ["basic.ack"] = [], ["basic.nack"] = [] };
        while (open.Count > 0)
        {
            var method = Assert.IsType<IncomingMethod>(peer.Receive());
            var tag = method.Field<ulong>(0);
            var covered = method.Field<bool>(1) ? open.Where(one => one <= tag).ToList() : [tag];
            Assert.All(covered, one => Assert.True(open.Remove(one), $"{method} covers {one} again."));
            told[method.Name].AddRange(covered);
        }

        return ([.. told["basic.ack"].Order()], [.. told["basic.nack"].Order()]);
    }
}
