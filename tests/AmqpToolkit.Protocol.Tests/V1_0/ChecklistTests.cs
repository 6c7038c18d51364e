using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>Lines of the checklist (docs/amqp-1.0-checklist.md) that stand by themselves.</summary>
public sealed class ChecklistTests
{
    [Theory]
    [InlineData(3, 0)]
    [InlineData(0, 2)]
    public void T32_ChoiceWithoutAName_IsADecodeError(byte sender, byte receiver)
    {
        var engine = SessionEngineTests.Begun();
        var happened = engine.Feed(Peer.AttachSender(with: attach => attach with { SndSettleMode = (SenderSettleMode)sender, RcvSettleMode = (ReceiverSettleMode)receiver }));
        Assert.Equal(AmqpError.Texts.DecodeError, happened[^1].Fault!.Condition);
    }

    [Fact]
    public void K03_DeliveryCount_CountsDeliveries_NotFrames()
    {
        var engine = new EngineUnderTest();
        engine.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin());
        var link = SessionEngineTests.Receiver(engine);
        engine.Feed(Peer.Credit(5));
        link.Send(new byte[] { 1 }, settled: true, 0, 0, new byte[2000], [], out _);
        engine.Engine.Flush();
        int frames = engine.TakeSent().Count(one => one.Name == "transfer");
        Assert.True(frames > 1);
        engine.Feed(Peer.Credit(5, nextIncomingId: (uint)frames, deliveryCount: 1, echo: true));
        Assert.Equal((1u, 5u), Assert.Single(engine.TakeSent()).Flow is { } flow ? (flow.DeliveryCount, flow.LinkCredit) : default);
    }

    [Fact]
    public void K15_WhatASenderSaysOfItsCount_ChangesNoCredit()
    {
        var engine = SessionEngineTests.Begun();
        engine.Feed(Peer.AttachSender());
        engine.TakeSent();
        engine.Feed(Peer.Frame(new Flow
        {
            NextIncomingId = 0, IncomingWindow = 100, NextOutgoingId = 0, OutgoingWindow = 100, Handle = 0, DeliveryCount = 0, Available = 12_345, LinkCredit = 1,
        }));
        var happened = engine.Feed(Peer.Transfer(0, [1], settled: true), Peer.Transfer(1, [2], settled: true));
        Assert.Equal([EngineEventKind.Transferred, EngineEventKind.Transferred], happened.Select(one => one.Kind));
    }

    [Fact]
    public void D01_Role_TellsWhoseDeliveriesAreMeant()
    {
        var engine = SessionEngineTests.Begun(out var session);
        engine.Feed(Peer.AttachSender(), Peer.Transfer(0, [1]));
        var link = SessionEngineTests.Receiver(engine);
        engine.Feed(Peer.Credit(1, nextOutgoingId: 1));
        link.Send(new byte[] { 1 }, settled: false, 0, 0, [2], [], out _);
        Assert.Equal((1, 1), (session.IncomingUnsettledCount, session.OutgoingUnsettledCount));
        Assert.True(Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, Settled = true }))).IsOfOutgoing);
        Assert.Equal((1, 0), (session.IncomingUnsettledCount, session.OutgoingUnsettledCount));
        Assert.False(Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Sender, First = 0, Settled = true }))).IsOfOutgoing);
        Assert.Equal((0, 0), (session.IncomingUnsettledCount, session.OutgoingUnsettledCount));
    }
}
