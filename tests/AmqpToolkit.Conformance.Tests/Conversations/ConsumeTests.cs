using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Consumers, what they may hold, and how they end.</summary>
public sealed class ConsumeTests : ConversationTests
{
    [Fact]
    public void Consume_WithoutATag_GetsOneOfTheServer()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);

        var one = peer.Consume(1, queue);

        Assert.Matches("^amq\\.ctag-[A-Za-z0-9_-]{22}$", one);
        Assert.NotEqual(one, peer.Consume(1, queue));
    }

    [Fact]
    public void Consume_OfAFullQueue_IsAnsweredBeforeTheFirstDelivery()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body));

        peer.Send(1, "basic.consume", 0, queue, "tag", false, true, false, false, null);

        Assert.Equal("tag", peer.Expect(1, "basic.consume-ok").Field<string>(0));
        for (var i = 0; i < 3; i++)
        {
            var found = peer.ExpectDelivery(1, "tag");
            Assert.Equal((ulong)i + 1, found.DeliveryTag);
            Assert.False(found.Redelivered);
            Assert.Equal(("", queue), (found.Method.Field<string>(3), found.Method.Field<string>(4)));
            Assert.Equal(((char)('a' + i)).ToString(), found.Text);
        }

        Assert.Equal(0U, peer.CountReady(1, queue));
    }

    [Fact]
    public void Deliveries_OfSeveralConsumersAndGets_ShareTheTagsOfTheChannel()
    {
        var peer = Open(1, 2);
        var one = peer.DeclareQueue(1);
        var two = peer.DeclareQueue(1);
        peer.Consume(1, one, "one");
        peer.Publish(1, "", one);
        Assert.Equal(1UL, peer.ExpectDelivery(1, "one").DeliveryTag);
        peer.Publish(1, "", two);
        Assert.Equal(2UL, peer.Get(1, two)!.DeliveryTag);
        peer.Publish(1, "", one);
        Assert.Equal(3UL, peer.ExpectDelivery(1, "one").DeliveryTag);
        peer.Publish(1, "", two);
        Assert.Equal(1UL, peer.Get(2, two)!.DeliveryTag);
    }

    [Fact]
    public void Consumers_OfOneQueue_TakeTurns()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "a", noAck: true);
        peer.Consume(1, queue, "b", noAck: true);
        var turns = new Dictionary<string, int> { ["a"] = 0, ["b"] = 0 };

        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, "", queue, $"{i}");
            turns[peer.Expect(1, "basic.deliver").Field<string>(0)]++;
            Assert.IsType<IncomingHeader>(peer.Receive());
            Assert.IsType<IncomingBody>(peer.Receive());
        }

        Assert.Equal(5, turns["a"]);
        Assert.Equal(5, turns["b"]);
    }

    [Fact]
    public void Qos_OfTheChannelsLaterConsumers_BoundsEachOfThem()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, "", queue, $"{i}");
        }

        peer.Qos(1, 1);
        peer.Consume(1, queue, "one");
        Assert.Equal("0", peer.ExpectDelivery(1, "one").Text);
        peer.Qos(1, 2);
        peer.Consume(1, queue, "two");
        Assert.Equal("1", peer.ExpectDelivery(1, "two").Text);
        Assert.Equal("2", peer.ExpectDelivery(1, "two").Text);
        Assert.Equal(7U, peer.CountReady(1, queue));

        peer.Ack(1, 1);
        Assert.Equal("3", peer.ExpectDelivery(1, "one").Text);
        peer.Ack(1, 3, multiple: true);
        Assert.Equal("4", peer.ExpectDelivery(1, "two").Text);
        Assert.Equal("5", peer.ExpectDelivery(1, "two").Text);
        Assert.Equal(4U, peer.CountReady(1, queue));
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void Qos_OfTheWholeChannel_BoundsAllItsConsumersTogether()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, "", queue, $"{i}");
        }

        peer.Qos(1, 3, global: true);
        peer.Consume(1, queue, "one");
        Array.ForEach(["0", "1", "2"], body => Assert.Equal(body, peer.ExpectDelivery(1, "one").Text));
        peer.Consume(1, queue, "two");
        Assert.Equal(7U, peer.CountReady(1, queue));

        peer.Ack(1, 1);
        Assert.Equal("3", peer.ExpectDeliveryOnAnyChannel().Text);
        Assert.Equal(6U, peer.CountReady(1, queue));
        peer.Qos(1, 5, global: true);
        Assert.Equal(["4", "5"], [peer.ExpectDeliveryOnAnyChannel().Text, peer.ExpectDeliveryOnAnyChannel().Text]);
        Assert.Equal(4U, peer.CountReady(1, queue));
        peer.Qos(1, 0, global: true);
        Assert.Equal(["6", "7", "8", "9"], [peer.ExpectDeliveryOnAnyChannel().Text, peer.ExpectDeliveryOnAnyChannel().Text, peer.ExpectDeliveryOnAnyChannel().Text, peer.ExpectDeliveryOnAnyChannel().Text]);
    }

    [Fact]
    public void Qos_ForConsumersToCome_LiftsWhatTheWholeChannelShares()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Deposit(queue, "0", "1", "2", "3");
        peer.Qos(1, 1, global: true);
        peer.Consume(1, queue, "one");
        Assert.Equal("0", peer.ExpectDelivery(1, "one").Text);
        peer.ExpectNothingBefore(1);

        peer.Qos(1, 1);

        Array.ForEach(["1", "2", "3"], body => Assert.Equal(body, peer.ExpectDelivery(1, "one").Text));
        peer.Publish(1, "", queue, "4");
        Assert.Equal("4", peer.ExpectDelivery(1, "one").Text);
    }

    [Fact]
    public void Qos_OfBothScopes_BoundsByTheSmaller()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        for (var i = 0; i < 10; i++)
        {
            peer.Publish(1, "", queue, $"{i}");
        }

        peer.Qos(1, 2);
        peer.Qos(1, 3, global: true);
        peer.Consume(1, queue, "one");
        Array.ForEach(["0", "1"], body => Assert.Equal(body, peer.ExpectDelivery(1, "one").Text));
        peer.Consume(1, queue, "two");
        Assert.Equal("2", peer.ExpectDelivery(1, "two").Text);
        Assert.Equal(7U, peer.CountReady(1, queue));
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void Qos_ForAConsumerThatDoesNotAcknowledge_IsNone()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body));

        peer.Qos(1, 1);
        peer.Consume(1, queue, "one", noAck: true);

        Array.ForEach(["a", "b", "c"], body => Assert.Equal(body, peer.ExpectDelivery(1, "one").Text));
    }

    [Fact]
    public void Qos_Used_LeavesTheRestToOthers()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(1);
        peer.Deposit(queue, "a", "b", "c");
        peer.Qos(1, 1);
        peer.Qos(2, 1);

        peer.Consume(1, queue, "one");
        Assert.Equal("a", peer.ExpectDelivery(1, "one").Text);
        peer.Consume(2, queue, "two");
        Assert.Equal("b", peer.ExpectDelivery(2, "two").Text);

        Assert.Equal(1U, peer.CountReady(1, queue));
    }

    [Fact]
    public void Cancel_OfAConsumer_LetsNothingFollowItsOk()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "one", noAck: true);

        peer.Cancel(1, "one");
        peer.Publish(1, "", queue, "kept");

        peer.ExpectNothingBefore(1);
        Assert.Equal("kept", peer.Get(1, queue, noAck: true)?.Text);
        Assert.Equal("one", peer.Consume(1, queue, "one"));
    }

    [Fact]
    public void Cancel_OfAConsumerWithUnacknowledgedMessages_LeavesThemToBeAcknowledged()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b"], body => peer.Publish(1, "", queue, body));
        peer.Consume(1, queue, "one");
        peer.ExpectDelivery(1, "one");
        peer.ExpectDelivery(1, "one");

        peer.Cancel(1, "one");

        Assert.Equal(0U, peer.CountReady(1, queue));
        peer.Ack(1, 1);
        peer.Nack(1, 2);
        Assert.Equal("b", peer.Get(1, queue, noAck: true)?.Text);
    }

    [Fact]
    [Row("109")]
    public void QueueDelete_UnderAConsumerThatWantsToKnow_CancelsIt()
    {
        var peer = Open();
        var other = Open();
        var queue = Unique.Name("q");
        other.DeclareQueue(1, queue);
        peer.Consume(1, queue, "one");

        other.Call(1, "queue.delete", 0, queue, false, false, false);

        var cancel = peer.Expect(1, "basic.cancel");
        Assert.Equal("one", cancel.Field<string>(0));
        Assert.True(cancel.Field<bool>(1));
        peer.ExpectNothingBefore(1);
        peer.Consume(1, peer.DeclareQueue(1), "one");
    }

    [Fact]
    [Row("109")]
    public void QueueDelete_UnderAConsumerOfAnOldClient_SaysNothing()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, capabilities: PeerWriter.Table(("basic.nack", true))));
        peer.OpenChannel(1);
        var other = Open();
        var queue = Unique.Name("q");
        other.DeclareQueue(1, queue);
        peer.Consume(1, queue, "one");

        other.Call(1, "queue.delete", 0, queue, false, false, false);

        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void QueueDelete_UnderAConsumerOfTheSameChannel_IsAnsweredBeforeTheCancel()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "one");

        peer.Call(1, "queue.delete", 0, queue, false, false, false);

        Assert.Equal("one", peer.Expect(1, "basic.cancel").Field<string>(0));
    }

    [Fact]
    public void ExclusiveConsumer_ThatIsCancelled_LetsOthersIn()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "one", exclusive: true);
        peer.Cancel(1, "one");

        Assert.Equal("two", peer.Consume(1, queue, "two"));
    }

    [Fact]
    public void Consumer_OnTheChannelThatPublishes_GetsItsOwnMessages()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "basic.consume", 0, queue, "one", true /* no-local is nobody's */, true, false, false, null);

        peer.Publish(1, "", queue, "own");

        Assert.Equal("own", peer.ExpectDelivery(1, "one").Text);
    }

    [Fact]
    public void Get_OfSeveralMessages_CountsWhatIsLeft()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        Array.ForEach(["a", "b", "c"], body => peer.Publish(1, "", queue, body));

        Assert.Equal([2U, 1U, 0U], Enumerable.Range(0, 3).Select(_ => peer.Get(1, queue, noAck: true)!.Method.Field<uint>(4)));

        Assert.Null(peer.Get(1, queue));
    }

    [Fact]
    public void Deliveries_InGreatNumber_KeepTheirOrder()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Consume(1, queue, "one", noAck: true);

        peer.InOneWrite(() =>
        {
            for (var i = 0; i < 5000; i++)
            {
                peer.Publish(1, "", queue, $"{i}");
            }
        });

        for (var i = 0; i < 5000; i++)
        {
            Assert.Equal($"{i}", peer.ExpectDelivery(1, "one").Text);
        }
    }
}
