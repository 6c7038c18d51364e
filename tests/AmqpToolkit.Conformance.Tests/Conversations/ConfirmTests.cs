using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Publisher confirms.</summary>
public sealed class ConfirmTests : ConversationTests
{
    [Fact]
    public void Publish_InConfirmMode_IsConfirmedFromOne()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Publish(1, "", queue, "before");
        peer.Call(1, "confirm.select", false);

        for (var tag = 1UL; tag <= 3; tag++)
        {
            peer.Publish(1, "", queue);
            Assert.Equal(tag, peer.Expect(1, "basic.ack").Field<ulong>(0));
        }

        Assert.Equal(4U, peer.CountReady(1, queue));
    }

    [Fact]
    public void Publishes_InGreatNumber_AreEachConfirmedOnce()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "confirm.select", false);

        peer.InOneWrite(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                peer.Publish(1, "", i % 10 == 0 ? "no such queue" : queue);
            }
        });

        peer.ExpectConfirms(1, 1000);
        Assert.Equal(900U, peer.CountReady(1, queue));
    }

    [Fact]
    public void Publishes_OfPersistentMessagesToADurableQueue_AreConfirmed()
    {
        var peer = Open();
        var queue = Unique.Name("q");
        peer.DeclareQueue(1, queue, durable: true);
        peer.Call(1, "confirm.select", false);

        peer.InOneWrite(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                peer.Publish(1, "", queue, properties: [0x10, 0, 2]);
            }
        });

        peer.ExpectConfirms(1, 100);
        peer.Call(1, "queue.delete", 0, queue, false, false, false);
    }

    [Fact]
    [Row("43")]
    public void Mandatory_UnroutableInConfirmMode_ComesBackBeforeItsAck()
    {
        var peer = Open();
        peer.Call(1, "confirm.select", false);

        peer.Publish(1, "", "no such queue", "one", mandatory: true);
        Assert.Equal("one", peer.ExpectReturn(1).Text);
        Assert.Equal(1UL, peer.Expect(1, "basic.ack").Field<ulong>(0));
        peer.Publish(1, "", "no such queue", "two", mandatory: true);
        Assert.Equal("two", peer.ExpectReturn(1).Text);
        Assert.Equal(2UL, peer.Expect(1, "basic.ack").Field<ulong>(0));
    }

    [Fact]
    public void Confirms_OfTwoChannels_CountByThemselves()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "confirm.select", false);
        peer.Call(2, "confirm.select", false);

        peer.Publish(1, "", queue);
        peer.ExpectConfirms(1, 1);
        peer.Publish(2, "", queue);
        peer.ExpectConfirms(2, 1);
        peer.Publish(1, "", queue);
        Assert.Equal(2UL, peer.Expect(1, "basic.ack").Field<ulong>(0));
    }

    [Fact]
    public void Publish_OfALargeBody_IsConfirmedWhenItIsComplete()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(2);
        peer.Call(1, "confirm.select", false);

        peer.Send(1, "basic.publish", 0, "", queue, false, false);
        peer.SendHeader(1, 200000);
        peer.SendBody(1, new byte[100000]);
        peer.ExpectNothingBefore(2);
        peer.SendBody(1, new byte[100000]);

        peer.ExpectConfirms(1, 1);
    }

    [Fact]
    public void ConsumerAndConfirms_OnOneChannel_DeliverAndConfirmAll()
    {
        var peer = Open();
        var queue = peer.DeclareQueue(1);
        peer.Call(1, "confirm.select", false);
        peer.Consume(1, queue, "one", noAck: true);

        peer.InOneWrite(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                peer.Publish(1, "", queue, $"{i}");
            }
        });

        var confirmed = 0UL;
        var delivered = 0;
        while (confirmed < 100 || delivered < 100)
        {
            switch (peer.Receive())
            {
                case IncomingMethod { Name: "basic.ack" } ack:
                    Assert.True(ack.Field<ulong>(0) > confirmed, $"{ack} after {confirmed}");
                    Assert.True(ack.Field<bool>(1) || ack.Field<ulong>(0) == confirmed + 1, $"{ack} after {confirmed}");
                    confirmed = ack.Field<ulong>(0);
                    break;
                case IncomingBody body:
                    Assert.Equal($"{delivered++}", System.Text.Encoding.UTF8.GetString(body.Payload));
                    break;
                case IncomingMethod method:
                    Assert.Equal("basic.deliver", method.Name);
                    break;
            }
        }
    }
}
