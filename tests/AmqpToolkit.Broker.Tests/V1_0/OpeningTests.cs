using System.Net;
using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.Tests.V1_0;

/// <summary>From the protocol header to open, and the end.</summary>
public sealed class OpeningTests
{
    [Fact]
    public async Task V06_OnePort_SpeaksBothVersions()
    {
        await using var broker = await TestBroker.StartAsync();
        using var older = RawClient.Open(broker);
        using var peer = PeerClient.Begin(broker);
        peer.Send(default(Close));
        peer.Expect("close");
        Assert.True(peer.IsEnded);
    }

    [Fact]
    public async Task C15_Open_TellsTheVersionThatClientsLookFor()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer" });
        peer.ReadHeader();
        var open = peer.Expect("open").Open;
        Assert.True(open.Properties.TryGetValue("version"u8, out var version) && version.TryGetString(out var text) && text.StartsWith("4."u8));
        Assert.True(open.Properties.TryGetValue("product"u8, out var product) && product.TryGetString(out text) && text.SequenceEqual("RabbitMQ"u8));
    }

    [Fact]
    public async Task V05_TlsInTheStream_IsAnsweredByAnotherHeader()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        peer.Send([.. "AMQP"u8, 2, 1, 0, 0]);
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        Assert.True(peer.IsEnded);
    }

    [Theory]
    [InlineData("guest", "guest", true, true)]
    [InlineData("guest", "guest", false, true)]
    [InlineData("guest", "wrong", true, false)]
    [InlineData("nobody", "guest", true, false)]
    public async Task A01_A03_A07_Plain_IsJudged(string user, string password, bool isInitial, bool isTaken)
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.SaslHeader);
        Assert.Equal(PeerClient.SaslHeader, peer.ReadHeader());
        peer.Expect("saslmechanisms");
        byte[] response = Encoding.UTF8.GetBytes($"\0{user}\0{password}");
        peer.SendSasl(isInitial ? new SaslInit { Mechanism = "PLAIN", InitialResponse = response } : new SaslInit { Mechanism = "PLAIN" });
        if (!isInitial)
        {
            peer.Expect("saslchallenge");
            peer.SendSasl(new SaslResponse { Response = response });
        }

        var outcome = peer.Expect("sasloutcome");
        Assert.Equal(Codec.DecodeError.None, SaslOutcomeView.TryParse(outcome.Body, out var view, out _));
        Assert.Equal(isTaken ? SaslCode.Ok : SaslCode.Auth, view.Code);
        if (!isTaken)
        {
            Assert.True(peer.IsEnded);
            return;
        }

        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer" });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        peer.Expect("open");
    }

    [Fact]
    public async Task A02_UnknownMechanism_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.SaslHeader);
        peer.ReadHeader();
        peer.Expect("saslmechanisms");
        peer.SendSasl(new SaslInit { Mechanism = "NTLM" });
        peer.Expect("sasloutcome");
        Assert.True(peer.IsEnded);
    }

    [Fact]
    public async Task V03_A13_BareHeader_WhereEverybodyLogsIn_IsAnsweredBySasl()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], AnonymousUser = null });
        using (var bare = new PeerClient(broker))
        {
            bare.Send(PeerClient.Header);
            Assert.Equal(PeerClient.SaslHeader, bare.ReadHeader());
            Assert.True(bare.IsEnded);
        }

        using var anonymous = new PeerClient(broker);
        anonymous.Send(PeerClient.SaslHeader);
        anonymous.ReadHeader();
        Assert.Equal(Codec.DecodeError.None, SaslMechanismsView.TryParse(anonymous.Expect("saslmechanisms").Body, out var mechanisms, out _));
        Assert.False(mechanisms.SaslServerMechanisms.ContainsSymbol("ANONYMOUS"u8));
        anonymous.SendSasl(new SaslInit { Mechanism = "ANONYMOUS" });
        Assert.Equal(Codec.DecodeError.None, SaslOutcomeView.TryParse(anonymous.Expect("sasloutcome").Body, out var outcome, out _));
        Assert.Equal(SaslCode.Auth, outcome.Code);
    }

    [Fact]
    public async Task C05_C16_UnknownVirtualHost_IsRefusedByAnOpenThatSaysSo()
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer", Hostname = "vhost:missing" });
        peer.ReadHeader();
        Assert.True(peer.Expect("open").Open.Properties.TryGetValue("amqp:connection-establishment-failed"u8, out _));
        Assert.Equal("amqp:not-found", peer.Expect("close").Condition);
        peer.Send(default(Close));
        Assert.True(peer.IsEnded);
    }

    [Fact]
    public async Task C05_Hostname_NamesAVirtualHost()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.VirtualHosts.Create("other");
        broker.Users.SetPermission("guest", new UserPermission("other"));
        using var peer = PeerClient.Begin(broker, hostname: "vhost:other");
        peer.Send(new Attach { Name = "x", Handle = 0, Role = Role.Receiver, Source = new Source { Address = EncodedValue.String("q") } });
        Assert.Equal("attach", peer.Read().Name);
        Assert.Equal("amqp:not-found", peer.Expect("detach").Condition);
    }

    [Fact]
    public async Task C14_BrokerThatStops_ClosesWithConnectionForced()
    {
        var broker = await TestBroker.StartAsync();
        using var peer = PeerClient.Begin(broker);
        var stopping = broker.StopAsync();
        Assert.Equal("amqp:connection:forced", peer.Expect("close").Condition);
        peer.Send(default(Close));
        await stopping;
    }

    [Fact]
    public async Task C10_SilentPeer_IsClosed()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var peer = PeerClient.Begin(broker);

        // Looked at each half minute, two minutes after what was received last; a second later the stream is cut, and close may be lost with it.
        time.Advance(TimeSpan.FromSeconds(150.5));
        Assert.Equal("amqp:resource-limit-exceeded", peer.Expect("close").Condition);
    }

    [Fact]
    public async Task C11_IdlePeer_GetsEmptyFrames()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer", IdleTimeOut = 4000 });
        peer.ReadHeader();
        peer.Expect("open");
        time.Advance(TimeSpan.FromSeconds(10));

        // One of them is enough to be read as a frame without a body.
        Assert.Equal([0, 0, 0, 8, 2, 0, 0, 0], peer.ReadHeader());
    }

    [Fact]
    public async Task V07_HalfAHeader_IsWaitedFor_UntilTheTimeIsOver()
    {
        var time = new ManualTimeProvider();
        await using var broker = await TestBroker.StartAsync(time);
        using var peer = new PeerClient(broker);
        peer.Send("AMQP"u8.ToArray());
        Assert.True(SpinWait.SpinUntil(() => broker.ConnectionCount == 1, TimeSpan.FromSeconds(60)));

        // When its time begins only the broker knows.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(11));
                return broker.ConnectionCount == 0;
            },
            TimeSpan.FromSeconds(60)));
        Assert.True(peer.IsEnded);
    }

    [Fact]
    public async Task C07_EverythingAtOnce_IsTaken()
    {
        await using var broker = await TestBroker.StartAsync();
        using var older = RawClient.Open(broker);
        older.OpenChannel(1);
        older.DeclareQueue(1, "q");
        using var peer = new PeerClient(broker);
        peer.Send([
            .. PeerClient.Header,
            .. PeerClient.Frame(new Open { ContainerId = "peer" }),
            .. PeerClient.Frame(new Begin { NextOutgoingId = 0, IncomingWindow = 10, OutgoingWindow = 10 }),
            .. PeerClient.Frame(new Attach { Name = "x", Handle = 0, Role = Role.Sender, InitialDeliveryCount = 0, Target = new Target { Address = EncodedValue.String("q") } }),
            .. PeerClient.Frame(new Transfer { Handle = 0, DeliveryId = 0, DeliveryTag = new byte[] { 1 } }, Message.Value("x")),
        ]);
        peer.ReadHeader();
        peer.Expect("open");
        peer.Expect("begin");
        peer.Expect("attach");
        var disposition = peer.ExpectPast("disposition").Disposition;
        Assert.Equal((AnyDeliveryState.Member.Accepted, true), (disposition.State.Kind, disposition.Settled));
    }
}
