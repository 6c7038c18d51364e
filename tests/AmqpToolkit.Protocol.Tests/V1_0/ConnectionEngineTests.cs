using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Protocol.Tests.V1_0;

public sealed class ConnectionEngineTests
{
    [Fact]
    public void V01_Header_IsAnsweredAlike()
    {
        var engine = new EngineUnderTest();
        Assert.Empty(engine.Feed(Peer.Header[..5]));
        Assert.Empty(engine.TakeSent());
        engine.Feed(Peer.Header[5..]);
        Assert.Equal(["header 0"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Theory]
    [InlineData(new byte[] { 65, 77, 81, 80, 2, 1, 0, 0 })]
    [InlineData(new byte[] { 65, 77, 81, 80, 0, 0, 9, 1 })]
    [InlineData(new byte[] { 71, 69, 84, 32 })]
    public void V02_V05_V07_OtherHeader_IsAnsweredByOneThatCanBe(byte[] header)
    {
        var engine = new EngineUnderTest();
        Assert.Equal(EngineEventKind.HeaderRefused, Assert.Single(engine.Feed(header)).Kind);
        Assert.Equal(["header 0"], engine.TakeSent().Select(sent => sent.Name));
        Assert.True(engine.Engine.IsEnded);
        Assert.Empty(engine.Feed(Peer.Open()));
        Assert.Empty(engine.TakeSent());
    }

    [Fact]
    public void V03_BareHeader_WhereSaslIsRequired_IsAnsweredBySaslHeader()
    {
        var engine = WithSasl();
        Assert.Equal(EngineEventKind.HeaderRefused, Assert.Single(engine.Feed(Peer.Header)).Kind);
        Assert.Equal(["header 3"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void V04_A01_A07_Sasl_ThenSecondHeader_ThenOpen()
    {
        var engine = WithSasl();
        engine.Feed(Peer.SaslHeader);
        Assert.Equal(["header 3", "mechanisms"], engine.TakeSent().Select(sent => sent.Name));
        var init = Assert.Single(engine.Feed(Peer.Sasl(new SaslInit { Mechanism = "PLAIN", InitialResponse = new byte[] { 0, 65, 0, 66 }, Hostname = "vhost:x" })));
        Assert.Equal(EngineEventKind.SaslInit, init.Kind);
        engine.Engine.SendSaslOutcome(SaslCode.Ok);
        engine.Feed(Peer.Header, Peer.Open());
        Assert.Equal(["outcome", "header 0", "open"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void A01_Challenge_IsAnsweredByResponse()
    {
        var engine = WithSasl();
        engine.Feed(Peer.SaslHeader, Peer.Sasl(new SaslInit { Mechanism = "PLAIN" }));
        engine.Engine.SendSaslChallenge([1, 2]);
        Assert.Equal(EngineEventKind.SaslResponse, Assert.Single(engine.Feed(Peer.Sasl(new SaslResponse { Response = new byte[] { 3 } }))).Kind);
        Assert.Equal(["header 3", "mechanisms", "challenge"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void A03_BadOutcome_EndsTheConnection()
    {
        var engine = WithSasl();
        engine.Feed(Peer.SaslHeader, Peer.Sasl(new SaslInit { Mechanism = "PLAIN" }));
        engine.Engine.SendSaslOutcome(SaslCode.Auth);
        Assert.True(engine.Engine.IsEnded);
        Assert.Empty(engine.Feed(Peer.Header, Peer.Open()));
    }

    [Fact]
    public void A04_A05_A06_WhatIsNotDueInTheSaslExchange_EndsTheConnection()
    {
        byte[][] wrong =
        [
            Peer.Sasl(new SaslMechanisms { SaslServerMechanisms = EncodedValue.Symbol("X") }),
            Peer.Sasl(new SaslOutcome { Code = SaslCode.Ok }),
            Peer.Sasl(new SaslChallenge { Challenge = new byte[] { 1 } }),
            [0, 0, 0, 8, 2, 1, 0, 0],
            Peer.Open(),
        ];
        foreach (byte[] frame in wrong)
        {
            var engine = WithSasl();
            engine.Feed(Peer.SaslHeader);
            Assert.Equal(EngineEventKind.ConnectionFailed, Assert.Single(engine.Feed(frame)).Kind);
            Assert.True(engine.Engine.IsEnded);
        }
    }

    [Fact]
    public void A01_ClientAndServer_AgreeOverSasl()
    {
        var server = WithSasl();
        var client = new EngineUnderTest(isServer: false);
        client.Engine.Start(usesSasl: true);
        server.Feed(client.TakeOctets());
        Assert.Equal(EngineEventKind.SaslMechanisms, Assert.Single(client.Feed(server.TakeOctets())).Kind);
        client.Engine.SendSaslInit("PLAIN", [0, 65, 0, 66], null);
        Assert.Equal(EngineEventKind.SaslInit, Assert.Single(server.Feed(client.TakeOctets())).Kind);
        server.Engine.SendSaslOutcome(SaslCode.Ok);
        Assert.Equal(EngineEventKind.SaslOutcome, Assert.Single(client.Feed(server.TakeOctets())).Kind);
        client.Engine.Open();
        Assert.Equal(EngineEventKind.Opened, Assert.Single(server.Feed(client.TakeOctets())).Kind);
        Assert.Equal(EngineEventKind.Opened, Assert.Single(client.Feed(server.TakeOctets())).Kind);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 7, 2, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 8, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 8, 3, 0, 0, 0 })]
    [InlineData(new byte[] { 0xFF, 0, 0, 8, 2, 0, 0, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 8, 2, 9, 0, 0 })]
    public void F01_F03_BrokenFrame_ClosesWithFramingError(byte[] frame)
    {
        var engine = Opened();
        Assert.Equal(EngineEventKind.ConnectionFailed, Assert.Single(engine.Feed(frame)).Kind);
        Assert.Equal(ConnectionError.Texts.FramingError, Assert.Single(engine.TakeSent()).Condition);
        Assert.Empty(engine.Feed(Peer.Begin()));
    }

    [Fact]
    public void F02_ExtendedHeader_IsPassedOver()
    {
        byte[] begin = Peer.Begin();
        byte[] extended = [0, 0, 0, (byte)(begin.Length + 4), 3, .. begin[5..8], 1, 2, 3, 4, .. begin[8..]];
        Assert.Equal(EngineEventKind.Begun, Assert.Single(Opened().Feed(extended)).Kind);
    }

    [Fact]
    public void F04_EmptyFrame_OnAnyChannel_IsPassedOver()
    {
        var engine = Opened();
        Assert.Empty(engine.Feed([0, 0, 0, 8, 2, 0, 0, 0], [0, 0, 0, 8, 2, 0, 3, 7]));
        Assert.Empty(engine.TakeSent());
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 9, 2, 0, 0, 0, 0x41 })]
    [InlineData(new byte[] { 0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x70, 0x45 })]
    public void F05_C18_NoPerformative_ClosesWithDecodeError(byte[] frame)
    {
        var engine = Opened();
        Assert.Equal(AmqpError.Texts.DecodeError, Assert.Single(engine.Feed(frame)).Fault!.Condition);
    }

    [Fact]
    public void F06_F07_SmallMaxFrameSize_IsRefused()
    {
        var engine = new EngineUnderTest();
        engine.Feed(Peer.Header, Peer.Frame(new Open { ContainerId = "peer", MaxFrameSize = 511 }));
        Assert.Equal(["header 0", "open", "close"], engine.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void F09_C07_EverythingAtOnce_OrOctetByOctet()
    {
        byte[][] script = [Peer.Header, Peer.Open(), Peer.Begin(), Peer.AttachSender(), Peer.Transfer(0, [1, 2, 3], settled: true)];
        byte[] all = [.. script.SelectMany(octets => octets)];
        string[] expected = ["header 0", "open", "begin", "attach", "flow"];
        var whole = new EngineUnderTest(settings: new ConnectionSettings { ContainerId = "server", IncomingWindow = 10 });
        var happened = whole.Feed(all);
        Assert.Equal(EngineEventKind.Transferred, happened[^1].Kind);
        Assert.Equal(expected, whole.TakeSent().Select(sent => sent.Name));

        var pieces = new EngineUnderTest(settings: new ConnectionSettings { ContainerId = "server", IncomingWindow = 10 });
        var last = all.SelectMany(octet => pieces.Feed([octet])).ToList();
        Assert.Equal(happened.Select(one => one.Kind), last.Select(one => one.Kind));
        Assert.Equal(expected, pieces.TakeSent().Select(sent => sent.Name));
    }

    [Fact]
    public void C01_C02_C03_OpenComesFirst_Once_OnChannel0()
    {
        Assert.Equal(AmqpError.Texts.IllegalState, FaultOf(new EngineUnderTest(), Peer.Header, Peer.Begin()));
        Assert.Equal(ConnectionError.Texts.FramingError, FaultOf(new EngineUnderTest(), Peer.Header, Peer.Open(channel: 1)));
        Assert.Equal(AmqpError.Texts.IllegalState, FaultOf(Opened(), Peer.Open()));
    }

    [Fact]
    public void C04_T28_OpenWithoutContainerId_IsInvalid() =>
        Assert.Equal(AmqpError.Texts.InvalidField, FaultOf(new EngineUnderTest(), Peer.Header, [0, 0, 0, 12, 2, 0, 0, 0, 0, 0x53, 0x10, 0x45]));

    [Fact]
    public void C06_ChannelAboveTheHighest_ClosesWithFramingError() => Assert.Equal(
        ConnectionError.Texts.FramingError,
        FaultOf(Opened(new ConnectionSettings { ContainerId = "server", ChannelMax = 3 }), Peer.Begin(channel: 4)));

    [Fact]
    public void C08_Close_IsAnswered_AndNothingFollows()
    {
        var engine = Opened();
        Assert.Equal(EngineEventKind.Closed, Assert.Single(engine.Feed(Peer.Frame(default(Close)))).Kind);
        Assert.Equal(["close"], engine.TakeSent().Select(sent => sent.Name));
        engine.Engine.SendHeartbeat();
        Assert.Empty(engine.TakeSent());
        Assert.True(engine.Engine.IsEnded);
    }

    [Fact]
    public void C09_C13_AfterOwnClose_EverythingIsPassedOverUpToThePeers()
    {
        var engine = Opened();
        engine.Engine.Close(new AmqpFault(ConnectionError.Texts.ConnectionForced, "the broker stops"));
        Assert.Empty(engine.Feed(Peer.Begin(), Peer.AttachSender()));
        Assert.Equal(EngineEventKind.Closed, Assert.Single(engine.Feed(Peer.Frame(default(Close)))).Kind);
        var sent = Assert.Single(engine.TakeSent());
        Assert.Equal(ConnectionError.Texts.ConnectionForced, sent.Condition);
    }

    [Fact]
    public void C10_C11_IdleMonitor_TellsWhatIsDue()
    {
        var monitor = new IdleMonitor(ownIdleTimeOut: 1000, peerIdleTimeOut: 400, now: 0);
        Assert.Equal(Classic.HeartbeatVerdict.None, monitor.Check(100, 0, 0, isReading: true));
        Assert.Equal(Classic.HeartbeatVerdict.SendHeartbeat, monitor.Check(200, 0, 0, isReading: true));
        Assert.Equal(Classic.HeartbeatVerdict.None, monitor.Check(350, 1, 1, isReading: true));
        Assert.Equal(Classic.HeartbeatVerdict.None, monitor.Check(2300, 1, 2, isReading: true));
        Assert.Equal(Classic.HeartbeatVerdict.PeerIsGone, monitor.Check(2350, 1, 3, isReading: true));
    }

    [Fact]
    public void C12_IdleTimeOutThatCannotBeKept_IsRefused() =>
        Assert.Equal(AmqpError.Texts.NotAllowed, FaultOf(new EngineUnderTest(), Peer.Header, Peer.Frame(new Open { ContainerId = "peer", IdleTimeOut = 1 })));

    [Fact]
    public void C16_RefusedOpen_SaysSoInItsProperties()
    {
        var engine = new EngineUnderTest { Answers = false };
        engine.Feed(Peer.Header, Peer.Open());
        engine.Engine.Refuse(new AmqpFault(AmqpError.Texts.NotFound, "no such host"));
        var sent = engine.TakeSent();
        Assert.Equal(["header 0", "open", "close"], sent.Select(one => one.Name));
        Assert.Equal(AmqpError.Texts.NotFound, sent[2].Condition);
        Assert.True(sent[1].Open.Properties.TryGetValue("amqp:connection-establishment-failed"u8, out var failed) && failed.TryGetBoolean(out bool value) && value);
    }

    internal static EngineUnderTest Opened(ConnectionSettings? settings = null)
    {
        var engine = new EngineUnderTest(settings: settings);
        engine.Feed(Peer.Header, Peer.Open());
        engine.TakeSent();
        return engine;
    }

    private static EngineUnderTest WithSasl() =>
        new(settings: new ConnectionSettings { ContainerId = "server", RequiresSasl = true, SaslMechanisms = ["PLAIN", "ANONYMOUS"] });

    private static string? FaultOf(EngineUnderTest engine, params byte[][] script) => engine.Feed(script)[^1].Fault?.Condition;
}
