using AmqpToolkit.Conformance.Tests.Peer;

namespace AmqpToolkit.Conformance.Tests.Conversations;

/// <summary>Opening, closing and using channels side by side.</summary>
public sealed class ChannelTests : ConversationTests
{
    [Fact]
    public void ChannelNumber_AfterCloseOk_IsFreeAtOnce()
    {
        var peer = Open();

        for (var i = 0; i < 20; i++)
        {
            peer.CloseChannel(1);
            peer.OpenChannel(1);
        }

        peer.ExpectNothingBefore(1);
    }

    [Fact]
    [Row("33")]
    public void ChannelNumbers_OfAnySize_AreTakenWhileTheirNumberIsNotReached()
    {
        var peer = Use(ScriptedPeer.Open(BrokerUnderTest.Default, channelMax: 3));

        peer.OpenChannel(1);
        peer.OpenChannel(2);
        peer.OpenChannel(3);
        peer.CloseChannel(1);
        peer.OpenChannel(1);

        peer.Send(4, "channel.open", "");
        peer.ExpectConnectionClose(530, "NOT_ALLOWED - number of channels opened (3) has reached the negotiated channel_max (3)", null);
    }

    [Fact]
    public void ChannelFlow_ToGoOn_IsAnsweredWithTheSame()
    {
        Assert.True(Open().Call(1, "channel.flow", true).Field<bool>(0));
    }

    [Fact]
    public void AccessRequest_OfAnybody_GivesTicket1()
    {
        Assert.Equal(1, Open().Call(1, "access.request", "/data", true, true, true, true, true).Field<ushort>(0));
    }

    [Fact]
    public void ChannelError_OnOneOfTwo_DropsWhatFollowsOnItAlone()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(2);

        peer.InOneWrite(() =>
        {
            peer.Send(1, "queue.declare", 0, Unique.Name("q"), true, false, false, false, false, null);
            peer.Send(1, "queue.declare", 0, Unique.Name("q"), true, false, false, false, false, null);
            peer.Publish(1, "", queue, "dropped");
            peer.Send(1, "basic.get", 0, queue, true);
        });

        Assert.Equal(404, peer.Expect(1, "channel.close").Field<ushort>(0));
        peer.ExpectNothingBefore(2);
        peer.Publish(2, "", queue, "kept");
        Assert.Equal("kept", peer.Get(2, queue, noAck: true)?.Text);
        Assert.Null(peer.Get(2, queue));
        peer.Send(1, "channel.close-ok");
        peer.OpenChannel(1);
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void ChannelClose_CrossingTheBrokersClose_IsAnsweredWithCloseOk()
    {
        var peer = Open();
        peer.Send(1, "queue.declare", 0, Unique.Name("q"), true, false, false, false, false, null);
        Assert.Equal(404, peer.Expect(1, "channel.close").Field<ushort>(0));

        peer.CloseChannel(1);
        peer.Send(1, "channel.close-ok");

        peer.OpenChannel(1);
        peer.ExpectNothingBefore(1);
    }

    [Fact]
    public void ChannelOpen_BeforeCloseOkOfTheBrokersClose_IsASecondOpen()
    {
        var peer = Open();
        peer.Send(1, "queue.declare", 0, Unique.Name("q"), true, false, false, false, false, null);
        peer.Expect(1, "channel.close");

        peer.Send(1, "channel.open", "");

        peer.ExpectConnectionClose(504, "CHANNEL_ERROR - second 'channel.open' seen", "channel.open");
    }

    [Fact]
    public void ChannelClose_WithUnacknowledgedMessages_PutsThemBackRedelivered()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(2);
        peer.Deposit(queue, "a", "b");
        Assert.False(peer.Get(1, queue)!.Redelivered);
        Assert.False(peer.Get(1, queue)!.Redelivered);

        peer.CloseChannel(1);

        var first = peer.Get(2, queue, noAck: true)!;
        var second = peer.Get(2, queue, noAck: true)!;
        Assert.Equal(("a", true, "b", true), (first.Text, first.Redelivered, second.Text, second.Redelivered));
    }

    [Fact]
    public void ChannelClose_WithAConsumer_EndsIt()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(2);
        peer.Consume(1, queue);
        Assert.Equal(1U, peer.CountConsumers(2, queue));

        peer.CloseChannel(1);

        Assert.Equal(0U, peer.CountConsumers(2, queue));
        peer.Publish(2, "", queue);
        Assert.NotNull(peer.Get(2, queue, noAck: true));
    }

    [Fact]
    public void ChannelClose_InTheMiddleOfAContent_IsNoContent()
    {
        var peer = Open();
        peer.Send(1, "basic.publish", 0, "", "k", false, false);

        peer.Send(1, "channel.close", 200, "", 0, 0);

        peer.ExpectConnectionClose(505, "UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead", "basic.publish");
    }

    [Fact]
    public void Contents_OfTwoChannels_MayBeInterleavedFrameByFrame()
    {
        var peer = Open(1, 2);
        var queue = peer.DeclareQueue(1);

        peer.Send(1, "basic.publish", 0, "", queue, false, false);
        peer.Send(2, "basic.publish", 0, "", queue, false, false);
        peer.SendHeader(2, 4);
        peer.SendHeader(1, 4);
        peer.SendBody(1, "on"u8);
        peer.SendBody(2, "tw"u8);
        peer.SendBody(2, "o."u8);
        peer.ExpectNothingBefore(2);
        peer.SendBody(1, "e."u8);
        peer.ExpectNothingBefore(1);

        Assert.Equal("two.", peer.Get(1, queue, noAck: true)?.Text);
        Assert.Equal("one.", peer.Get(1, queue, noAck: true)?.Text);
    }
}
