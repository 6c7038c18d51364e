using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.Tests.Sasl;

namespace AmqpToolkit.Protocol.Tests;

public sealed class HandshakeTests
{
    private readonly Authority _authority = new();
    private readonly MethodQueue _fromServer = new();
    private readonly MethodQueue _fromClient = new();
    private readonly ServerHandshake _server;
    private readonly ClientHandshake _client;

    public HandshakeTests()
    {
        _server = new ServerHandshake(
            new ServerHandshakeOptions
            {
                Mechanisms = SaslMechanisms.All,
                ServerProperties = Table.Create(table => table.Add("product", "test")),
                ServerPropertiesOf0_8 = Table.Create(table => table.Add("product", "old test")),
                Offer = new Tuning(2047, 131072, 60),
                MinFrameMax = 8192,
            },
            _authority);
        _client = Client("guest", "guest", "/");
    }

    [Fact]
    public void Handshake_OfClientAndServer_OpensTheConnection()
    {
        RunToTheEnd(_client);

        Assert.Equal(HandshakePhase.Done, _server.Phase);
        Assert.Equal(HandshakePhase.Done, _client.Phase);
        Assert.Equal(new Tuning(100, 65536, 20), _server.Tuning);
        Assert.Equal(_server.Tuning, _client.Tuning);
        Assert.Equal("guest", _server.UserName);
        Assert.Equal("/", _server.VirtualHost);
        Assert.True(_server.ClientTakesBlocked);
        Assert.True(_server.ClientTakesConsumerCancel);
        Assert.True(_client.ServerProperties.View.TryGetValue("product"u8, out var product));
        Assert.True(product.TryGetString(out var text));
        Assert.Equal("test", Encoding.UTF8.GetString(text));
        Assert.Equal(0, _fromServer.Count + _fromClient.Count);
    }

    [Theory]
    [InlineData("AMQP\0\0\x9\x1", true)]
    [InlineData("AMQP\x1\x1\0\x9", true)]
    [InlineData("AMQP\x1\x1\x8\0", true)]
    [InlineData("AMQP\x1\x1\x9\x1", true)]
    [InlineData("AMQP\0\0\x8\0", false)]
    [InlineData("AMQP\x1\x1\x9\0", false)]
    [InlineData("AMQP\x1\x1\0\n", false)]
    [InlineData("AMQP\0\x1\0\0", false)]
    [InlineData("AMQP\0\0\x9\x2", false)]
    [InlineData("GET / HT", false)]
    [InlineData("AMQP", false)]
    public void TakeProtocolHeader_OfThisFamilyAlone_GoesOn(string header, bool goesOn)
    {
        Assert.Equal(goesOn, _server.TakeProtocolHeader(Encoding.Latin1.GetBytes(header), _fromServer));

        Assert.Equal(goesOn ? HandshakePhase.StartOk : HandshakePhase.Failed, _server.Phase);
        Assert.Equal(goesOn ? 1 : 0, _fromServer.Count);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("more", 502)]
    public void SecureOk_BehindTheServersProof_SaysNothing(string response, int replyCode)
    {
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "guest", "guest");
        BringServerTo(HandshakePhase.StartOk);
        Assert.Null(GiveServerStartOk(SaslMechanisms.ScramSha256, scram.First, announcesClose: false));
        Assert.Equal(HandshakePhase.SecureOk, _server.Phase);
        Assert.Null(GiveServerSecureOk(scram.Final(TakeChallenge())));
        Assert.Equal((HandshakePhase.SecureOk, ""), (_server.Phase, _server.UserName));
        Assert.True(scram.Believes(TakeChallenge()));

        Assert.Equal(replyCode, GiveServerSecureOk(Encoding.UTF8.GetBytes(response))?.ReplyCode ?? 0);

        Assert.Equal(replyCode == 0 ? (HandshakePhase.Tune, "guest") : (HandshakePhase.Failed, ""), (_server.Phase, _server.UserName));
        Assert.Equal(504, GiveServerSecureOk([])!.ReplyCode);
    }

    [Fact]
    public void SecureOk_WithAWrongProof_Is403()
    {
        var scram = new ScramClient(SaslMechanisms.ScramSha512, "guest", "wrong");
        BringServerTo(HandshakePhase.StartOk);
        Assert.Null(GiveServerStartOk(SaslMechanisms.ScramSha512, scram.First, announcesClose: true));

        Assert.Equal(403, GiveServerSecureOk(scram.Final(TakeChallenge()))!.ReplyCode);

        Assert.True(_server.AnswersErrors);
        Assert.Equal(HandshakePhase.Failed, _server.Phase);
    }

    [Theory]
    [InlineData("AMQP\0\0\x9\x1", ClassicEdition.V0_9_1, 0, 9, "test", true)]
    [InlineData("AMQP\x1\x1\0\x9", ClassicEdition.V0_9, 0, 9, "test", true)]
    [InlineData("AMQP\x1\x1\x8\0", ClassicEdition.V0_8, 8, 0, "old test", false)]
    [InlineData("AMQP\x1\x1\x9\x1", ClassicEdition.V0_8, 8, 0, "old test", false)]
    public void Start_OfTheEditionThatTheHeaderNames_SaysItsVersion(string header, ClassicEdition edition, byte major, byte minor, string product, bool takesBlocked)
    {
        Assert.True(_server.TakeProtocolHeader(Encoding.Latin1.GetBytes(header), _fromServer));

        Assert.Equal(DecodeError.None, ConnectionStartView.TryParse(_fromServer.Take(ConnectionStartView.MethodKey), out var start));
        Assert.Equal((edition, major, minor), (_server.Edition, start.VersionMajor, start.VersionMinor));
        Assert.True(start.ServerProperties.TryGetValue("product"u8, out var value) && value.TryGetString(out _));
        Assert.True(value.TryGetString(out var text));
        Assert.Equal(product, Encoding.UTF8.GetString(text));

        // 0-8 has no connection.blocked, whatever a client says.
        Assert.Null(_client.HandleStart(in start, _fromClient));
        Assert.Equal(DecodeError.None, ConnectionStartOkView.TryParse(_fromClient.Take(ConnectionStartOkView.MethodKey), out var startOk));
        Assert.Null(_server.HandleStartOk(in startOk, _fromServer));
        Assert.Equal(takesBlocked, _server.ClientTakesBlocked);
        Assert.True(_server.ClientTakesConsumerCancel);
    }

    [Fact]
    public void TakeProtocolHeader_Of0_8WithoutPropertiesForIt_IsRefused()
    {
        var server = new ServerHandshake(
            new ServerHandshakeOptions { ServerProperties = Table.Create(table => table.Add("product", "test")), Offer = new Tuning(2047, 131072, 60), MinFrameMax = 8192 }, _authority);

        Assert.False(server.TakeProtocolHeader(ProtocolHeader.V0_8, _fromServer));

        Assert.Equal((HandshakePhase.Failed, 0), (server.Phase, _fromServer.Count));
    }

    /// <summary>How far the server has come, and each method that is not due then.</summary>
    public static TheoryData<HandshakePhase, string> NotDueAtTheServer
    {
        get
        {
            var data = new TheoryData<HandshakePhase, string>();
            string[] methods = ["start-ok", "secure-ok", "tune-ok", "open", "close"];
            foreach (var (phase, due) in new[]
            {
                (HandshakePhase.StartOk, "start-ok"), (HandshakePhase.Tune, "tune-ok"), (HandshakePhase.Open, "open"), (HandshakePhase.Done, ""),
                (HandshakePhase.ProtocolHeader, ""), (HandshakePhase.Failed, ""),
            })
            {
                foreach (string method in methods.Where(method => method != due))
                {
                    data.Add(phase, method);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(NotDueAtTheServer))]
    public void Server_GivenAMethodThatIsNotDue_Is504(HandshakePhase phase, string method)
    {
        BringServerTo(phase);
        int sent = _fromServer.Count;

        var error = GiveServer(method);

        Assert.Equal(504, error!.ReplyCode);
        Assert.StartsWith("CHANNEL_ERROR - unexpected method in connection state ", error.ReplyText, StringComparison.Ordinal);
        Assert.Equal(phase == HandshakePhase.Done ? HandshakePhase.Done : HandshakePhase.Failed, _server.Phase);
        Assert.Equal(sent, _fromServer.Count);

        // What has failed stays failed.
        if (phase != HandshakePhase.Done)
        {
            Assert.Equal(504, GiveServer("start-ok")!.ReplyCode);
            Assert.Equal(504, GiveServer("open")!.ReplyCode);
        }
    }

    [Theory]
    [InlineData(HandshakePhase.ProtocolHeader, "tune")]
    [InlineData(HandshakePhase.ProtocolHeader, "open-ok")]
    [InlineData(HandshakePhase.Tune, "start")]
    [InlineData(HandshakePhase.Tune, "open-ok")]
    [InlineData(HandshakePhase.Open, "start")]
    [InlineData(HandshakePhase.Open, "tune")]
    [InlineData(HandshakePhase.Done, "start")]
    [InlineData(HandshakePhase.Done, "tune")]
    [InlineData(HandshakePhase.Done, "open-ok")]
    public void Client_GivenAMethodThatIsNotDue_Is504(HandshakePhase phase, string method)
    {
        if (phase >= HandshakePhase.Tune)
        {
            Assert.Null(GiveClient("start"));
        }

        if (phase >= HandshakePhase.Open)
        {
            Assert.Null(GiveClient("tune"));
        }

        if (phase >= HandshakePhase.Done)
        {
            Assert.Null(GiveClient("open-ok"));
        }

        Assert.Equal(phase, _client.Phase);
        int sent = _fromClient.Count;

        Assert.Equal(504, GiveClient(method)!.ReplyCode);

        Assert.Equal(sent, _fromClient.Count);

        // What is done stays done: the connection that it made is the one to close.
        Assert.Equal(phase == HandshakePhase.Done ? HandshakePhase.Done : HandshakePhase.Failed, _client.Phase);
    }

    [Fact]
    public void Client_OfferedNoPlain_EndsWith503()
    {
        var error = GiveClient("start", mechanisms: "EXTERNAL SCRAM-SHA-256 PLAINER");

        Assert.Equal(503, error!.ReplyCode);
        Assert.Equal(HandshakePhase.Failed, _client.Phase);
        Assert.Equal(0, _fromClient.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(4095)]
    public void Client_OfferedFramesThatHoldNothing_GivesUp(int frameMax)
    {
        GiveClient("start");

        Assert.Equal(502, GiveClient("tune", frameMax: (uint)frameMax)!.ReplyCode);
        Assert.Equal(HandshakePhase.Failed, _client.Phase);
    }

    [Theory]
    [InlineData("PLAIN", "\0guest\0wrong", 403)]
    [InlineData("PLAIN", "\0nobody\0guest", 403)]
    [InlineData("PLAIN", "guest", 502)]
    [InlineData("PLAIN", "", 502)]
    [InlineData("AMQPLAIN", "\x5LOGIN", 502)]
    [InlineData("EXTERNAL", "nobody", 403)]
    [InlineData("GSSAPI", "", 503)]
    [InlineData("plain", "\0guest\0guest", 503)]
    [InlineData("", "", 503)]
    public void Server_GivenALoginThatFails_FailsWithItsCodeAndSendsNothing(string mechanism, string response, int replyCode)
    {
        BringServerTo(HandshakePhase.StartOk);
        int sent = _fromServer.Count;

        var error = GiveServerStartOk(mechanism, response, announcesClose: false);

        Assert.Equal(replyCode, error!.ReplyCode);
        Assert.Equal(HandshakePhase.Failed, _server.Phase);
        Assert.False(_server.AnswersErrors);
        Assert.Equal(sent, _fromServer.Count);
    }

    [Fact]
    public void Server_GivenAWrongPassword_AnswersTheClientThatAnnouncedIt()
    {
        BringServerTo(HandshakePhase.StartOk);

        var error = GiveServerStartOk("PLAIN", "\0guest\0wrong", announcesClose: true);

        Assert.Equal(403, error!.ReplyCode);
        Assert.StartsWith("ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN.", error.ReplyText, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", error.ReplyText, StringComparison.Ordinal);
        Assert.True(_server.AnswersErrors);
    }

    [Fact]
    public void Server_GivenAmqplain_LogsIn()
    {
        BringServerTo(HandshakePhase.StartOk);
        byte[] login = Table.Create(table => table.Add("LOGIN", "guest").Add("PASSWORD", "guest")).Memory.ToArray();

        Assert.Null(GiveServerStartOk("AMQPLAIN", login, announcesClose: false));
        Assert.Equal(HandshakePhase.Tune, _server.Phase);
    }

    [Theory]
    [InlineData(0, 131072u)]
    [InlineData(2048, 131072u)]
    [InlineData(2047, 131073u)]
    [InlineData(2047, 8191u)]
    [InlineData(2047, 0u)]
    public void Server_GivenATuningBeyondItsOffer_Is530AndAnswered(ushort channelMax, uint frameMax)
    {
        BringServerTo(HandshakePhase.Tune);

        Assert.Equal(530, GiveServer("tune-ok", channelMax, frameMax)!.ReplyCode);
        Assert.True(_server.AnswersErrors);
        Assert.Equal(HandshakePhase.Failed, _server.Phase);
    }

    [Fact]
    public void Server_AskedForAHostThatIsNotThere_GivesTheAuthoritysError()
    {
        BringServerTo(HandshakePhase.Open);

        var error = GiveServer("open", virtualHost: "nowhere");

        Assert.Equal(530, error!.ReplyCode);
        Assert.Equal(ConnectionOpenView.MethodKey, error.MethodKey);
        Assert.Equal(HandshakePhase.Failed, _server.Phase);
        Assert.Equal(string.Empty, _server.VirtualHost);
    }

    private static ClientHandshake Client(string user, string password, string virtualHost) => new(new ClientHandshakeOptions
    {
        ClientProperties = Capabilities("connection.blocked", "consumer_cancel_notify"),
        Credentials = new SaslCredentials(user, password),
        VirtualHost = virtualHost,
        Wanted = new Tuning(100, 65536, 20),
    });

    private static Table Capabilities(params string[] names) => Table.Create(table => table.AddTable("capabilities", capabilities =>
    {
        foreach (string name in names)
        {
            capabilities.Add(name, true);
        }
    }));

    private void RunToTheEnd(ClientHandshake client)
    {
        Assert.True(_server.TakeProtocolHeader(ProtocolHeader.V0_9_1, _fromServer));
        Assert.Equal(DecodeError.None, ConnectionStartView.TryParse(_fromServer.Take(ConnectionStartView.MethodKey), out var start));
        Assert.Null(client.HandleStart(in start, _fromClient));
        Assert.Equal(DecodeError.None, ConnectionStartOkView.TryParse(_fromClient.Take(ConnectionStartOkView.MethodKey), out var startOk));
        Assert.Null(_server.HandleStartOk(in startOk, _fromServer));
        Assert.Equal(DecodeError.None, ConnectionTuneView.TryParse(_fromServer.Take(ConnectionTuneView.MethodKey), out var tune));
        Assert.Null(client.HandleTune(in tune, _fromClient));
        Assert.Equal(DecodeError.None, ConnectionTuneOkView.TryParse(_fromClient.Take(ConnectionTuneOkView.MethodKey), out var tuneOk));
        Assert.Null(_server.HandleTuneOk(in tuneOk));
        Assert.Equal(DecodeError.None, ConnectionOpenView.TryParse(_fromClient.Take(ConnectionOpenView.MethodKey), out var open));
        Assert.Null(_server.HandleOpen(in open, _fromServer));
        _fromServer.Take(ConnectionOpenOkView.MethodKey);
        Assert.Null(client.HandleOpenOk());
    }

    private void BringServerTo(HandshakePhase phase)
    {
        if (phase == HandshakePhase.Failed)
        {
            _server.TakeProtocolHeader("HTTP/1.1"u8, _fromServer);
            return;
        }

        if (phase >= HandshakePhase.StartOk)
        {
            _server.TakeProtocolHeader(ProtocolHeader.V0_9_1, _fromServer);
        }

        if (phase >= HandshakePhase.Tune)
        {
            Assert.Null(GiveServer("start-ok"));
        }

        if (phase >= HandshakePhase.Open)
        {
            Assert.Null(GiveServer("tune-ok"));
        }

        if (phase >= HandshakePhase.Done)
        {
            Assert.Null(GiveServer("open"));
        }

        Assert.Equal(phase, _server.Phase);
    }

    private ProtocolError? GiveServer(string method, ushort channelMax = 2047, uint frameMax = 131072, string virtualHost = "/")
    {
        switch (method)
        {
            case "start-ok":
                return GiveServerStartOk("PLAIN", "\0guest\0guest", announcesClose: false);
            case "secure-ok":
                return GiveServerSecureOk([]);
            case "tune-ok":
                var tuneOk = new ConnectionTuneOk { ChannelMax = channelMax, FrameMax = frameMax, Heartbeat = 0 };
                Assert.Equal(DecodeError.None, ConnectionTuneOkView.TryParse(Arguments(in tuneOk), out var tuneOkView));
                return _server.HandleTuneOk(in tuneOkView);
            case "open":
                var open = new ConnectionOpen { VirtualHost = virtualHost };
                Assert.Equal(DecodeError.None, ConnectionOpenView.TryParse(Arguments(in open), out var openView));
                return _server.HandleOpen(in openView, _fromServer);
            default:
                return _server.OutOfTurn(ConnectionCloseView.MethodKey);
        }
    }

    private byte[] TakeChallenge()
    {
        if (_fromServer.Count > 1)
        {
            _fromServer.Take(ConnectionStartView.MethodKey);
        }

        Assert.Equal(DecodeError.None, ConnectionSecureView.TryParse(_fromServer.Take(ConnectionSecureView.MethodKey), out var secure));
        return secure.Challenge.ToArray();
    }

    private ProtocolError? GiveServerSecureOk(byte[] response)
    {
        var secureOk = new ConnectionSecureOk { Response = response };
        Assert.Equal(DecodeError.None, ConnectionSecureOkView.TryParse(Arguments(in secureOk), out var view));
        return _server.HandleSecureOk(in view, _fromServer);
    }

    private ProtocolError? GiveServerStartOk(string mechanism, LongString response, bool announcesClose)
    {
        var startOk = new ConnectionStartOk
        {
            ClientProperties = announcesClose ? Capabilities("authentication_failure_close") : default,
            Mechanism = mechanism,
            Response = response,
            Locale = "en_US",
        };
        Assert.Equal(DecodeError.None, ConnectionStartOkView.TryParse(Arguments(in startOk), out var view));
        return _server.HandleStartOk(in view, _fromServer);
    }

    private ProtocolError? GiveClient(string method, string mechanisms = "AMQPLAIN PLAIN", uint frameMax = 131072)
    {
        switch (method)
        {
            case "start":
                var start = new ConnectionStart { VersionMajor = 0, VersionMinor = 9, Mechanisms = mechanisms, Locales = "en_US" };
                Assert.Equal(DecodeError.None, ConnectionStartView.TryParse(Arguments(in start), out var startView));
                return _client.HandleStart(in startView, _fromClient);
            case "tune":
                var tune = new ConnectionTune { ChannelMax = 2047, FrameMax = frameMax, Heartbeat = 60 };
                Assert.Equal(DecodeError.None, ConnectionTuneView.TryParse(Arguments(in tune), out var tuneView));
                return _client.HandleTune(in tuneView, _fromClient);
            default:
                return _client.HandleOpenOk();
        }
    }

    private static byte[] Arguments<TMethod>(in TMethod method)
        where TMethod : struct, IMethod
    {
        byte[] payload = new byte[method.MaxOctets];
        return payload[4..method.Write(payload)];
    }

    /// <summary>Knows guest, and the host "/".</summary>
    private sealed class Authority : IServerAuthority
    {
        public bool Authenticate(SaslCredentials credentials) => credentials is { UserName: "guest", Password: "guest" };

        public string? AuthenticateExternally(string userName) => userName.Length == 0 || userName == "guest" ? "guest" : null;

        public ScramVerifier? FindVerifier(ScramHash hash, string userName) => userName == "guest" ? ScramVerifier.Create(hash, "guest", 4096) : null;

        public bool Conclude(bool isProven) => isProven;

        public string CreateNonce() => "nonce";

        public ProtocolError? OpenVirtualHost(string userName, string virtualHost) =>
            userName == "guest" && virtualHost == "/" ? null : ProtocolError.NotAllowed($"vhost {virtualHost} not found");
    }
}
