using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Client;
using AmqpToolkit.Testing;
using AmqpToolkit.Transport;
using Newer = AmqpToolkit.Client.V1_0;
using Older = AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Tls;

/// <summary>The broker's ports with TLS: who gets a connection, with which certificate, and what a crowd does to the others.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestAuthority _authority = new();
    private readonly WarningLog _log = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A11_Clients_OfEitherVersion_SendAndReceive(SslProtocols version)
    {
        await using var broker = await StartAsync();
        var stream = await HandshakeAsync(broker.TlsEndpoints[0], version);
        Assert.Equal(version, stream.Protocol);
        await using var older = await Older.AmqpConnection.ConnectAsync(stream, new Older.AmqpConnectionOptions()).WaitAsync(Patience);
        await using var channel = await older.OpenChannelAsync();
        await channel.QueueDeclareAsync("q").AsTask().WaitAsync(Patience);
        byte[] body = new byte[300_000];
        new Random(7).NextBytes(body);
        Assert.Equal(Older.PublishStatus.Confirmed, (await channel.PublishAsync("", "q", body).AsTask().WaitAsync(Patience)).Status);

        await using var newer = await Newer.AmqpConnection.ConnectAsync(await HandshakeAsync(broker.TlsEndpoints[0], version), new Newer.AmqpConnectionOptions()).WaitAsync(Patience);
        await using var session = await newer.OpenSessionAsync();
        await using var receiver = await session.OpenReceiverAsync("/queues/q").WaitAsync(Patience);
        Assert.Equal(body, (await receiver.ReceiveAsync().AsTask().WaitAsync(Patience)).Message.Data.ToArray());
    }

    [Fact]
    public async Task Clients_ByTheirOptions_BelieveTheAuthorityAndTheName()
    {
        await using var broker = await StartAsync();
        var options = Older.AmqpConnectionOptions.Parse($"amqps://guest:guest@127.0.0.1:{broker.TlsEndpoints[0].Port}");
        var right = new ClientTlsOptions { Authorities = [_authority.Certificate] };
        await using (var older = await Older.AmqpConnection.ConnectAsync(options with { Tls = right }).WaitAsync(Patience))
        {
            await using var channel = await older.OpenChannelAsync();
        }

        using var other = new TestAuthority("Other Authority");
        foreach (var wrong in new[] { new ClientTlsOptions(), right with { Authorities = [other.Certificate] }, right with { ServerName = "broker.elsewhere" } })
        {
            await Assert.ThrowsAsync<Older.ConnectFailedException>(() => Older.AmqpConnection.ConnectAsync(options with { Tls = wrong }).WaitAsync(Patience));
            await Assert.ThrowsAsync<Newer.AmqpException>(() => Newer.AmqpConnection.ConnectAsync(new Newer.AmqpConnectionOptions { Host = options.Host, Port = options.Port, Tls = wrong }).WaitAsync(Patience));
        }

        Assert.Equal(5671, new Older.AmqpConnectionOptions { Tls = right }.Port);
        Assert.StartsWith("amqps://guest@localhost:5671", Newer.AmqpConnectionOptions.Parse("amqps://guest:secret@localhost").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_ThatAreAskedFor_GetTheirCertificate()
    {
        await using var broker = await StartAsync(tls => tls with
        {
            Hosts =
            [
                new TlsHost { Name = "shop.example", CertificateFile = _authority.IssueServer("shop.pem", "shop.example") },
                new TlsHost { Name = "*.example", CertificateFile = _authority.IssueServer("any.pem", "any.example") },
            ],
        });

        Assert.Equal("CN=shop.example", await SubjectAsync("Shop.example"));
        Assert.Equal("CN=any.example", await SubjectAsync("other.example"));
        Assert.Equal("CN=localhost", await SubjectAsync("a.b.example"));
        Assert.Equal("CN=localhost", await SubjectAsync("localhost"));

        async Task<string> SubjectAsync(string name)
        {
            using var stream = await HandshakeAsync(broker.TlsEndpoints[0], name: name, validate: (_, _, _, errors) => !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors));
            return stream.PeerCertificate!.Subject;
        }
    }

    [Fact]
    public async Task Certificates_ThatAreReplaced_CountForThoseWhoComeLater_AndBrokenOnesDoNot()
    {
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time: time);
        using var before = await HandshakeAsync(broker.TlsEndpoints[0]);
        await using var older = await Older.AmqpConnection.ConnectAsync(before, new Older.AmqpConnectionOptions { HeartbeatSeconds = 0 }).WaitAsync(Patience);
        _authority.IssueServer("broker.pem", "localhost", "second");
        time.Advance(TimeSpan.FromSeconds(30));

        Assert.Single(_log.Of(37));
        using var after = await HandshakeAsync(broker.TlsEndpoints[0]);
        Assert.NotEqual(before.PeerCertificate!.Thumbprint, after.PeerCertificate!.Thumbprint);

        _authority.Write("broker.pem", "no certificate; secret-of-a-key");
        time.Advance(TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(30));
        using var still = await HandshakeAsync(broker.TlsEndpoints[0]);
        Assert.Equal(after.PeerCertificate!.Thumbprint, still.PeerCertificate!.Thumbprint);
        Assert.DoesNotContain("secret", Assert.Single(_log.Of(38)), StringComparison.Ordinal);

        // Asked to, it does not wait.
        _authority.IssueServer("broker.pem", "localhost", "third");
        broker.ReloadCertificates();
        using var last = await HandshakeAsync(broker.TlsEndpoints[0]);
        Assert.NotEqual(after.PeerCertificate!.Thumbprint, last.PeerCertificate!.Thumbprint);

        // Who was there stays.
        await using var channel = await older.OpenChannelAsync();
    }

    [Fact]
    public async Task Files_ThatCannotBeUsed_EndTheStart_ByName()
    {
        string server = _authority.IssueServer("broker.pem", "localhost");
        string empty = _authority.Write("empty.pem", "");
        foreach (var tls in new[]
        {
            Options(_authority.PathOf("nowhere.pem")),
            Options(empty),
            Options(_authority.File),
            Options(server) with { KeyFile = empty },
            Options(server) with { AuthoritiesFile = empty, ClientCertificates = ClientCertificates.Request },
            Options(_authority.Write("broker.pfx", "x")) with { KeyPassword = "hidden" },
            Options(server) with { Hosts = [new TlsHost { Name = "a", CertificateFile = empty }] },
        })
        {
            var refusal = await Assert.ThrowsAsync<TlsCertificateException>(() => AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Tls = tls }));
            Assert.Contains(".p", refusal.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", refusal.ToString(), StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<ArgumentException>(() => AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Tls = Options(server) with { ClientCertificates = ClientCertificates.Request } }));
        await Assert.ThrowsAsync<ArgumentException>(() => AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Tls = Options(server) with { AuthoritiesFile = _authority.File } }));
    }

    [Fact]
    public async Task Files_OfEitherForm_AreRead()
    {
        var issued = X509Certificate2.CreateFromPemFile(_authority.IssueServer("whole.pem", "localhost"));
        using var key = issued.GetECDsaPrivateKey()!;
        string alone = _authority.Write("alone.pem", issued.ExportCertificatePem());
        string encrypted = _authority.Write("encrypted.key", key.ExportEncryptedPkcs8PrivateKeyPem("word", new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes256Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1000)));
        string pfx = _authority.PathOf("broker.pfx");
        await File.WriteAllBytesAsync(pfx, issued.Export(X509ContentType.Pfx, "word"));
        foreach (var tls in new[]
        {
            Options(alone) with { KeyFile = _authority.Write("plain.key", key.ExportPkcs8PrivateKeyPem()) },
            Options(alone) with { KeyFile = encrypted, KeyPassword = "word" },
            Options(pfx) with { KeyPassword = "word" },
        })
        {
            await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Tls = tls });
            using var stream = await HandshakeAsync(broker.TlsEndpoints[0]);
            Assert.Equal(issued.Thumbprint, stream.PeerCertificate!.Thumbprint);
        }
    }

    [Fact]
    public async Task Port_ForBoth_TellsThemByTheFirstOctet()
    {
        await using var broker = await StartAsync(tls => tls with { OnPlainEndpoints = true });
        using (var plain = RawClient.Open(broker))
        {
            plain.OpenChannel(1);
        }

        await using var older = await Older.AmqpConnection.ConnectAsync(await HandshakeAsync(broker.Endpoints[0]), new Older.AmqpConnectionOptions()).WaitAsync(Patience);
        using var silent = await ConnectSocketAsync(broker.Endpoints[0]);
        await using var newer = await Newer.AmqpConnection.ConnectAsync(new Newer.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port }).WaitAsync(Patience);
        await using var session = await newer.OpenSessionAsync();
    }

    [Fact]
    public async Task Port_OfTls_TellsWhoSpeaksPlainlyNothing()
    {
        await using var broker = await StartAsync();
        using var plain = await ConnectSocketAsync(broker.TlsEndpoints[0]);
        await plain.SendAsync("AMQP\0\0\x9\x1"u8.ToArray());
        byte[] answer = new byte[100];
        int octets = await ReceiveToTheEndAsync(plain, answer);

        // An alert of TLS at most: nothing of AMQP.
        Assert.DoesNotContain((byte)'A', answer[..octets]);
        await Eventually.HoldsAsync(() => _log.Of(4).Any());
    }

    [Fact]
    public async Task Handshakes_ThatStandStill_AreCutInTime_AndKeepNobodyOut()
    {
        const int Crowd = 5000;
        const int Most = 200;
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(tls => tls with { MaxHandshakes = Most }, time);
        var crowd = new Queue<Socket>();
        try
        {
            for (int index = 0; index < Crowd; index++)
            {
                var socket = await ConnectSocketAsync(broker.TlsEndpoints[0]);
                crowd.Enqueue(socket);

                // The half says nothing, the others begin a record that is never whole.
                if (index % 2 == 0)
                {
                    await socket.SendAsync(new byte[] { 22, 3, 1, 2, 0, 1 });
                }

                if (index % 1000 == 999)
                {
                    using var stream = await HandshakeAsync(broker.TlsEndpoints[0]);
                }

                if (crowd.Count > 2 * Most)
                {
                    // It waits for its end long since: the broker has cut who was there first.
                    using var first = crowd.Dequeue();
                    await ReceiveToTheEndAsync(first, new byte[100]);
                }
            }

            await using var older = await Older.AmqpConnection.ConnectAsync(await HandshakeAsync(broker.TlsEndpoints[0]), new Older.AmqpConnectionOptions { HeartbeatSeconds = 0 }).WaitAsync(Patience);
            Assert.InRange(broker.PendingHandshakes, 1, Most);
            Assert.Single(_log.Of(36));

            time.Advance(TimeSpan.FromSeconds(11));
            await Eventually.HoldsAsync(() => broker.PendingHandshakes == 0);
            await using var channel = await older.OpenChannelAsync();
        }
        finally
        {
            foreach (var socket in crowd)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>A crowd that goes on connecting costs its own address: who comes from elsewhere and takes its time shakes hands to the end.</summary>
    [Fact]
    public async Task Handshakes_OfACrowdThatGoesOn_CutNobodyFromElsewhere()
    {
        const int Most = 50;
        await using var broker = await StartAsync(tls => tls with { MaxHandshakes = Most }, handshakeTimeout: 10 * Patience);
        var crowd = new Queue<Socket>();
        try
        {
            using var slow = await ConnectSocketAsync(broker.TlsEndpoints[0]);
            await Eventually.HoldsAsync(() => broker.PendingHandshakes == 1);
            for (int index = 0; index < 20 * Most; index++)
            {
                crowd.Enqueue(await ConnectSocketAsync(broker.TlsEndpoints[0], "127.0.0.2"));
                if (crowd.Count > 2 * Most)
                {
                    using var first = crowd.Dequeue();
                    await ReceiveToTheEndAsync(first, new byte[100]);
                }
            }

            // It has waited longer than any of them.
            using var stream = await TlsTransportConnection.ConnectAsync(slow, Believing("localhost"), CancellationToken.None).WaitAsync(Patience);
            await using var older = await Older.AmqpConnection.ConnectAsync(stream, new Older.AmqpConnectionOptions()).WaitAsync(Patience);
            Assert.InRange(broker.PendingHandshakes, 1, Most);
        }
        finally
        {
            foreach (var socket in crowd)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Clients that shake hands to the end and leave, as fast as they can: half of the processors work for them, and who sends or comes from elsewhere goes on.</summary>
    [Fact]
    public async Task Handshakes_InAStorm_LeaveOthersTheirTurn()
    {
        await using var broker = await StartAsync(handshakeTimeout: 10 * Patience);
        using var storm = new CancellationTokenSource();
        int shaken = 0;
        var intruders = Enumerable.Range(0, 32).Select(_ => Task.Run(StormAsync)).ToArray();
        try
        {
            await using var older = await Older.AmqpConnection.ConnectAsync(await HandshakeAsync(broker.TlsEndpoints[0]), new Older.AmqpConnectionOptions { HeartbeatSeconds = 0 }).WaitAsync(Patience);
            await using var channel = await older.OpenChannelAsync();
            await channel.QueueDeclareAsync("q").AsTask().WaitAsync(Patience);
            for (int index = 0; index < 200; index++)
            {
                Assert.Equal(Older.PublishStatus.Confirmed, (await channel.PublishAsync("", "q", new byte[100]).AsTask().WaitAsync(Patience)).Status);
                if (index % 20 == 0)
                {
                    using var other = await HandshakeAsync(broker.TlsEndpoints[0]);
                }
            }

            // However fast the rest was: there was a storm.
            await Eventually.HoldsAsync(() => Volatile.Read(ref shaken) >= 200);
        }
        finally
        {
            await storm.CancelAsync();
            await Task.WhenAll(intruders).WaitAsync(Patience);
        }

        Assert.InRange(broker.Handshakes!.MostTaken, 1, Math.Max(1, Environment.ProcessorCount / 2));
        await Eventually.HoldsAsync(() => broker.PendingHandshakes == 0);
        Assert.Equal(0, broker.Handshakes.WaitingCount);

        async Task StormAsync()
        {
            while (!storm.IsCancellationRequested)
            {
                using var intruder = await ConnectSocketAsync(broker.TlsEndpoints[0], "127.0.0.2");
                using var stream = await TlsTransportConnection.ConnectAsync(intruder, Believing("localhost"), CancellationToken.None).WaitAsync(Patience);
                Interlocked.Increment(ref shaken);
            }
        }
    }

    [Fact]
    public async Task Handshakes_ThatFail_AreToldOneByOneUpToANumber_AndThenCounted()
    {
        const int Failures = StrangerLog.LinesOfAddress + 30;
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(time: time);
        for (int index = 0; index < Failures; index++)
        {
            await FailAsync();
        }

        await Eventually.HoldsAsync(() => broker.PendingHandshakes == 0);
        Assert.Equal(StrangerLog.LinesOfAddress, _log.Of(4).Count());
        Assert.Empty(_log.Of(48));

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(
            $"30 more lines about clients that did not come in were left out within a minute; of 127.0.0.1 there would have been most, {Failures}", Assert.Single(_log.Of(48)));
        await FailAsync();
        await Eventually.HoldsAsync(() => _log.Of(4).Count() == StrangerLog.LinesOfAddress + 1);

        async Task FailAsync()
        {
            using var socket = await ConnectSocketAsync(broker.TlsEndpoints[0]);
            await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
            await ReceiveToTheEndAsync(socket, new byte[1000]);
        }
    }

    /// <summary>A client that says it knows TLS 1.1 and nothing later: an alert, protocol_version (70), and the end. From RFC 4346 section 7.4.1.2 octet by octet, since no library here speaks it any more.</summary>
    [Fact]
    public async Task Handshake_OfTls1_1_IsRefused()
    {
        await using var broker = await StartAsync();
        using var socket = await ConnectSocketAsync(broker.TlsEndpoints[0]);
        byte[] hello =
        [
            22, 3, 1, 0, 47, // record: handshake, 47 octets
            1, 0, 0, 43, // client_hello, 43 octets
            3, 2, // TLS 1.1
            .. new byte[32], // random
            0, // no session
            0, 4, 0xC0, 0x09, 0xC0, 0x13, // ECDHE with AES-128-CBC and SHA-1, with ECDSA and RSA
            1, 0, // no compression
        ];
        await socket.SendAsync(hello);

        byte[] answer = new byte[1000];
        int octets = await ReceiveToTheEndAsync(socket, answer);

        // An alert, if the reset does not overtake it.
        Assert.True(octets == 0 || (answer[0] == 21 && answer[6] == 70), Convert.ToHexString(answer, 0, octets));
        await Eventually.HoldsAsync(() => _log.Of(4).Any());
        Assert.Equal(0, broker.ConnectionCount);
    }

    /// <summary>A ClientHello of 60,000 octets in four records, of which the last lacks an octet: what is in pieces is not kept for long.</summary>
    [Fact]
    public async Task Handshake_OfMoreThanIsTaken_IsEndedByWhatHasCome()
    {
        await using var broker = await StartAsync(handshakeTimeout: 10 * Patience);
        using var socket = await ConnectSocketAsync(broker.TlsEndpoints[0]);
        const int Record = 15_000;
        byte[] hello = [1, 0, 0xEA, 0x5C, 3, 3, .. new byte[(4 * Record) - 6]];
        for (int index = 0; index < 4; index++)
        {
            byte[] record = [22, 3, 1, Record >> 8, Record & 0xFF, .. hello.AsSpan(index * Record, index < 3 ? Record : Record - 1)];
            try
            {
                await socket.SendAsync(record).WaitAsync(Patience);
            }
            catch (SocketException)
            {
                // It is over by now.
            }
        }

        // The end, or an alert before it: nobody waits ten minutes for the last octet.
        await ReceiveToTheEndAsync(socket, new byte[1000]);
        await Eventually.HoldsAsync(() => broker.PendingHandshakes == 0);
    }

    [Fact]
    public async Task Certificate_ThatHasExpired_IsToldAtTheStart()
    {
        using var old = _authority.IssueClient("CN=localhost", daysLeft: -1);
        using var key = old.GetECDsaPrivateKey()!;
        string file = _authority.Write("old.pem", $"{old.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");

        await using var broker = await StartAsync(tls => tls with { CertificateFile = file });

        Assert.StartsWith("the certificate 'CN=localhost' holds from ", Assert.Single(_log.Of(44)), StringComparison.Ordinal);
    }

    /// <summary>Whether it is in time is asked of the world's clock, how often it is spoken of by the broker's.</summary>
    [Theory]
    [InlineData(13, 49)]
    [InlineData(-1, 44)]
    [InlineData(15, 0)]
    public async Task Certificate_ThatEndsSoon_IsToldEachDay(int daysLeft, int id)
    {
        using var soon = _authority.IssueClient("CN=localhost", daysLeft: daysLeft);
        using var key = soon.GetECDsaPrivateKey()!;
        string file = _authority.Write("soon.pem", $"{soon.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        var time = new ManualTimeProvider();
        await using var broker = await StartAsync(tls => tls with { CertificateFile = file }, time);
        Assert.Equal(id == 0 ? 0 : 1, Told());

        time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(id == 0 ? 0 : 1, Told());
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(id == 0 ? 0 : 2, Told());
        time.Advance(TimeSpan.FromDays(2));
        Assert.InRange(Told(), id == 0 ? 0 : 3, id == 0 ? 0 : 4);

        int Told()
        {
            Assert.All(_log.Of(44).Concat(_log.Of(49)), static line => Assert.StartsWith("the certificate 'CN=localhost' holds ", line, StringComparison.Ordinal));
            Assert.Empty(_log.Of(id == 44 ? 49 : 44));
            return _log.Of(44).Count() + _log.Of(49).Count();
        }
    }

    [Fact]
    public async Task Broker_ThatStops_WaitsForNoHandshake()
    {
        var broker = await StartAsync();
        using var silent = await ConnectSocketAsync(broker.TlsEndpoints[0]);
        await Eventually.HoldsAsync(() => broker.PendingHandshakes == 1);

        await broker.DisposeAsync().AsTask().WaitAsync(Patience);

        Assert.Equal(0, await ReceiveToTheEndAsync(silent, new byte[10]));
    }

    private AmqpTlsOptions Options(string certificate) => new() { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], CertificateFile = certificate };

    private Task<AmqpBroker> StartAsync(Func<AmqpTlsOptions, AmqpTlsOptions>? with = null, TimeProvider? time = null, TimeSpan? handshakeTimeout = null)
    {
        var tls = Options(_authority.IssueServer("broker.pem", "localhost"));
        return AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tls = with?.Invoke(tls) ?? tls,
            TimeProvider = time ?? TimeProvider.System,
            HandshakeTimeout = handshakeTimeout ?? TimeSpan.FromSeconds(10),
            LoggerFactory = _log,
        });
    }

    private async Task<TlsTransportConnection> HandshakeAsync(
        IPEndPoint endpoint, SslProtocols version = SslProtocols.None, string name = "localhost", RemoteCertificateValidationCallback? validate = null)
    {
        var options = Believing(name);
        options.EnabledSslProtocols = version;
        options.RemoteCertificateValidationCallback = validate;
        return await TlsTransportConnection.ConnectAsync(await ConnectSocketAsync(endpoint), options, CancellationToken.None).WaitAsync(Patience);
    }

    /// <summary>As a client that believes the authority.</summary>
    private SslClientAuthenticationOptions Believing(string name)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = name, CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        options.CertificateChainPolicy.CustomTrustStore.Add(_authority.Certificate);
        return options;
    }

    private static async Task<Socket> ConnectSocketAsync(IPEndPoint endpoint, string? from = null)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        }

        await socket.ConnectAsync(endpoint).WaitAsync(Patience);
        return socket;
    }

    /// <summary>What comes before the end, which may be a reset.</summary>
    private static async Task<int> ReceiveToTheEndAsync(Socket socket, byte[] buffer)
    {
        int octets = 0;
        try
        {
            while (true)
            {
                int received = await socket.ReceiveAsync(buffer.AsMemory(octets)).AsTask().WaitAsync(Patience);
                if (received == 0)
                {
                    return octets;
                }

                octets += received;
            }
        }
        catch (SocketException)
        {
            return octets;
        }
    }
}
