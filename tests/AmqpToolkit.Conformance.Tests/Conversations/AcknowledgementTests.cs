using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>ack, nack, reject and recover.</summary>
public sealed class AcknowledgementTests : ConversationTests
{
    [Fact]
    public void Ack_OfSeveral_TakesAllUpToTheTag()
    {
        var (peer, queue) = OpenWith("a", "b", "c", "d");
        TakeAll(peer, queue, 4);

        peer.Ack(1, 3, multiple: true);
        peer.CloseChannel(1);
        peer.OpenChannel(1);

        Assert.Equal(["d"], Left(peer, queue));
    }

    [Fact]
    public void Ack_OfZeroAndMultiple_TakesAll()
    {
        var (peer, queue) = OpenWith("a", "b", "c");
        TakeAll(peer, queue, 3);

        peer.Ack(1, 0, multiple: true);
        peer.CloseChannel(1);
        peer.OpenChannel(1);

        Assert.Empty(Left(peer, queue));
    }

    [Fact]
    public void Ack_OutOfOrder_LeavesTheOthers()
    {
        var (peer, queue) = OpenWith("a", "b", "c");
        TakeAll(peer, queue, 3);

        peer.Ack(1, 2);
        peer.Ack(1, 3, multiple: true);
        peer.CloseChannel(1);
        peer.OpenChannel(1);

        Assert.Empty(Left(peer, queue));
    }

    [Fact]
    public void Nack_OfSeveralWithRequeue_PutsThemBackInPlace()
    {
        var (peer, queue) = OpenWith("a", "b", "c", "d");
        TakeAll(peer, queue, 3);

        peer.Nack(1, 2, multiple: true);

        Assert.Equal([("a", true), ("b", true), ("d", false)], Take(peer, queue));
    }

    [Fact]
    public void Nack_OneByOneInReverse_PutsThemBackInPlace()
    {
        var (peer, queue) = OpenWith("a", "b", "c", "d");
        TakeAll(peer, queue, 3);

        peer.Nack(1, 3);
        peer.Nack(1, 1);
        peer.Nack(1, 2);

        Assert.Equal([("a", true), ("b", true), ("c", true), ("d", false)], Take(peer, queue));
    }

    [Fact]
    public void Nack_WithoutRequeue_DropsThem()
    {
        var (peer, queue) = OpenWith("a", "b", "c");
        TakeAll(peer, queue, 2);

        peer.Nack(1, 2, multiple: true, requeue: false);

        Assert.Equal([("c", false)], Take(peer, queue));
    }

    [Fact]
    public void Reject_WithRequeue_PutsItBackInPlaceRedelivered()
    {
        var (peer, queue) = OpenWith("a", "b", "c");
        TakeAll(peer, queue, 2);

        peer.Reject(1, 2);

        Assert.Equal([("b", true), ("c", false)], Take(peer, queue));
    }

    [Fact]
    public void Reject_WithoutRequeue_DropsIt()
    {
        var (peer, queue) = OpenWith("a", "b");
        TakeAll(peer, queue, 1);

        peer.Reject(1, 1, requeue: false);

        Assert.Equal([("b", false)], Take(peer, queue));
    }

    [Fact]
    public void Reject_ToTheOnlyConsumer_ComesBackWithTheNextTag()
    {
        var (peer, queue) = OpenWith("a");
        peer.Consume(1, queue, "one");
        var first = peer.ExpectDelivery(1, "one");

        peer.Reject(1, first.DeliveryTag);

        var second = peer.ExpectDelivery(1, "one");
        Assert.Equal((2UL, true, "a"), (second.DeliveryTag, second.Redelivered, second.Text));
    }

    [Fact]
    public void Nack_OfAConsumersMessages_DeliversThemAgainInOrder()
    {
        var (peer, queue) = OpenWith("a", "b", "c", "d");
        peer.Qos(1, 2);
        peer.Consume(1, queue, "one");
        Assert.Equal(["a", "b"], [peer.ExpectDelivery(1, "one").Text, peer.ExpectDelivery(1, "one").Text]);

        peer.Nack(1, 0, multiple: true);

        var third = peer.ExpectDelivery(1, "one");
        var fourth = peer.ExpectDelivery(1, "one");
        Assert.Equal((3UL, "a", true, 4UL, "b", true), (third.DeliveryTag, third.Text, third.Redelivered, fourth.DeliveryTag, fourth.Text, fourth.Redelivered));
        peer.Ack(1, 4, multiple: true);
        Assert.Equal([("c", false), ("d", false)], [Pair(peer.ExpectDelivery(1, "one")), Pair(peer.ExpectDelivery(1, "one"))]);
    }

    [Fact]
    public void Recover_WithConsumerAndGet_PutsAllBack()
    {
        var (peer, queue) = OpenWith("a", "b", "c");
        TakeAll(peer, queue, 2);

        peer.Send(1, "basic.recover", true);

        peer.Expect(1, "basic.recover-ok");
        Assert.Equal([("a", true), ("b", true), ("c", false)], Take(peer, queue));
    }

    [Fact]
    public void Recover_OfAConsumersMessages_IsAnsweredBeforeTheyComeAgain()
    {
        var (peer, queue) = OpenWith("a", "b");
        peer.Consume(1, queue, "one");
        peer.ExpectDelivery(1, "one");
        peer.ExpectDelivery(1, "one");

        peer.Call(1, "basic.recover", true);

        Assert.Equal([("a", true), ("b", true)], [Pair(peer.ExpectDelivery(1, "one")), Pair(peer.ExpectDelivery(1, "one"))]);
    }

    [Fact]
    public void RecoverAsync_OfTakenMessages_PutsThemBackSilently()
    {
        var (peer, queue) = OpenWith("a");
        TakeAll(peer, queue, 1);

        peer.Send(1, "basic.recover-async", true);

        Assert.Equal([("a", true)], Take(peer, queue));
    }

    [Fact]
    public void SocketEnd_WithUnacknowledgedMessages_GivesThemToTheNextConsumer()
    {
        var peer = Open();
        var other = Open();
        var queue = Unique.Name("q");
        other.DeclareQueue(1, queue, autoDelete: true);
        peer.Consume(1, queue, "one");
        Array.ForEach(["a", "b"], body => other.Publish(1, "", queue, body));
        peer.ExpectDelivery(1, "one");
        peer.ExpectDelivery(1, "one");
        other.Consume(1, queue, "two");

        peer.Shutdown();

        Assert.Equal([("a", true), ("b", true)], [Pair(other.ExpectDelivery(1, "two")), Pair(other.ExpectDelivery(1, "two"))]);
    }

    [Fact]
    public void Nack_WithoutMultipleOfZero_IsAnUnknownTag()
    {
        var (peer, _) = OpenWith("a");

        peer.Nack(1, 0);

        peer.ExpectChannelClose(1, 406, "PRECONDITION_FAILED - unknown delivery tag 0", "basic.nack");
    }

    private static (string Text, bool Redelivered) Pair(Content content) => (content.Text, content.Redelivered);

    private static void TakeAll(ScriptedPeer peer, string queue, int count)
    {
        for (var i = 1; i <= count; i++)
        {
            Assert.Equal((ulong)i, peer.Get(1, queue)!.DeliveryTag);
        }
    }

    private static List<string> Left(ScriptedPeer peer, string queue) => [.. Take(peer, queue).Select(one => one.Text)];

    private static List<(string Text, bool Redelivered)> Take(ScriptedPeer peer, string queue)
    {
        var found = new List<(string, bool)>();
        while (peer.Get(1, queue, noAck: true) is { } content)
        {
            found.Add(Pair(content));
        }

        return found;
    }

    private (ScriptedPeer Peer, string Queue) OpenWith(params string[] bodies)
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(bodies, body => peer.Publish(1, "", queue, body));
        return (peer, queue);
    }
}
