using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using ProtocolHeader = AmqpToolkit.Codec.Classic.ProtocolHeader;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.Tests.Sasl;
using AmqpToolkit.Testing;
using AmqpToolkit.Transport;
using SaslMechanisms = AmqpToolkit.Protocol.Sasl.SaslMechanisms;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Every door tried wrong over sockets, before anybody has logged in: it stays shut, and who comes in properly does so meanwhile.</summary>
public sealed class WrongDoorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>What is wrong with a SCRAM exchange.</summary>
    public static TheoryData<string> Mistakes => ["nonce", "binding", "proof", "no proof", "nothing", "again", "other first", "no first"];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Older_ByScramDoneWrong_StaysOutside(string mistake)
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time);
        using var client = new RawClient(broker.Endpoints[0]);
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "app", "secret");
        client.Send(ProtocolHeader.V0_9_1);
        client.Expect(ConnectionStartView.MethodKey);
        client.Send(0, new ConnectionStartOk { Mechanism = SaslMechanisms.ScramSha256, Response = First(scram, mistake), Locale = "en_US" });
        if (!mistake.EndsWith("first", StringComparison.Ordinal))
        {
            Assert.Equal(DecodeError.None, ConnectionSecureView.TryParse(client.Expect(ConnectionSecureView.MethodKey), out var secure));
            client.Send(0, new ConnectionSecureOk { Response = Final(scram, secure.Challenge.ToArray(), mistake) });
        }

        AssertStaysOutside(broker, time);
        Assert.True(client.IsEnded());
        using var bystander = RawClient.Open(broker);
        bystander.OpenChannel(1);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Newer_ByScramDoneWrong_StaysOutside(string mistake)
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time);
        using var peer = new V1_0.PeerClient(broker);
        var scram = new ScramClient(SaslMechanisms.ScramSha512, "app", "secret");
        peer.Send(V1_0.PeerClient.SaslHeader);
        peer.ReadHeader();
        peer.Expect("saslmechanisms");
        peer.SendSasl(new SaslInit { Mechanism = SaslMechanisms.ScramSha512, InitialResponse = First(scram, mistake) });
        if (!mistake.EndsWith("first", StringComparison.Ordinal))
        {
            Assert.Equal(DecodeError.None, SaslChallengeView.TryParse(peer.Expect("saslchallenge").Body, out var challenge, out _));
            peer.SendSasl(new SaslResponse { Response = Final(scram, challenge.Challenge.ToArray(), mistake) });
            if (mistake is "nonce" or "binding" or "proof" or "again")
            {
                Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(peer.Expect("sasloutcome").Body, out var outcome, out _));
                Assert.Equal(SaslCode.Auth, outcome.Code);
            }
        }

        AssertStaysOutside(broker, time);
        using var bystander = RawClient.Open(broker);
        bystander.OpenChannel(1);
    }

    /// <summary>A frame of a gigabyte, in each version: refused by what its header says, whatever follows.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Frame_OfAGigabyte_BeforeTheLogin_EndsTheConnectionAndIsNotWaitedFor(bool isNewer, bool follows)
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time);
        using var client = new RawClient(broker.Endpoints[0]);
        byte[] header = isNewer ? V1_0.PeerClient.SaslHeader : [.. ProtocolHeader.V0_9_1];
        byte[] frame = isNewer ? [0x40, 0, 0, 0, 2, 1, 0, 0] : [1, 0, 0, 0x40, 0, 0, 0];
        try
        {
            client.Send(header);
            if (isNewer)
            {
                client.Take(new byte[8]);
            }
            else
            {
                client.Expect(ConnectionStartView.MethodKey);
            }

            client.Send(frame);
            for (int index = 0; follows && index < 64; index++)
            {
                client.Send(new byte[1024 * 1024]);
            }
        }
        catch (SocketException)
        {
            // It is shut by now, which is right.
        }

        AssertStaysOutside(broker, time);
        using var bystander = RawClient.Open(broker);
        bystander.OpenChannel(1);
    }

    /// <summary>More logins fail than anybody guesses, from another address and from the same one as another user; whoever knows the password gets in all the time, as the user that is guessed at, too.</summary>
    [Fact]
    public async Task Logins_ThatFailByTheThousand_LeaveOthersUnharmed()
    {
        const int Attempts = 2000;
        const int Intruders = 16;
        var log = new WarningLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            LoggerFactory = log,
            Users = [new BrokerUser { Name = "app", Password = "secret", Permissions = [new UserPermission("/")] }],
        });
        int failed = 0;
        var intruding = Enumerable.Range(0, Intruders).Select(index => Task.Run(() => IntrudeAsync(index % 2 == 0 ? "127.0.0.2" : "127.0.0.1", index % 2 == 0 ? "app" : "other"))).ToArray();
        var options = new Client.V0_9_1.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, UserName = "app", Password = "secret", ConnectTimeout = Patience };
        int came = 0;
        while (came < 20 || !Task.WhenAll(intruding).IsCompleted)
        {
            await using var honest = await Client.V0_9_1.AmqpConnection.ConnectAsync(options).WaitAsync(Patience);
            await using var channel = await honest.OpenChannelAsync();
            came++;
        }

        await Task.WhenAll(intruding).WaitAsync(Patience);
        Assert.True(failed >= Attempts);
        await Eventually.HoldsAsync(() => log.Of(33).Any());
        Assert.DoesNotContain(log.Of(33), line => line.Contains("guess", StringComparison.Ordinal));

        async Task IntrudeAsync(string from, string user)
        {
            byte[] startOk = new byte[512];
            while (Interlocked.Increment(ref failed) <= Attempts)
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
                await socket.ConnectAsync(broker.Endpoints[0]);
                int octets = Codec.Classic.FrameWriter.WriteMethod(startOk, 0, new ConnectionStartOk { Mechanism = "PLAIN", Response = $"\0{user}\0guess", Locale = "en_US" });
                await socket.SendAsync(new byte[][] { [.. ProtocolHeader.V0_9_1], startOk[..octets] }.SelectMany(part => part).ToArray());

                // connection.start; the refusal is three seconds behind, and nobody who guesses waits for it.
                Assert.True(await socket.ReceiveAsync(new byte[1000]).WaitAsync(Patience) > 0);
            }
        }
    }

    /// <summary>app's certificate, and a client that says it is guest, or root.</summary>
    [Theory]
    [InlineData("guest")]
    [InlineData("app\0")]
    [InlineData("APP")]
    public async Task Certificate_OfOneUser_IsNotForAnother(string claimed)
    {
        using var authority = new TestAuthority();
        var time = new ManualTimeProvider();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            TimeProvider = time,
            Tls = new AmqpTlsOptions
            {
                Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
                CertificateFile = authority.IssueServer("broker.pem", "localhost"),
                ClientCertificates = ClientCertificates.Request,
                AuthoritiesFile = authority.File,
            },
        });
        broker.Users.Set(new BrokerUser { Name = "app", Permissions = [new UserPermission("/")] });
        using var certificate = authority.IssueClient("CN=app");
        var handshake = new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
            CertificateChainPolicy = new() { TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust, RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck },
        };
        handshake.CertificateChainPolicy.CustomTrustStore.Add(authority.Certificate);
        using var stream = await TlsTransportConnection.ConnectAsync("127.0.0.1", broker.TlsEndpoints[0].Port, handshake, CancellationToken.None).WaitAsync(Patience);
        byte[] startOk = new byte[512];
        int octets = Codec.Classic.FrameWriter.WriteMethod(startOk, 0, new ConnectionStartOk { Mechanism = "EXTERNAL", Response = claimed, Locale = "en_US" });
        await stream.SendAsync([new ArraySegment<byte>([.. ProtocolHeader.V0_9_1]), new ArraySegment<byte>(startOk, 0, octets)]).AsTask().WaitAsync(Patience);

        AssertStaysOutside(broker, time);
        byte[] answer = new byte[10_000];
        int received = 0;
        try
        {
            while (await stream.ReceiveAsync(answer.AsMemory(received)).AsTask().WaitAsync(Patience) is > 0 and var more)
            {
                received += more;
            }
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }

        // connection.tune is what somebody hears who has come in.
        Assert.Equal(-1, answer.AsSpan(0, received).IndexOf<byte>([0, 10, 0, 30]));
    }

    /// <summary>A login in nobody's name, with a password or without, is refused like any other that is wrong: it is not ANONYMOUS, though this machine may come in by that.</summary>
    [Theory]
    [InlineData(SaslMechanisms.Plain, "")]
    [InlineData(SaslMechanisms.Plain, "guest")]
    [InlineData(SaslMechanisms.AmqPlain, "")]
    [InlineData(SaslMechanisms.AmqPlain, "guest")]
    [InlineData(SaslMechanisms.ScramSha256, "guest")]
    [InlineData(SaslMechanisms.ScramSha512, "guest")]
    [InlineData(SaslMechanisms.External, "")]
    public async Task Login_OfNobody_IsRefused_InEitherVersion(string mechanism, string password)
    {
        var time = new ManualTimeProvider();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider = time });
        byte[] response = mechanism switch
        {
            SaslMechanisms.Plain => SaslMechanisms.WritePlain(new SaslCredentials("", password)),
            SaslMechanisms.AmqPlain => [5, .. "LOGIN"u8, (byte)'S', 0, 0, 0, 0, 8, .. "PASSWORD"u8, (byte)'S', 0, 0, 0, (byte)password.Length, .. Encoding.ASCII.GetBytes(password)],
            SaslMechanisms.External => [],
            _ => new ScramClient(mechanism, "", password).First,
        };
        using (var client = new RawClient(broker.Endpoints[0]))
        {
            client.Send(ProtocolHeader.V0_9_1);
            client.Expect(ConnectionStartView.MethodKey);
            client.Send(0, new ConnectionStartOk { Mechanism = mechanism, Response = response, Locale = "en_US" });
            AssertStaysOutside(broker, time);
            Assert.True(client.IsEnded());
        }

        if (mechanism != SaslMechanisms.AmqPlain)
        {
            using var peer = new V1_0.PeerClient(broker);
            peer.Send(V1_0.PeerClient.SaslHeader);
            peer.ReadHeader();
            peer.Expect("saslmechanisms");
            peer.SendSasl(new SaslInit { Mechanism = mechanism, InitialResponse = response });
            var answer = peer.Read();
            Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(answer.Body, out var outcome, out _));
            Assert.Equal(SaslCode.Auth, outcome.Code);
            AssertStaysOutside(broker, time);
        }

        using var bystander = RawClient.Open(broker);
        bystander.OpenChannel(1);
    }

    private static Task<AmqpBroker> StartAsync(TimeProvider time) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        TimeProvider = time,
        SaslMechanisms = [SaslMechanisms.Plain, SaslMechanisms.ScramSha256, SaslMechanisms.ScramSha512],
        Users = [new BrokerUser { Name = "app", Password = "secret", Permissions = [new UserPermission("/")] }, new BrokerUser { Name = "guest", Password = "guest" }],
    });

    private static byte[] First(ScramClient scram, string mistake) => mistake switch
    {
        "other first" => "p=tls-unique,,n=app,r=abc"u8.ToArray(),
        "no first" => [0xFF, 0xFE],
        _ => scram.First,
    };

    private static byte[] Final(ScramClient scram, byte[] challenge, string mistake)
    {
        byte[] right = scram.Final(challenge);
        string text = Encoding.ASCII.GetString(right);
        return mistake switch
        {
            "nonce" => scram.Final(challenge, answeredNonce: "rOprNGfwEbeRWgbNEkqOanother"),
            "binding" => scram.Final(challenge, binding: "y,,"),
            "proof" => Encoding.ASCII.GetBytes($"{text[..^5]}{(text[^5] == 'A' ? 'B' : 'A')}{text[^4..]}"),
            "no proof" => Encoding.ASCII.GetBytes(text[..text.IndexOf(",p=", StringComparison.Ordinal)]),
            "again" => Encoding.ASCII.GetBytes("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
            _ => [],
        };
    }

    /// <summary>Within the time that a handshake has it is gone, and never was anybody.</summary>
    private static void AssertStaysOutside(AmqpBroker broker, ManualTimeProvider time)
    {
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    Assert.Equal(0, broker.Occupancy.ConnectionCount);
                    time.Advance(TimeSpan.FromSeconds(1));
                    return broker is { ConnectionCount: 0, PendingHandshakes: 0 };
                },
                Patience),
            $"{broker.ConnectionCount} connections and {broker.PendingHandshakes} handshakes are left.");
    }
}
