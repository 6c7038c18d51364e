using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>How queues come, are counted and go.</summary>
public sealed class QueueTests : ConversationTests
{
    [Fact]
    public void QueueDeclare_WithoutAName_GetsOneOfTheServer()
    {
        var peer = Open();

        var one = peer.DeclareQueue(1);
        var two = peer.DeclareQueue(1);

        Assert.Matches("^amq\\.gen-[A-Za-z0-9_-]{22}$", one);
        Assert.Matches("^amq\\.gen-[A-Za-z0-9_-]{22}$", two);
        Assert.NotEqual(one, two);
    }

    [Fact]
    public void QueueDeclare_OfAServersName_IsRefusedUnlessPassive()
    {
        var peer = Open();
        var name = peer.DeclareQueue(1);
        Assert.Equal(name, peer.DeclareQueue(1, name, passive: true).Name);

        peer.Send(1, "queue.declare", 0, name, false, false, true, false, false, null);

        peer.ExpectChannelClose(1, 403, $"ACCESS_REFUSED - queue name '{name}' contains reserved prefix 'amq.*'", "queue.declare");
    }

    [Fact]
    public void QueueDeclare_Repeated_CountsReadyMessagesAndConsumers()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1, Unique.Name("q"), exclusive: true).Name;
        peer.Publish(1, "", queue);
        peer.Publish(1, "", queue);
        peer.Publish(1, "", queue);
        Assert.NotNull(peer.Get(1, queue));

        Assert.Equal((queue, 2U, 0U), peer.DeclareQueue(1, queue, exclusive: true));

        peer.Qos(1, 1);
        peer.Consume(1, queue, "a");
        peer.ExpectDelivery(1, "a");
        Assert.Equal((queue, 1U, 1U), peer.DeclareQueue(1, queue, passive: true));
    }

    [Fact]
    public void QueueDeclare_WithLineEndsInTheName_DropsThem()
    {
        var name = Unique.Name("q");

        Assert.Equal(name + "ab", Open().DeclareQueue(1, name + "a\r\nb", exclusive: true).Name);
    }

    [Fact]
    public void EmptyQueueName_AfterADeclare_IsTheLastDeclaredOfTheChannel()
    {
        var peer = Open(1, 2);
        var first = peer.DeclareQueue(1);
        var second = peer.DeclareQueue(1);
        peer.DeclareQueue(2);

        peer.BindQueue(1, "", "amq.direct", second);
        peer.Publish(1, "amq.direct", second, "to the second");

        Assert.Equal("to the second", peer.Get(1, "", noAck: true)?.Text);
        peer.DeclareQueue(1, first, passive: true);
        peer.Publish(1, "", first, "to the first");
        Assert.Equal("to the first", peer.Get(1, "", noAck: true)?.Text);
        Assert.Null(peer.Get(2, "", noAck: true));
    }

    [Fact]
    public void EmptyQueueName_AfterTheQueueWasDeleted_StillMeansIt()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "queue.delete", 0, "", false, false, false);

        peer.Send(1, "basic.get", 0, "", true);

        peer.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue '{queue}' in vhost '/'", "basic.get");
    }

    [Fact]
    public void QueueBind_WithoutQueueAndKey_UsesTheQueuesNameAsKey()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        peer.BindQueue(1, "", "amq.direct", "");
        peer.Publish(1, "amq.direct", queue);

        Assert.NotNull(peer.Get(1, queue, noAck: true));
    }

    [Fact]
    public void QueueBind_WithAQueueAndNoKey_UsesTheEmptyKey()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        var key = Unique.Name("x");
        peer.DeclareExchange(1, key, "direct", autoDelete: true);

        peer.BindQueue(1, queue, key, "");
        peer.Publish(1, key, queue);
        Assert.Null(peer.Get(1, queue, noAck: true));
        peer.Publish(1, key, "");

        Assert.NotNull(peer.Get(1, queue, noAck: true));
    }

    [Fact]
    public void ExclusiveQueue_OfAClosedConnection_IsGoneBeforeCloseOk()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, exclusive: true);
        var other = Open();

        peer.Call(0, "connection.close", 200, "done", 0, 0);

        other.Send(1, "queue.declare", 0, queue, true, false, false, false, false, null);
        other.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue '{queue}' in vhost '/'", "queue.declare");
    }

    [Fact]
    public void ExclusiveQueue_OfAClosedChannel_Stays()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(1);
        peer.Publish(1, "", queue);

        peer.CloseChannel(1);

        Assert.NotNull(peer.Get(2, queue, noAck: true));
    }

    [Fact]
    public void AutoDeleteQueue_WithoutItsLastConsumer_IsGone()
    {
        var peer = Open(1, 2);
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, autoDelete: true);
        peer.Consume(1, queue, "a");
        peer.Consume(2, queue, "b");

        peer.Cancel(1, "a");
        Assert.Equal(1U, peer.CountConsumers(1, queue));
        peer.Cancel(2, "b");

        peer.Send(1, "queue.declare", 0, queue, true, false, false, false, false, null);
        peer.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue '{queue}' in vhost '/'", "queue.declare");
    }

    [Fact]
    public void AutoDeleteQueue_ThatNeverHadAConsumer_Stays()
    {
        var peer = Open(1, 2);
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, autoDelete: true);

        peer.CloseChannel(1);

        Assert.Equal(0U, peer.CountConsumers(2, queue));
        peer.Call(2, "queue.delete", 0, queue, false, false, false);
    }

    [Fact]
    public void QueuePurge_OfReadyAndTakenMessages_CountsAndDropsTheReadyOnes()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body));
        var taken = peer.Get(1, queue)!;

        Assert.Equal(2U, peer.Call(1, "queue.purge", 0, queue, false).Field<uint>(0));

        Assert.Null(peer.Get(1, queue));
        peer.Nack(1, taken.DeliveryTag);
        Assert.Equal("a", peer.Get(1, queue, noAck: true)?.Text);
    }

    [Fact]
    public void QueueDelete_OfReadyAndTakenMessages_CountsTheReadyOnes()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body));
        var taken = peer.Get(1, queue)!;

        Assert.Equal(2U, peer.Call(1, "queue.delete", 0, queue, false, false, false).Field<uint>(0));

        peer.Ack(1, taken.DeliveryTag);
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void QueueDelete_IfUnusedAndIfEmpty_GoesWhenBothHold()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        Assert.Equal(0U, peer.Call(1, "queue.delete", 0, queue, true, true, false).Field<uint>(0));
    }

    [Fact]
    public void QueueDelete_OfABoundQueue_TakesItsBindingsAlong()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, exclusive: true);
        peer.BindQueue(1, queue, "amq.direct", queue);
        peer.Call(1, "queue.delete", 0, queue, false, false, false);
        peer.DeclareQueue(1, queue, exclusive: true);

        peer.Publish(1, "amq.direct", queue, mandatory: true);

        Assert.Equal(queue, peer.ExpectReturn(1).Method.Field<string>(3));
    }

    [Fact]
    public void NoWait_OnEveryMethodThatHasIt_IsCarriedOutSilently()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        var exchange = Unique.Name("x");

        peer.InOneWrite(() =>
        {
            peer.Send(1, "queue.declare", 0, queue, false, false, true, false, true, null);
            peer.Send(1, "exchange.declare", 0, exchange, "direct", false, false, false, false, true, null);
            peer.Send(1, "queue.bind", 0, "", exchange, "k", true, null);
            peer.Send(1, "exchange.bind", 0, exchange, "amq.direct", queue, true, null);
            peer.Send(1, "basic.consume", 0, queue, "tag", false, true, false, true, null);
            peer.Publish(1, exchange, "k", "through the queue's binding");
        });
        Assert.Equal("through the queue's binding", peer.ExpectDelivery(1, "tag").Text);

        peer.InOneWrite(() =>
        {
            peer.Send(1, "basic.cancel", "tag", true);
            peer.Send(1, "exchange.unbind", 0, exchange, "amq.direct", queue, true, null);
            peer.Publish(1, exchange, "k");
            peer.Send(1, "queue.purge", 0, queue, true);
        });
        Assert.Null(peer.Get(1, queue));

        peer.InOneWrite(() =>
        {
            peer.Send(1, "queue.delete", 0, queue, false, false, true);
            peer.Send(1, "exchange.delete", 0, exchange, false, true);
            peer.Send(1, "confirm.select", true);
            peer.Publish(1, "", queue);
        });
        peer.ExpectConfirms(1, 1);
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void NoWaitDeclare_WithoutAName_MakesTheLastDeclaredQueue()
    {
        var peer = Open();

        peer.Send(1, "queue.declare", 0, "", false, false, true, false, true, null);

        Assert.Null(peer.Get(1, ""));
    }

    [Fact]
    public void NoWait_OfAMistake_StillClosesTheChannel()
    {
        var peer = Open();
        var queue = Unique.Name("q");

        peer.Send(1, "queue.bind", 0, queue, "amq.direct", "k", true, null);

        peer.ExpectChannelClose(1, 404, $"NOT_FOUND - no queue '{queue}' in vhost '/'", "queue.bind");
    }
}
