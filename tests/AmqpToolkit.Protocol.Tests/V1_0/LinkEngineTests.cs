using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

public sealed class LinkEngineTests
{
    [Fact]
    public void L03_L05_AttachOfASender_IsAnswered_AndGetsCredit()
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachSender(handle: 5));
        var sent = engine.TakeSent();
        Assert.Equal(["attach", "flow"], sent.Select(one => one.Name));
        Assert.Equal((Role.Receiver, 0u), (sent[0].Attach.Role, sent[0].Attach.Handle));
        Assert.Equal((0u, 10u), (sent[1].Flow.Handle, sent[1].Flow.LinkCredit));
    }

    [Fact]
    public void L06_AttachOfAReceiver_TellsTheDeliveryCount()
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachReceiver());
        var sent = Assert.Single(engine.TakeSent());
        Assert.True(sent.Attach.HasInitialDeliveryCount);
        Assert.Equal(Role.Sender, sent.Attach.Role);
    }

    [Fact]
    public void L01_OneName_BothWays()
    {
        var engine = SessionEngineTests.Begun();
        var happened = engine.Feed(Peer.AttachSender("both", 0), Peer.AttachReceiver("both", 1));
        Assert.NotSame(happened[0].Link, happened[1].Link);
        Assert.Equal([0u, 1u], engine.TakeSent().Where(one => one.Name == "attach").Select(one => one.Attach.Handle));
    }

    [Fact]
    public void L04_HandleInUse_ClosesTheConnection()
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(SessionError.Texts.HandleInUse, engine.Feed(Peer.AttachSender(), Peer.AttachSender("other"))[^1].Fault!.Condition);
    }

    [Fact]
    public void L07_RefusedLink_HasNoTerminus_AndIsDetachedWithAnError()
    {
        var engine = SessionEngineTests.Begun();
        engine.Answers = false;
        var link = engine.Feed(Peer.AttachReceiver())[^1].Link!;
        link.Refuse(new AmqpFault(AmqpError.Texts.NotFound, "no queue"));
        var sent = engine.TakeSent();
        Assert.Equal(["attach", "detach"], sent.Select(one => one.Name));
        Assert.False(sent[0].Attach.HasSource);
        Assert.True(sent[1].Detach.Closed);
        Assert.Equal(AmqpError.Texts.NotFound, sent[1].Condition);
        Assert.Equal(EngineEventKind.Detached, Assert.Single(engine.Feed(Peer.Frame(new Detach { Handle = 1, Closed = true }))).Kind);
        Assert.Equal(EngineEventKind.Attached, Assert.Single(engine.Feed(Peer.AttachReceiver())).Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void L11_Detach_IsAnsweredAlike(bool closed)
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachSender());
        engine.TakeSent();
        var detached = Assert.Single(engine.Feed(Peer.Frame(closed ? new Detach { Handle = 0, Closed = true } : new Detach { Handle = 0 })));
        Assert.Equal(closed, detached.IsClosed);
        Assert.Equal(closed, Assert.Single(engine.TakeSent()).Detach.Closed);
    }

    [Fact]
    public void L12_TransfersOfADetachedLink_ArePassedOver_AndCount()
    {
        var engine = SessionEngineTests.Begun();
        var link = engine.Feed(Peer.AttachSender())[^1].Link!;
        link.Detach(closed: true, new AmqpFault(LinkError.Texts.DetachForced, "the queue is gone"));
        Assert.Empty(engine.Feed(Peer.Transfer(0), Peer.Transfer(1, with: transfer => transfer with { More = true }), Peer.Transfer(1)));
        engine.Feed(Peer.Frame(new Detach { Handle = 0, Closed = true }), Peer.AttachSender("next"));
        Assert.Equal(EngineEventKind.Transferred, engine.Feed(Peer.Transfer(2))[^1].Kind);
    }

    [Fact]
    public void L13_TransferTheWrongWay_EndsTheSession()
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(SessionError.Texts.ErrantLink, engine.Feed(Peer.AttachReceiver(handle: 0), Peer.Transfer(0))[^1].Fault!.Condition);
    }

    [Fact]
    public void L15_SenderWithoutInitialDeliveryCount_EndsTheSession() => Assert.Equal(
        AmqpError.Texts.InvalidField,
        SessionEngineTests.Begun().Feed(Peer.Frame(new Attach { Name = "in", Handle = 0, Role = Role.Sender }))[^1].Fault!.Condition);

    [Fact]
    public void L16_MessageAboveTheLargest_DetachesTheLink()
    {
        var engine = SessionEngineTests.Begun();
        engine.Answers = false;
        var link = engine.Feed(Peer.AttachSender())[^1].Link!;
        link.Attach(new Attach { MaxMessageSize = 4 });
        link.SetCredit(10);
        engine.TakeSent();
        var happened = engine.Feed(Peer.Transfer(0, [1, 2, 3], with: transfer => transfer with { More = true }), Peer.Transfer(0, [4, 5]));
        Assert.Equal(LinkError.Texts.MessageSizeExceeded, happened[^1].Fault!.Condition);
        Assert.Equal(0, link.Session.IncomingUnsettledCount);
    }

    [Theory]
    [InlineData(SenderSettleMode.Unsettled, true)]
    [InlineData(SenderSettleMode.Settled, false)]
    public void L17_X10_SettledAgainstTheMode_DetachesTheLink(SenderSettleMode mode, bool settled)
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(
            EngineEventKind.LinkFailed,
            engine.Feed(Peer.AttachSender(with: attach => attach with { SndSettleMode = mode }), Peer.Transfer(0, settled: settled))[^1].Kind);
    }

    [Fact]
    public void L19_UnknownHandle_EndsTheSession()
    {
        Assert.Equal(SessionError.Texts.UnattachedHandle, SessionEngineTests.Begun().Feed(Peer.Transfer(0))[^1].Fault!.Condition);
        Assert.Equal(SessionError.Texts.UnattachedHandle, SessionEngineTests.Begun().Feed(Peer.Credit(1))[^1].Fault!.Condition);
        Assert.Equal(SessionError.Texts.UnattachedHandle, SessionEngineTests.Begun().Feed(Peer.Frame(new Detach { Handle = 3 }))[^1].Fault!.Condition);
    }

    [Fact]
    public void K01_K02_K13_Credit_IsCountedFromWhatThePeerHasSeen_AndMayShrink()
    {
        var engine = SessionEngineTests.Begun();
        var link = SessionEngineTests.Receiver(engine);
        engine.Feed(Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 100, NextOutgoingId = 0, OutgoingWindow = 1, Handle = 1, LinkCredit = 3 }));
        Assert.Equal(3u, link.Credit);
        link.Send(new byte[] { 1 }, settled: true, 0, 0, [1], [], out _);
        link.Send(new byte[] { 1 }, settled: true, 0, 0, [1], [], out _);
        engine.Feed(Peer.Credit(3, deliveryCount: 1));
        Assert.Equal(2u, link.Credit);
        engine.Feed(Peer.Credit(0, deliveryCount: 2));
        Assert.False(link.CanSend);
        engine.Feed(Peer.Credit(1, deliveryCount: 0));
        Assert.Equal(0u, link.Credit);
        Assert.Throws<InvalidOperationException>(() => link.Send(new byte[] { 1 }, settled: true, 0, 0, [1], [], out _));
    }

    [Fact]
    public void K04_TransferWithoutCredit_DetachesTheLink_AndTheSessionGoesOn()
    {
        var engine = SessionEngineTests.Begun();
        engine.Answers = false;
        var link = engine.Feed(Peer.AttachSender())[^1].Link!;
        link.Attach(default);
        engine.TakeSent();
        var failed = engine.Feed(Peer.Transfer(0))[^1];
        Assert.Equal(EngineEventKind.LinkFailed, failed.Kind);
        Assert.Equal(LinkError.Texts.TransferLimitExceeded, Assert.Single(engine.TakeSent()).Condition);
        Assert.Equal(0, link.Session.IncomingUnsettledCount);
        Assert.Equal(EngineEventKind.Attached, engine.Feed(Peer.AttachSender("other", handle: 1))[^1].Kind);
    }

    [Fact]
    public void K13_WhatWasOnItsWay_WhenCreditWasLowered_IsTaken()
    {
        var engine = SessionEngineTests.Begun();
        var link = engine.Feed(Peer.AttachSender())[^1].Link!;
        link.SetCredit(1);
        engine.Engine.Flush();
        var happened = engine.Feed([.. Enumerable.Range(0, 11).Select(id => Peer.Transfer((uint)id, settled: true))]);
        Assert.Equal(10, happened.Count(one => one.Kind == EngineEventKind.Transferred));
        Assert.Equal(LinkError.Texts.TransferLimitExceeded, happened[^1].Fault!.Condition);
    }

    [Fact]
    public void K05_K06_Drain_UsesTheCreditUp()
    {
        var engine = SessionEngineTests.Begun();
        var link = SessionEngineTests.Receiver(engine);
        var flowed = engine.Feed(Peer.Credit(5, drain: true))[^1];
        Assert.True(flowed.IsDrain && link.IsDraining);
        link.Send(new byte[] { 1 }, settled: true, 0, 0, [1], [], out _);
        link.AnswerDrain();
        engine.Engine.Flush();
        var flow = engine.TakeSent()[^1];
        Assert.Equal((0u, 5u, true), (flow.Flow.LinkCredit, flow.Flow.DeliveryCount, flow.Flow.Drain));
        Assert.False(link.CanSend);
    }

    [Fact]
    public void K05_Receiver_DrainAnswered_HasNoCreditLeft()
    {
        var engine = SessionEngineTests.Begun();
        var link = engine.Feed(Peer.AttachSender())[^1].Link!;
        link.SetCredit(4, drain: true);
        engine.Engine.Flush();
        engine.Feed(Peer.Transfer(0, settled: true));
        Assert.Equal((3u, true), (link.Credit, link.IsDraining));
        engine.Feed(Peer.Credit(0, handle: 0, deliveryCount: 4, nextOutgoingId: 1, drain: true));
        Assert.Equal((0u, false, 4u), (link.Credit, link.IsDraining, link.DeliveryCount));
    }

    [Fact]
    public void K14_LinkEcho_IsAnsweredOnce()
    {
        var engine = SessionEngineTests.Begun();
        var link = SessionEngineTests.Receiver(engine);
        link.SetAvailable(17);
        engine.Feed(Peer.Credit(5, echo: true), Peer.Credit(5, echo: true));
        var flow = Assert.Single(engine.TakeSent());
        Assert.Equal((0u, 5u, 17u), (flow.Flow.Handle, flow.Flow.LinkCredit, flow.Flow.Available));
    }

    [Fact]
    public void X01_FirstTransfer_NeedsIdAndTag()
    {
        foreach (var lacking in new[] { new Transfer { Handle = 0, DeliveryTag = new byte[] { 1 } }, new Transfer { Handle = 0, DeliveryId = 0 } })
        {
            var engine = SessionEngineTests.Begun();
            Assert.Equal(AmqpError.Texts.InvalidField, engine.Feed(Peer.AttachSender(), Peer.Frame(lacking))[^1].Fault!.Condition);
        }
    }

    [Fact]
    public void X02_DeliveryIds_FollowEachOther()
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(EngineEventKind.SessionFailed, engine.Feed(Peer.AttachSender(), Peer.Transfer(7), Peer.Transfer(9))[^1].Kind);
    }

    [Fact]
    public void X03_LongTag_DetachesTheLink()
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(EngineEventKind.LinkFailed, engine.Feed(Peer.AttachSender(), Peer.Transfer(0, with: transfer => transfer with { DeliveryTag = new byte[33] }))[^1].Kind);
    }

    [Fact]
    public void X04_X06_X16_PartsOfDeliveries_OnTwoLinks_Interleaved()
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachSender("one", 0), Peer.AttachSender("two", 1));
        var happened = engine.Feed(
            Peer.Transfer(0, [1], handle: 0, with: transfer => transfer with { More = true }),
            Peer.Transfer(1, [2], handle: 1, with: transfer => transfer with { More = true }),
            Peer.Frame(new Transfer { Handle = 0, More = true }, 0, [3]),
            Peer.Frame(new Transfer { Handle = 1 }, 0, [4]),
            Peer.Frame(new Transfer { Handle = 0 }));
        Assert.Equal([(1ul, true, false), (2ul, true, false), (1ul, false, false), (2ul, false, true), (1ul, false, true)], happened.Select(one => (one.Sequence, one.IsFirst, one.IsLast)));
        Assert.Equal([1, 3], happened.Where(one => one.Sequence == 1).SelectMany(one => one.Payload));
    }

    [Fact]
    public void X05_X07_AnotherDeliveryWithinADelivery_DetachesTheLink()
    {
        foreach (var other in new Func<Transfer, Transfer>[]
                 {
                     transfer => transfer with { DeliveryId = 1 },
                     transfer => transfer with { DeliveryTag = new byte[] { 9 } },
                     transfer => transfer with { MessageFormat = 9 },
                 })
        {
            var engine = SessionEngineTests.Begun();
            Assert.Equal(
                EngineEventKind.LinkFailed,
                engine.Feed(Peer.AttachSender(), Peer.Transfer(0, with: transfer => transfer with { More = true }), Peer.Transfer(0, with: other))[^1].Kind);
        }
    }

    [Fact]
    public void X08_AbortedDelivery_IsSettled_AndTheNextFollows()
    {
        var engine = SessionEngineTests.Begun(out var session);
        var happened = engine.Feed(
            Peer.AttachSender(),
            Peer.Transfer(0, [1], with: transfer => transfer with { More = true }),
            Peer.Transfer(0, [2], with: transfer => transfer with { Aborted = true }),
            Peer.Transfer(1, [3]));
        Assert.True(happened[^2] is { IsAborted: true, IsLast: true, Payload.Length: 0 });
        Assert.Equal([3], happened[^1].Payload);
        Assert.Equal(1, session.IncomingUnsettledCount);
    }

    [Fact]
    public void X09_SettledOnALaterFrame_SettlesTheDelivery()
    {
        var engine = SessionEngineTests.Begun(out var session);
        var happened = engine.Feed(
            Peer.AttachSender(),
            Peer.Transfer(0, [1], with: transfer => transfer with { More = true }),
            Peer.Transfer(0, [2], settled: true, with: transfer => transfer with { More = true }),
            Peer.Frame(new Transfer { Handle = 0 }, 0, [3]));
        Assert.True(happened[^1].IsSettled);
        Assert.Equal(0, session.IncomingUnsettledCount);
    }

    [Fact]
    public void X11_ModeSecondOnALinkOfModeFirst_DetachesTheLink()
    {
        var engine = SessionEngineTests.Begun();
        Assert.Equal(
            EngineEventKind.LinkFailed,
            engine.Feed(Peer.AttachSender(), Peer.Transfer(0, with: transfer => transfer with { RcvSettleMode = ReceiverSettleMode.Second }))[^1].Kind);
    }

    [Fact]
    public void X17_TooManyFramesOfOneDelivery_DetachTheLink()
    {
        var engine = ConnectionEngineTests.Opened(new ConnectionSettings { ContainerId = "server", MaxFramesPerDelivery = 2 });
        engine.Feed(Peer.Begin(), Peer.AttachSender());
        byte[] part = Peer.Transfer(0, [1], with: transfer => transfer with { More = true });
        Assert.Equal(AmqpError.Texts.ResourceLimitExceeded, engine.Feed(part, part, part)[^1].Fault!.Condition);
    }

    [Fact]
    public void X18_X19_Message_IsCutByFrameAndWindow_AndGoesOn()
    {
        var engine = new EngineUnderTest();
        engine.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin(window: 2));
        var link = SessionEngineTests.Receiver(engine);
        engine.Feed(Peer.Credit(1, window: 2));
        byte[] head = [.. Enumerable.Range(0, 700).Select(octet => (byte)octet)];
        byte[] body = [.. Enumerable.Range(0, 900).Select(octet => (byte)(octet * 3))];
        int written = link.Send(new byte[] { 1, 2 }, settled: false, 0, 5, head, body, out _);
        Assert.True(link.IsSending && !link.CanSend);
        var sent = engine.TakeSent();
        Assert.Equal(2, sent.Count);
        engine.Feed(Peer.Credit(0, window: 10, nextIncomingId: 2, deliveryCount: 1));
        byte[] whole = [.. head, .. body];
        Assert.Equal(whole.Length - written, link.Continue(whole.AsSpan(written), []));
        Assert.False(link.IsSending);
        sent.AddRange(engine.TakeSent());
        Assert.Equal(whole, sent.SelectMany(one => one.Payload));
        Assert.Equal([.. Enumerable.Repeat(true, sent.Count - 1), false], sent.Select(one => one.Transfer.More));
        Assert.All(sent, one => Assert.True(8 + one.Body.Length + one.Payload.Length <= 512));
        Assert.All(sent.Skip(1), one => Assert.False(one.Transfer.HasDeliveryTag));
    }

    [Fact]
    public void X08_Abort_OfADeliveryOnItsWay_IsTold()
    {
        var engine = new EngineUnderTest();
        engine.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin(window: 1));
        var link = SessionEngineTests.Receiver(engine);
        engine.Feed(Peer.Credit(2, window: 1));
        link.Send(new byte[] { 1 }, settled: false, 0, 5, new byte[2000], [], out _);
        engine.Feed(Peer.Credit(1, window: 10, nextIncomingId: 1, deliveryCount: 1));
        engine.TakeSent();
        link.Abort();
        Assert.True(Assert.Single(engine.TakeSent()).Transfer.Aborted);
        Assert.Equal(0, link.Session.OutgoingUnsettledCount);
        Assert.True(link.CanSend);
    }

    [Fact]
    public void F08_AttachThatFitsNoFrame_IsNotSent()
    {
        var engine = new EngineUnderTest { Answers = false };
        engine.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }));
        engine.Engine.Open();
        var link = engine.Feed(Peer.Begin(), Peer.AttachReceiver())[^1].Link!;
        engine.TakeSent();
        Assert.False(link.Attach(new Attach { Source = new Source { Address = EncodedValue.String(new string('x', 600)) } }));
        Assert.Empty(engine.TakeSent());
    }
}
