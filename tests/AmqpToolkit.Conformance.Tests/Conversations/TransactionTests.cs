using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>tx.select, commit and rollback hold publishes and acknowledgements, and nothing else.</summary>
public sealed class TransactionTests : ConversationTests
{
    [Fact]
    public void Publishes_OfATransaction_ArriveWithItsCommit()
    {
        var (peer, queue) = OpenTransaction();
        Array.ForEach(["a", "b"], body => peer.Publish(1, "", queue, body));
        peer.ExpectNothingBefore(1);
        Assert.Equal(0U, peer.CountReady(2, queue));

        peer.Call(1, "tx.commit");

        Assert.Equal(2U, peer.CountReady(2, queue));
        Assert.Equal("a", peer.Get(2, queue, noAck: true)?.Text);
        Assert.Equal("b", peer.Get(2, queue, noAck: true)?.Text);
    }

    [Fact]
    public void Publishes_OfATransaction_AreGoneWithItsRollback()
    {
        var (peer, queue) = OpenTransaction();
        peer.Publish(1, "", queue, "dropped");

        peer.Call(1, "tx.rollback");
        peer.Publish(1, "", queue, "kept");
        peer.Call(1, "tx.commit");

        Assert.Equal("kept", peer.Get(2, queue, noAck: true)?.Text);
        Assert.Null(peer.Get(2, queue));
    }

    [Fact]
    public void Transactions_OneAfterTheOther_NeedOneSelect()
    {
        var (peer, queue) = OpenTransaction();

        for (var i = 0; i < 3; i++)
        {
            peer.Publish(1, "", queue);
            peer.Call(1, "tx.commit");
        }

        Assert.Equal(3U, peer.CountReady(2, queue));
        peer.Call(1, "tx.commit");
        peer.Call(1, "tx.rollback");
    }

    [Fact]
    public void Ack_OfATransaction_CountsWithItsCommit()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a");
        var taken = peer.Get(1, queue)!;

        peer.Ack(1, taken.DeliveryTag);
        peer.Call(1, "tx.rollback");
        peer.Ack(1, taken.DeliveryTag);
        peer.Call(1, "tx.commit");
        peer.CloseChannel(1);

        Assert.Null(peer.Get(2, queue));
    }

    [Fact]
    public void Ack_OfATransactionThatIsRolledBack_LeavesTheMessageTaken()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a");
        var taken = peer.Get(1, queue)!;

        peer.Ack(1, taken.DeliveryTag);
        peer.Call(1, "tx.rollback");

        Assert.Null(peer.Get(2, queue));
        peer.CloseChannel(1);
        Assert.True(peer.Get(2, queue, noAck: true)?.Redelivered);
    }

    [Fact]
    public void Ack_OfATransactionThatIsNeverCommitted_IsNone()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a");
        peer.Ack(1, peer.Get(1, queue)!.DeliveryTag);

        peer.CloseChannel(1);

        Assert.Equal("a", peer.Get(2, queue, noAck: true)?.Text);
    }

    [Fact]
    public void Ack_TwiceInATransaction_IsAnUnknownTag()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a");
        var taken = peer.Get(1, queue)!;
        peer.Ack(1, taken.DeliveryTag);

        peer.Ack(1, taken.DeliveryTag);

        peer.ExpectChannelClose(1, 406, $"PRECONDITION_FAILED - unknown delivery tag {taken.DeliveryTag}", "basic.ack");
    }

    [Fact]
    public void AckOfSeveral_UpToOneThatTheTransactionHasSettled_IsAnUnknownTag()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a", "b");
        peer.Get(1, queue);
        var second = peer.Get(1, queue)!;
        peer.Ack(1, second.DeliveryTag);

        peer.Ack(1, second.DeliveryTag, multiple: true);

        peer.ExpectChannelClose(1, 406, $"PRECONDITION_FAILED - unknown delivery tag {second.DeliveryTag}", "basic.ack");
    }

    [Fact]
    public void Recover_InATransaction_LeavesWhatItHasSettled()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "settled", "taken");
        peer.Ack(1, peer.Get(1, queue)!.DeliveryTag);
        peer.Get(1, queue);

        peer.Call(1, "basic.recover", true);

        Assert.Equal("taken", peer.Get(2, queue, noAck: true)?.Text);
        Assert.Null(peer.Get(2, queue));
        peer.Call(1, "tx.commit");
        peer.CloseChannel(1);
        Assert.Null(peer.Get(2, queue));
    }

    [Fact]
    public void Rollback_AfterARecover_PutsTheSettlementBack()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "settled");
        ulong tag = peer.Get(1, queue)!.DeliveryTag;
        peer.Nack(1, tag, requeue: false);
        peer.Call(1, "basic.recover", true);

        peer.Call(1, "tx.rollback");

        Assert.Null(peer.Get(2, queue));
        peer.Nack(1, tag);
        peer.Call(1, "tx.commit");
        Assert.Equal("settled", peer.Get(2, queue, noAck: true)?.Text);
    }

    [Fact]
    public void SharedPrefetch_OfATransaction_IsFreeWithItsCommit()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a", "b");
        peer.Qos(1, 1, global: true);
        peer.Consume(1, queue, "one");
        peer.Ack(1, peer.ExpectDelivery(1, "one").DeliveryTag);
        peer.Call(1, "basic.recover", true);
        peer.ExpectNothingBefore(1);

        peer.Send(1, "tx.commit");

        // The delivery is three frames, and commit-ok may come before or after it.
        string[] methods = [.. new[] { peer.Receive(), peer.Receive(), peer.Receive(), peer.Receive() }.OfType<IncomingMethod>().Select(method => method.Name).Order()];
        Assert.Equal(["basic.deliver", "tx.commit-ok"], methods);
    }

    [Fact]
    public void Nack_OfATransaction_PutsTheMessageBackWithItsCommit()
    {
        var (peer, queue) = OpenTransaction();
        peer.Deposit(queue, "a", "b");
        peer.Nack(1, peer.Get(1, queue)!.DeliveryTag);
        peer.ExpectNothingBefore(1);
        Assert.Equal(1U, peer.CountReady(2, queue));

        peer.Call(1, "tx.commit");

        var first = peer.Get(2, queue, noAck: true)!;
        Assert.Equal(("a", true), (first.Text, first.Redelivered));
    }

    [Fact]
    public void Mandatory_UnroutableInATransaction_ComesBackBeforeCommitOk()
    {
        var (peer, _) = OpenTransaction();
        peer.Publish(1, "", "no such queue", "back", mandatory: true);
        peer.ExpectNothingBefore(1);

        peer.Send(1, "tx.commit");

        Assert.Equal("back", peer.ExpectReturn(1).Text);
        peer.Expect(1, "tx.commit-ok");
    }

    [Fact]
    public void Declare_InATransaction_HappensAtOnce()
    {
        var (peer, _) = OpenTransaction();

        var queue = peer.DeclareQueue(1);
        peer.Call(1, "tx.rollback");

        Assert.Equal(0U, peer.CountReady(2, queue));
    }

    [Fact]
    public void PublishesAndAcks_OfOneTransaction_BothCount()
    {
        var (peer, queue) = OpenTransaction();
        var answers = peer.DeclareQueue(2);
        peer.Deposit(queue, "question");
        peer.Ack(1, peer.Get(1, queue)!.DeliveryTag);
        peer.Publish(1, "", answers, "answer");

        peer.Call(1, "tx.commit");

        Assert.Equal("answer", peer.Get(2, answers, noAck: true)?.Text);
        peer.CloseChannel(1);
        Assert.Null(peer.Get(2, queue));
    }

    // Channel 1 is in a transaction, channel 2 is not; the queue is exclusive to both.
    private (ScriptedPeer Peer, string Queue) OpenTransaction()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(2);
        peer.Call(1, "tx.select");
        return (peer, queue);
    }
}
