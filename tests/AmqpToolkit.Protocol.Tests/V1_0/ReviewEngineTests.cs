using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

/// <summary>Corners that a strict reading of the engine has found.</summary>
public sealed class ReviewEngineTests
{
    [Fact]
    public void L11_LocalLink_DetachedBeforeThePeersAttach_IsNotTakenForAWishOfThePeer()
    {
        var client = new EngineUnderTest(isServer: false);
        client.Engine.Start(usesSasl: false);
        client.Engine.Open();
        client.Feed(Peer.Header, Peer.Open());
        var session = client.Engine.Begin()!;
        client.Feed(Peer.Frame(new Begin { RemoteChannel = 0, NextOutgoingId = 0, IncomingWindow = 100, OutgoingWindow = 100, HandleMax = 10 }));
        var link = session.CreateLink("out", Role.Sender)!;
        link.Attach(new Attach { Target = new Target { Address = EncodedValue.String("q") } });
        link.Detach(closed: true);
        client.TakeSent();

        Assert.Empty(client.Feed(Peer.AttachReceiver("out", handle: 5)));
        var detached = Assert.Single(client.Feed(Peer.Frame(new Detach { Handle = 5, Closed = true })));
        Assert.Equal((EngineEventKind.Detached, link), (detached.Kind, detached.Link));
        Assert.Empty(client.TakeSent());

        // The name is free again.
        Assert.NotNull(session.CreateLink("out", Role.Sender));
    }

    [Fact]
    public void L07_LinkOfThePeer_DetachedWithoutAnAttach_IsAnsweredByBoth()
    {
        var server = Opened();
        server.Answers = false;
        var link = Assert.Single(server.Feed(Peer.AttachSender())).Link!;
        link.Detach(closed: true);
        Assert.Equal(["attach", "detach"], server.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void L11_LocalLink_DetachedBeforeItsAttach_SaysNothing()
    {
        var server = Opened();
        var link = server.Engine.IsServer ? Assert.Single(server.Feed(Peer.AttachSender("first"))).Link! : null;
        server.TakeSent();
        var never = link!.Session.CreateLink("never", Role.Sender)!;
        never.Detach(closed: true);
        Assert.Empty(server.TakeSent());
        Assert.NotNull(link.Session.CreateLink("never", Role.Sender));
    }

    [Fact]
    public void X13_ResumedTransfer_IsTold_AndCanBeForgotten()
    {
        var server = Opened();
        server.Feed(Peer.AttachSender());
        var told = Assert.Single(server.Feed(Peer.Transfer(0, [1], with: transfer => transfer with { Resume = true })), one => one.Kind == EngineEventKind.Transferred);
        Assert.True(told.IsResumed);
        Assert.True(told.Session!.TryForgetIncoming(told.Sequence));
        Assert.Equal(0, told.Session.IncomingUnsettledCount);
        Assert.False(Assert.Single(server.Feed(Peer.Transfer(1, [1]))).IsResumed);
    }

    public static TheoryData<string> Performatives => ["open", "begin", "attach", "flow", "disposition", "detach", "end"];

    [Theory]
    [MemberData(nameof(Performatives))]
    public void F05_OctetsBehindAPerformative_CloseWithFramingError(string name)
    {
        byte[] more = [1];
        var server = new EngineUnderTest();
        server.Feed(Peer.Header);
        if (name != "open")
        {
            server.Feed(Peer.Open());
        }

        if (name is not ("open" or "begin"))
        {
            server.Feed(Peer.Begin());
        }

        if (name == "detach")
        {
            server.Feed(Peer.AttachSender());
        }

        server.TakeSent();
        var failed = server.Feed(name switch
        {
            "open" => Peer.Frame(new Open { ContainerId = "peer" }, payload: more),
            "begin" => Peer.Frame(new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 }, payload: more),
            "attach" => Peer.Frame(new Attach { Name = "x", Handle = 0, Role = Role.Receiver }, payload: more),
            "flow" => Peer.Frame(new Flow { IncomingWindow = 1, NextOutgoingId = 0, OutgoingWindow = 1 }, payload: more),
            "disposition" => Peer.Frame(new Disposition { Role = Role.Receiver, First = 0 }, payload: more),
            "detach" => Peer.Frame(new Detach { Handle = 0 }, payload: more),
            _ => Peer.Frame(default(End), payload: more),
        });
        Assert.Equal(EngineEventKind.ConnectionFailed, Assert.Single(failed).Kind);
        Assert.Equal("amqp:connection:framing-error", server.TakeSent()[^1].Condition);
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public void L01_NameOfALink_IsBounded(int octets, bool isTaken)
    {
        var server = Opened();
        var kind = Assert.Single(server.Feed(Peer.AttachSender(new string('n', octets)))).Kind;
        Assert.Equal(isTaken ? EngineEventKind.Attached : EngineEventKind.SessionFailed, kind);
    }

    [Fact]
    public void L01_NameOfALink_LeavesRoomInThePeersFrames()
    {
        var server = new EngineUnderTest();
        server.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin());
        Assert.Equal(EngineEventKind.Attached, Assert.Single(server.Feed(Peer.AttachSender(new string('n', 256)))).Kind);
        Assert.Contains(server.TakeSent(), sent => sent.Name == "attach");
        Assert.Equal(EngineEventKind.SessionFailed, Assert.Single(server.Feed(Peer.AttachSender(new string('n', 257), handle: 1))).Kind);
    }

    [Fact]
    public void K12_LoweredCredit_CannotBeUsed_OnceThePeerHasSaidThatItKnows()
    {
        var server = Opened();
        var link = Assert.Single(server.Feed(Peer.AttachSender())).Link!;
        link.SetCredit(0);
        server.Engine.Flush();
        Assert.True(server.TakeSent().Single(sent => sent.Name == "flow" && sent.Flow.LinkCredit == 0).Flow.Echo);

        // On its way already.
        Assert.Equal(EngineEventKind.Transferred, Assert.Single(server.Feed(Peer.Transfer(0))).Kind);
        server.Feed(Peer.Credit(0, handle: 0, deliveryCount: 1, nextOutgoingId: 1));
        Assert.Equal(EngineEventKind.LinkFailed, Assert.Single(server.Feed(Peer.Transfer(1))).Kind);
        Assert.Equal("amqp:link:transfer-limit-exceeded", server.TakeSent().Single(sent => sent.Name == "detach").Condition);
    }

    [Fact]
    public void K12_AnswerToAnEarlierLowering_TakesNothingAwayThatWasGrantedSince()
    {
        var server = Opened();
        var link = Assert.Single(server.Feed(Peer.AttachSender())).Link!;
        link.SetCredit(10);
        Assert.Equal(2, server.Feed(Peer.Transfer(0), Peer.Transfer(1)).Count);
        link.SetCredit(0);
        server.Engine.Flush();
        link.SetCredit(9);
        server.Engine.Flush();
        Assert.Equal(2, server.Feed(Peer.Transfer(2), Peer.Transfer(3)).Count);
        link.SetCredit(0);
        server.Engine.Flush();

        // The answer to the first lowering; the peer has heard of the nine since, and uses them.
        server.TakeSent();
        server.Feed(Peer.Credit(0, handle: 0, deliveryCount: 4, nextOutgoingId: 4));
        Assert.True(link.MayExceedCredit);
        for (uint id = 4; id < 11; id++)
        {
            Assert.Equal(EngineEventKind.Transferred, Assert.Single(server.Feed(Peer.Transfer(id))).Kind);
        }

        Assert.Equal(EngineEventKind.LinkFailed, Assert.Single(server.Feed(Peer.Transfer(11))).Kind);
    }

    [Fact]
    public void K12_AnswerOfAPeerThatHasUsedAll_IsAnAnswer()
    {
        var server = Opened();
        var link = Assert.Single(server.Feed(Peer.AttachSender())).Link!;
        link.SetCredit(2);
        link.SetCredit(0);
        server.Engine.Flush();
        Assert.True(link.MayExceedCredit);
        Assert.Equal(2, server.Feed(Peer.Transfer(0), Peer.Transfer(1)).Count);
        server.Feed(Peer.Credit(0, handle: 0, deliveryCount: 2, nextOutgoingId: 2));
        Assert.False(link.MayExceedCredit);

        link.SetCredit(5);
        server.Engine.Flush();
        link.SetCredit(0);
        server.TakeSent();
        server.Engine.Flush();
        Assert.True(server.TakeSent().Single(sent => sent.Name == "flow" && sent.Flow.HasHandle).Flow.Echo);

        // This crosses it: the peer has not used what it knows of. The next is the answer.
        server.Feed(Peer.Credit(5, handle: 0, deliveryCount: 2, nextOutgoingId: 2));
        Assert.True(link.MayExceedCredit);
        server.Feed(Peer.Credit(0, handle: 0, deliveryCount: 2, nextOutgoingId: 2));
        Assert.False(link.MayExceedCredit);
    }

    [Fact]
    public void K12_FlowThatCrossedARaisedCredit_TakesNothingAway()
    {
        var server = Opened();
        var link = Assert.Single(server.Feed(Peer.AttachSender())).Link!;
        link.SetCredit(2);
        link.SetCredit(5);

        // The peer speaks of the two that it knew.
        server.Feed(Peer.Credit(2, handle: 0));
        for (uint id = 0; id < 5; id++)
        {
            Assert.Equal(EngineEventKind.Transferred, Assert.Single(server.Feed(Peer.Transfer(id))).Kind);
        }
    }

    [Fact]
    public void X08_AbortBehindAShutWindow_IsToldBeforeAnythingElse()
    {
        var server = new EngineUnderTest();
        server.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin(window: 1));
        var link = Assert.Single(server.Feed(Peer.AttachReceiver())).Link!;
        server.Feed(Peer.Credit(10, window: 1));
        server.TakeSent();
        byte[] message = new byte[2000];
        Assert.True(link.Send(new byte[] { 1 }, settled: false, 0, cookie: 0, message, default, out _) < message.Length);
        Assert.Equal("transfer", Assert.Single(server.TakeSent()).Name);
        link.Abort();
        Assert.Empty(server.TakeSent());
        Assert.False(link.CanSend);

        server.Feed(Peer.Credit(10, window: 2, nextIncomingId: 1));
        Assert.True(link.CanSend);
        link.Send(new byte[] { 2 }, settled: false, 0, cookie: 0, [1], default, out _);
        var sent = server.TakeSent();
        Assert.Equal(2, sent.Count);
        Assert.Equal((true, 0u), (sent[0].Transfer.Aborted, sent[0].Transfer.DeliveryId));
        Assert.Equal((false, 1u), (sent[1].Transfer.Aborted, sent[1].Transfer.DeliveryId));
    }

    [Fact]
    public void X18_MessageInParts_IsOneDelivery()
    {
        var server = Opened();
        var link = Assert.Single(server.Feed(Peer.AttachReceiver())).Link!;
        server.Feed(Peer.Credit(10));
        server.TakeSent();
        Assert.Equal(2, link.Send(new byte[] { 1 }, settled: true, 0, cookie: 0, [1], [2], out _, more: true));
        Assert.True(link.IsSending);
        Assert.Equal(1, link.Continue([3], default, more: true));
        Assert.Equal(0, link.Continue(default, default, more: true));
        Assert.Equal(1, link.Continue([4], default));
        Assert.False(link.IsSending);
        var sent = server.TakeSent();
        Assert.Equal([true, true, false], sent.Select(one => one.Transfer.More));
        Assert.Equal([1, 2, 3, 4], sent.SelectMany(one => one.Payload));
        Assert.Equal([true, false, false], sent.Select(one => one.Transfer.HasDeliveryId));
    }

    [Fact]
    public void C08_CloseBeforeTheHandshake_JustEnds()
    {
        var server = new EngineUnderTest();
        server.Engine.Close(new AmqpFault("amqp:internal-error", "no"));
        Assert.True(server.Engine.IsEnded);
        Assert.Empty(server.TakeSent());
        Assert.Empty(server.Feed(Peer.Header));
    }

    [Fact]
    public void D12_StateThatFitsNoFrame_IsTheCallersMistake()
    {
        var server = new EngineUnderTest();
        server.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 512 }), Peer.Begin(), Peer.AttachSender());
        var transferred = Assert.Single(server.Feed(Peer.Transfer(0)));
        var state = EncodedValue.Of(new Rejected { Error = new Error { Condition = "amqp:decode-error", Description = new string('x', 600) } });
        Assert.Throws<ArgumentException>(() => transferred.Session!.DisposeIncoming(transferred.Sequence, state, settled: true));
        Assert.Equal(1, transferred.Session!.IncomingUnsettledCount);
    }

    private static EngineUnderTest Opened()
    {
        var server = new EngineUnderTest();
        server.Feed(Peer.Header, Peer.Open(), Peer.Begin());
        server.TakeSent();
        return server;
    }
}
