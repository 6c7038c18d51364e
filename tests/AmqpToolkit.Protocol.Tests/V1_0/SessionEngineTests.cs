using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

public sealed class SessionEngineTests
{
    [Fact]
    public void S01_S02_Begin_IsAnswered_OnAnyChannel()
    {
        var engine = ConnectionEngineTests.Opened();
        engine.Feed(Peer.Begin(channel: 7));
        var begin = Assert.Single(engine.TakeSent());
        Assert.Equal("begin", begin.Name);
        Assert.Equal(7, begin.Begin.RemoteChannel);
    }

    [Fact]
    public void S03_BeginOnAChannelInUse_ClosesTheConnection() =>
        Assert.Equal(AmqpError.Texts.NotAllowed, Begun().Feed(Peer.Begin())[^1].Fault!.Condition);

    [Fact]
    public void S04_End_IsAnswered_AndTheChannelFree()
    {
        var engine = Begun();
        Assert.Equal(EngineEventKind.Ended, Assert.Single(engine.Feed(Peer.Frame(default(End)))).Kind);
        Assert.Equal(EngineEventKind.Begun, Assert.Single(engine.Feed(Peer.Begin())).Kind);
        Assert.Equal(["end", "begin"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void S05_S06_AfterOwnEnd_EverythingIsPassedOverUpToThePeers()
    {
        var engine = Begun(out var session);
        session.End(new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "enough"));
        Assert.Empty(engine.Feed(Peer.AttachSender(), Peer.Transfer(0), Peer.Credit(1)));
        Assert.Equal(EngineEventKind.Ended, Assert.Single(engine.Feed(Peer.Frame(default(End)))).Kind);
        Assert.Equal(["end"], engine.TakeSent().Select(sent => sent.Name));
        Assert.Equal(EngineEventKind.Begun, Assert.Single(engine.Feed(Peer.Begin())).Kind);
    }

    [Fact]
    public void S07_FrameWithoutSession_ClosesTheConnection() =>
        Assert.Equal(AmqpError.Texts.NotAllowed, ConnectionEngineTests.Opened().Feed(Peer.Transfer(0))[^1].Fault!.Condition);

    [Fact]
    public void S08_S15_TransferIds_CountFrames_AndWrap()
    {
        var engine = ConnectionEngineTests.Opened();
        engine.Feed(Peer.Begin(nextOutgoingId: uint.MaxValue), Peer.AttachSender());
        engine.TakeSent();
        engine.Feed(
            Peer.Transfer(uint.MaxValue, [1], settled: true),
            Peer.Transfer(0, [1], with: transfer => transfer with { More = true }),
            Peer.Transfer(0, [2]));
        engine.Feed(Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 10, NextOutgoingId = 2, OutgoingWindow = 1, Echo = true }));
        var flow = Assert.Single(engine.TakeSent());
        Assert.Equal(2u, flow.Flow.NextIncomingId);
        Assert.Equal(2048u, flow.Flow.IncomingWindow);
    }

    [Fact]
    public void S09_S10_S11_RemoteWindow_IsCountedFromWhatThePeerHasSeen()
    {
        var engine = Begun(out var session, window: 2);
        var link = Receiver(engine);
        engine.Feed(Peer.Credit(10, window: 2));
        Assert.Equal(2u, session.RemoteIncomingWindow);
        Assert.Equal(3, link.Send(new byte[] { 1 }, settled: true, 0, 0, [1, 2, 3], [], out _));
        Assert.Equal(1u, session.RemoteIncomingWindow);
        Assert.Equal(3, link.Send(new byte[] { 1 }, settled: true, 0, 0, [1, 2, 3], [], out _));
        Assert.False(link.CanSend);

        // The peer has seen one of the two.
        engine.Feed(Peer.Credit(10, nextIncomingId: 1, window: 2, deliveryCount: 2));
        Assert.Equal(1u, session.RemoteIncomingWindow);
        engine.Feed(Peer.Frame(new Flow { IncomingWindow = 7, NextOutgoingId = 0, OutgoingWindow = 1 }));
        Assert.Equal(5u, session.RemoteIncomingWindow);
        engine.Feed(Peer.Credit(10, nextIncomingId: 0, window: 1, deliveryCount: 2));
        Assert.Equal(0u, session.RemoteIncomingWindow);
    }

    [Fact]
    public void S12_TransferBeyondTheWindow_EndsTheSession()
    {
        var engine = ConnectionEngineTests.Opened(new ConnectionSettings { ContainerId = "server", IncomingWindow = 4 });
        engine.Feed(Peer.Begin());
        engine.Engine.Flush();
        var attached = engine.Feed(Peer.AttachSender());
        attached[0].Session!.IsHeld = true;
        var happened = engine.Feed([.. Enumerable.Range(0, 5).Select(id => Peer.Transfer((uint)id, settled: true))]);
        Assert.Equal(4, happened.Count(one => one.Kind == EngineEventKind.Transferred));
        Assert.Equal(SessionError.Texts.WindowViolation, happened[^1].Fault!.Condition);
        Assert.Equal(SessionError.Texts.WindowViolation, engine.TakeSent()[^1].Condition);
    }

    [Fact]
    public void S13_RewoundNextOutgoingId_EndsTheSession()
    {
        var engine = Begun();
        engine.Feed(Peer.AttachSender(), Peer.Transfer(0, settled: true));
        Assert.Equal(
            EngineEventKind.SessionFailed,
            engine.Feed(Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1 }))[^1].Kind);
    }

    [Fact]
    public void S14_Window_IsOpenedAgainBeforeItIsShut()
    {
        var engine = ConnectionEngineTests.Opened(new ConnectionSettings { ContainerId = "server", IncomingWindow = 4 });
        engine.Feed(Peer.Begin(), Peer.AttachSender());
        engine.TakeSent();
        engine.Feed(Peer.Transfer(0, settled: true));
        Assert.Empty(engine.TakeSent());
        engine.Feed(Peer.Transfer(1, settled: true));
        var flow = Assert.Single(engine.TakeSent());
        Assert.Equal((2u, 4u), (flow.Flow.NextIncomingId, flow.Flow.IncomingWindow));
    }

    [Fact]
    public void S16_HandleAboveTheHighest_ClosesWithFramingError()
    {
        var engine = ConnectionEngineTests.Opened(new ConnectionSettings { ContainerId = "server", HandleMax = 3 });
        Assert.Equal(ConnectionError.Texts.FramingError, engine.Feed(Peer.Begin(), Peer.AttachSender(handle: 4))[^1].Fault!.Condition);
    }

    [Fact]
    public void S17_Echo_IsAnsweredByAFlow()
    {
        var engine = Begun();
        engine.Feed(
            Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Echo = true }),
            Peer.Frame(new Flow { NextIncomingId = 0, IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1, Echo = true }));
        var flow = Assert.Single(engine.TakeSent());
        Assert.False(flow.Flow.HasHandle);
    }

    [Fact]
    public void D02_D03_HugeRange_TakesWhatIsThere()
    {
        var engine = Begun(out var session);
        var link = Receiver(engine);
        engine.Feed(Peer.Credit(10));
        for (byte id = 0; id < 3; id++)
        {
            link.Send(new[] { id }, settled: false, 0, cookie: id, [id], [], out _);
        }

        var disposed = Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 1, Last = 1, Settled = true, State = default(Accepted) })));
        Assert.Equal([1ul], disposed.Disposed.Select(one => one.Delivery.Cookie));
        disposed = Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, Last = uint.MaxValue, Settled = true, State = default(Released) })));
        Assert.Equal([0ul, 2ul], disposed.Disposed.Select(one => one.Delivery.Cookie));
        Assert.Equal(AnyDeliveryState.Member.Released, disposed.State);
        Assert.Equal(0, session.OutgoingUnsettledCount);
        Assert.Empty(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, Last = uint.MaxValue, Settled = true })));
    }

    [Fact]
    public void D02_ReversedRange_EndsTheSession()
    {
        var engine = Begun();
        Assert.Equal(AmqpError.Texts.InvalidField, engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 5, Last = 3 }))[^1].Fault!.Condition);
    }

    [Fact]
    public void D05_D22_OwnDispositions_InARow_AreOneFrame()
    {
        var engine = Begun(out var session);
        engine.Feed(Peer.AttachSender());
        var sequences = engine.Feed([.. Enumerable.Range(0, 5).Select(id => Peer.Transfer((uint)id))]).Select(one => one.Sequence).ToArray();
        engine.TakeSent();
        Assert.Equal(5, session.IncomingUnsettledCount);
        foreach (ulong sequence in sequences[..3])
        {
            Assert.True(session.DisposeIncoming(sequence, default(Accepted), settled: true));
        }

        Assert.True(session.DisposeIncoming(sequences[3], default(Released), settled: true));
        Assert.False(session.DisposeIncoming(sequences[0], default(Accepted), settled: true));
        engine.Engine.Flush();
        var sent = engine.TakeSent();
        Assert.Equal([(0u, 2u), (3u, 3u)], sent.Select(one => (one.Disposition.First, one.Disposition.HasLast ? one.Disposition.Last : one.Disposition.First)));
        Assert.Equal(AnyDeliveryState.Member.Accepted, sent[0].Disposition.State.Kind);
        Assert.Equal(1, session.IncomingUnsettledCount);
    }

    [Fact]
    public void D06_ModeSecond_ReceiverStates_SenderSettles()
    {
        var engine = Begun(out var session);
        engine.Feed(Peer.AttachSender(with: attach => attach with { RcvSettleMode = ReceiverSettleMode.Second }));
        var transferred = engine.Feed(Peer.Transfer(0))[^1];
        engine.TakeSent();
        Assert.True(session.DisposeIncoming(transferred.Sequence, default(Accepted), settled: false));
        engine.Engine.Flush();
        Assert.False(Assert.Single(engine.TakeSent()).Disposition.Settled);
        Assert.Equal(1, session.IncomingUnsettledCount);
        var disposed = Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Sender, First = 0, Settled = true, State = default(Accepted) })));
        Assert.False(disposed.IsOfOutgoing);
        Assert.Equal([transferred.Sequence], disposed.Disposed.Select(one => one.Sequence));
        Assert.Equal(0, session.IncomingUnsettledCount);
    }

    [Fact]
    public void D07_D08_StateWithoutSettlement_KeepsTheDelivery()
    {
        var engine = Begun(out var session);
        var link = Receiver(engine);
        engine.Feed(Peer.Credit(10));
        link.Send(new byte[] { 1 }, settled: false, 0, 41, [1], [], out ulong sequence);
        engine.TakeSent();
        var disposed = Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, State = new Received { SectionNumber = 0, SectionOffset = 0 } })));
        Assert.Equal(AnyDeliveryState.Member.Received, disposed.State);
        Assert.Equal(1, session.OutgoingUnsettledCount);
        disposed = Assert.Single(engine.Feed(Peer.Frame(new Disposition { Role = Role.Receiver, First = 0, State = default(Accepted) })));
        Assert.Equal([41ul], disposed.Disposed.Select(one => one.Delivery.Cookie));
        Assert.True(session.DisposeOutgoing(sequence, default(Accepted), settled: true));
        engine.Engine.Flush();
        var sent = Assert.Single(engine.TakeSent());
        Assert.Equal((Role.Sender, true), (sent.Disposition.Role, sent.Disposition.Settled));
        Assert.Equal(0, session.OutgoingUnsettledCount);
    }

    [Fact]
    public void D18_Forget_TakesTheDeliveriesOfALink_InOrder()
    {
        var engine = Begun(out var session);
        var one = Receiver(engine);
        var other = Receiver(engine, "other", handle: 2);
        engine.Feed(Peer.Credit(10), Peer.Credit(10, handle: 2));
        for (ulong cookie = 0; cookie < 6; cookie++)
        {
            (cookie % 2 == 0 ? one : other).Send(new[] { (byte)cookie }, settled: false, 0, cookie, [1], [], out _);
        }

        var forgotten = new List<UnsettledDelivery>();
        session.ForgetOutgoing(other, forgotten);
        Assert.Equal([1ul, 3ul, 5ul], forgotten.Select(delivery => delivery.Cookie));
        Assert.Equal(3, session.OutgoingUnsettledCount);
    }

    internal static EngineUnderTest Begun() => Begun(out _);

    internal static EngineUnderTest Begun(out Session session, uint window = 100)
    {
        var engine = ConnectionEngineTests.Opened();
        session = engine.Feed(Peer.Begin(window: window))[^1].Session!;
        engine.TakeSent();
        return engine;
    }

    /// <summary>A link over which the engine sends.</summary>
    internal static Link Receiver(EngineUnderTest engine, string name = "out", uint handle = 1)
    {
        var link = engine.Feed(Peer.AttachReceiver(name, handle))[^1].Link!;
        engine.TakeSent();
        return link;
    }
}
