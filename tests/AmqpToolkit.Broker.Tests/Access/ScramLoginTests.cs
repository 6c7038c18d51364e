using System.Net;
using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Broker.Tests.V1_0;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.Tests.Sasl;
using AmqpToolkit.Storage.Tests;
using SaslMechanisms = AmqpToolkit.Protocol.Sasl.SaslMechanisms;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>SCRAM at the broker's doors: who gets in by it, in either version, and what of it is kept.</summary>
public sealed class ScramLoginTests
{
    public static TheoryData<string> Mechanisms => [SaslMechanisms.ScramSha256, SaslMechanisms.ScramSha512];

    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task Older_WithTheRightPassword_GetsIn_AndTheBrokerProvesItself(string mechanism)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "app", Password = "s=e,cret", Permissions = [new UserPermission("/")] });
        using var client = new RawClient(broker.Endpoints[0]);
        var scram = new ScramClient(mechanism, "app", "s=e,cret");

        Assert.Contains(mechanism, Begin(client));
        byte[] proof = Exchange(client, mechanism, scram);

        Assert.True(scram.Believes(proof));
        client.Send(0, new ConnectionSecureOk { Response = "" });
        client.Expect(ConnectionTuneView.MethodKey);
        client.Send(0, new ConnectionTuneOk { ChannelMax = 2047, FrameMax = 131072, Heartbeat = 0 });
        client.Send(0, new ConnectionOpen { VirtualHost = "/" });
        client.Expect(ConnectionOpenOkView.MethodKey);
        Assert.Equal("app", Assert.Single(broker.Connections).Account!.Name);
    }

    /// <summary>Our own clients, which say the password to nobody, believe the broker, and are refused as others are.</summary>
    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task OwnClients_OfBothVersions_LogInByScram(string mechanism)
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)],
            SaslMechanisms = [mechanism],
            Users = [new BrokerUser { Name = "app", Password = "s=e,cret", Permissions = [new UserPermission("/")] }],
        });
        var older = new Client.V0_9_1.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, UserName = "app", Password = "s=e,cret", ConnectTimeout = TimeSpan.FromMinutes(1) };
        var newer = new Client.V1_0.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, UserName = "app", Password = "s=e,cret", SaslMechanisms = [mechanism], ConnectTimeout = TimeSpan.FromMinutes(1) };

        // Where PLAIN is not offered nobody has to ask for the other.
        await using var one = await Client.V0_9_1.AmqpConnection.ConnectAsync(older).WaitAsync(TimeSpan.FromMinutes(1));
        await using var two = await Client.V0_9_1.AmqpConnection.ConnectAsync(older with { SaslMechanisms = [mechanism] }).WaitAsync(TimeSpan.FromMinutes(1));
        await using var three = await Client.V1_0.AmqpConnection.ConnectAsync(newer).WaitAsync(TimeSpan.FromMinutes(1));
        await using var channel = await one.OpenChannelAsync();
        await using var session = await three.OpenSessionAsync();

        await Assert.ThrowsAsync<Client.V0_9_1.ConnectFailedException>(() => Client.V0_9_1.AmqpConnection.ConnectAsync(older with { Password = "wrong" }).WaitAsync(TimeSpan.FromMinutes(1)));
        await Assert.ThrowsAsync<Client.V0_9_1.ConnectFailedException>(() => Client.V0_9_1.AmqpConnection.ConnectAsync(older with { SaslMechanisms = ["PLAIN"] }).WaitAsync(TimeSpan.FromMinutes(1)));
        await Assert.ThrowsAsync<Client.V1_0.AmqpException>(() => Client.V1_0.AmqpConnection.ConnectAsync(newer with { UserName = "nobody" }).WaitAsync(TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData("guest", "wrong")]
    [InlineData("nobody", "guest")]
    [InlineData("hashed", "guest")]
    public async Task Older_WithAnythingElse_IsRefusedAtTheEndAlone(string user, string password)
    {
        await using var broker = await StartAsync();
        broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("guest").Text, Permissions = [new UserPermission("/")] });
        using var client = new RawClient(broker.Endpoints[0]);
        var scram = new ScramClient(SaslMechanisms.ScramSha256, user, password);
        Begin(client);
        SendStartOk(client, SaslMechanisms.ScramSha256, scram.First, answersRefusal: true);
        byte[] challenge = ReadChallenge(client);

        Assert.Equal(24, Encoding.ASCII.GetString(challenge).Split(',')[1].Length - 2);
        Assert.EndsWith($",i={ScramCredentials.Iterations}", Encoding.ASCII.GetString(challenge), StringComparison.Ordinal);
        client.Send(0, new ConnectionSecureOk { Response = scram.Final(challenge) });

        Assert.Equal(DecodeError.None, ConnectionCloseView.TryParse(client.Expect(ConnectionCloseView.MethodKey), out var close));
        Assert.Equal((ushort)403, close.ReplyCode);
        Assert.Contains("using authentication mechanism SCRAM-SHA-256", Encoding.UTF8.GetString(close.ReplyText), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Mechanisms))]
    public async Task Newer_WithTheRightPassword_GetsIn_AndTheBrokerProvesItself(string mechanism)
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        var scram = new ScramClient(mechanism, "guest", "guest");

        var outcome = Exchange(peer, mechanism, scram, challenge => scram.Final(challenge));

        Assert.Equal(SaslCode.Ok, outcome.Code);
        Assert.True(scram.Believes(outcome.Data));
        peer.Send(PeerClient.Header);
        peer.Send(new Open { ContainerId = "peer" });
        Assert.Equal(PeerClient.Header, peer.ReadHeader());
        peer.Expect("open");
    }

    [Theory]
    [InlineData("guest", "wrong")]
    [InlineData("nobody", "guest")]
    public async Task Newer_WithAnythingElse_IsRefusedAtTheEndAlone(string user, string password)
    {
        await using var broker = await TestBroker.StartAsync();
        using var peer = new PeerClient(broker);
        var scram = new ScramClient(SaslMechanisms.ScramSha512, user, password);

        var outcome = Exchange(peer, SaslMechanisms.ScramSha512, scram, challenge => scram.Final(challenge));

        Assert.Equal((SaslCode.Auth, 0), (outcome.Code, outcome.Data.Length));
        Assert.True(peer.IsEnded);
    }

    [Fact]
    public async Task Exchange_SaidAgainOnAnotherConnection_IsRefused()
    {
        await using var broker = await TestBroker.StartAsync();
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "guest", "guest");
        byte[] said = [];
        using (var first = new PeerClient(broker))
        {
            Assert.Equal(SaslCode.Ok, Exchange(first, SaslMechanisms.ScramSha256, scram, challenge => said = scram.Final(challenge)).Code);
        }

        using var second = new PeerClient(broker);
        Assert.Equal(SaslCode.Auth, Exchange(second, SaslMechanisms.ScramSha256, scram, _ => said).Code);
    }

    [Fact]
    public async Task Password_ThatChangesDuringTheExchange_IsNoLongerTheOne()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "app", Password = "before", Permissions = [new UserPermission("/")] });
        using var peer = new PeerClient(broker);
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "app", "before");

        var outcome = Exchange(peer, SaslMechanisms.ScramSha256, scram, challenge =>
        {
            broker.Users.SetPassword("app", "behind");
            return scram.Final(challenge);
        });

        Assert.Equal(SaslCode.Auth, outcome.Code);
    }

    [Fact]
    public async Task Offer_HasScram_AsLongAsEveryPasswordIsKnownToIt()
    {
        await using var broker = await TestBroker.StartAsync();
        Assert.Equal("PLAIN AMQPLAIN SCRAM-SHA-256 SCRAM-SHA-512 ANONYMOUS", Offer(broker));

        broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("secret").Text });
        Assert.Equal("PLAIN AMQPLAIN ANONYMOUS", Offer(broker));

        broker.Users.SetPassword("hashed", "secret");
        Assert.Contains("SCRAM", Offer(broker), StringComparison.Ordinal);
        var hash = broker.Users.Find("hashed")!.PasswordHash;

        // What has been exported comes back: it is the same password.
        broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = hash });
        Assert.Contains("SCRAM", Offer(broker), StringComparison.Ordinal);

        broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("secret").Text });
        Assert.DoesNotContain("SCRAM", Offer(broker), StringComparison.Ordinal);
        Assert.True(broker.Users.Delete("hashed"));
        Assert.Contains("SCRAM", Offer(broker), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Offer_IsWhatTheOptionsSay()
    {
        var log = new WarningLog();
        await using var broker = await StartAsync(log, SaslMechanisms.ScramSha512);
        using var client = new RawClient(broker.Endpoints[0]);
        Assert.Equal("SCRAM-SHA-512", Begin(client));
        SendStartOk(client, SaslMechanisms.Plain, "\0guest\0guest"u8.ToArray(), answersRefusal: true);
        await Eventually.HoldsAsync(() => log.Of(4).Any(text => text.Contains("unknown authentication mechanism 'PLAIN'", StringComparison.Ordinal)));
        using var peer = new PeerClient(broker);
        peer.Send(PeerClient.SaslHeader);
        peer.ReadHeader();
        peer.Expect("saslmechanisms");
        peer.SendSasl(new SaslInit { Mechanism = "PLAIN", InitialResponse = "\0guest\0guest"u8.ToArray() });
        Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(peer.Expect("sasloutcome").Body, out var outcome, out _));
        Assert.Equal(SaslCode.Auth, outcome.Code);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StartAsync("LOGIN"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StartAsync("AMQPLAIN"));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => StartAsync("PLAIN", "PLAIN"));
    }

    [Fact]
    public async Task Verifiers_AndWhatStrangersAreAsked_OutliveTheBroker()
    {
        var disk = new SimulatedDisk();
        string salt;
        ScramVerifier kept;
        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            broker.Users.Set(new BrokerUser { Name = "app", Password = "secret" });
            broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("secret").Text });
            kept = broker.Users.FindVerifier(ScramHash.Sha256, "app");
            salt = broker.Users.FindVerifier(ScramHash.Sha256, "stranger").Salt;
            await broker.FlushAsync();
        }

        await using var again = await StoredBroker.StartAsync(disk);

        Assert.Equal(kept.ToSecretText(), again.Users.FindVerifier(ScramHash.Sha256, "app").ToSecretText());
        Assert.Equal(salt, again.Users.FindVerifier(ScramHash.Sha256, "stranger").Salt);
        Assert.NotEqual(salt, again.Users.FindVerifier(ScramHash.Sha256, "hashed").Salt);
        Assert.False(again.Users.AllHaveScram);
        Assert.True(again.Users.HasKeptSecret);

        Assert.True(await AllAreReckonedAsync(again));

        // The same password, said again as at each start with definitions, changes nothing.
        again.Users.Set(new BrokerUser { Name = "app", Password = "secret" });
        Assert.Equal(kept.ToSecretText(), again.Users.FindVerifier(ScramHash.Sha256, "app").ToSecretText());
    }

    [Fact]
    public async Task Passwords_OfTheOptions_AreNotReckonedBeforeTheBrokerListens_AndOnceForAFolder()
    {
        BrokerUser[] users = [.. Enumerable.Range(0, 20).Select(index => new BrokerUser { Name = $"user{index}", Password = "secret" })];
        await using (var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [.. users, new BrokerUser { Name = "guest", Password = "guest" }] }))
        {
            Assert.True(broker.Users.AllHaveScram);
            Assert.All(broker.Users.Names, name => Assert.False(broker.Users.StateOf(name)!.Scram!.IsReckoned));

            // The first who asks has all of them reckoned, whoever it says it is, so that nobody learns who is there.
            broker.Users.FindVerifier(ScramHash.Sha256, "stranger");
            Assert.True(await AllAreReckonedAsync(broker));
        }

        var disk = new SimulatedDisk();
        string kept;
        await using (var broker = await StoredBroker.StartAsync(disk, users: users))
        {
            Assert.True(await AllAreReckonedAsync(broker));
            kept = broker.Users.FindVerifier(ScramHash.Sha512, "user7").ToSecretText();
            await broker.FlushAsync();
        }

        await using var again = await StoredBroker.StartAsync(disk, users: users);
        Assert.All(again.Users.Names, name => Assert.True(again.Users.StateOf(name)!.Scram!.IsReckoned));
        Assert.Equal(kept, again.Users.FindVerifier(ScramHash.Sha512, "user7").ToSecretText());
        Assert.True(again.Users.Reckoning.IsCompleted);
    }

    [Fact]
    public async Task Verifiers_ThatSomebodyAsksForAtOnce_OutliveTheBroker()
    {
        BrokerUser[] users = [new() { Name = "guest", Password = "own" }, .. Enumerable.Range(0, 20).Select(index => new BrokerUser { Name = $"user{index}", Password = "secret" })];
        var disk = new SimulatedDisk();
        string[] asked;
        await using (var broker = await StoredBroker.StartAsync(disk, users: users))
        {
            asked = [.. users.Select(user => broker.Users.FindVerifier(ScramHash.Sha256, user.Name).ToSecretText())];
            Assert.True(await AllAreReckonedAsync(broker));
            await broker.FlushAsync();
        }

        await using var again = await StoredBroker.StartAsync(disk);
        Assert.True(again.Users.AllHaveScram);
        Assert.Equal(asked, users.Select(user => again.Users.FindVerifier(ScramHash.Sha256, user.Name).ToSecretText()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Question_WhileVerifiersArePutOff_CostsAsMuchForAStrangerAsForAUser(bool isHeld)
    {
        var turn = new TaskCompletionSource();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [new BrokerUser { Name = "app", Password = "secret" }, new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("x").Text }] });
        broker.Users.Beside = work => turn.Task.ContinueWith(_ => work(), TaskScheduler.Default);
        if (!isHeld)
        {
            turn.SetResult();
            await broker.Users.BeginReckoning().WaitAsync(TimeSpan.FromMinutes(1));
        }

        // The second question of a user whose verifiers are there by now costs as much as the first.
        long expected = isHeld ? 2 : 0;
        Assert.All(["stranger", "app", "app", "hashed", "stranger"], name => Assert.Equal(expected, CostOf(name)));
        turn.TrySetResult();
        Assert.True(await AllAreReckonedAsync(broker));
        Assert.All(["stranger", "app", "hashed"], name => Assert.Equal(0, CostOf(name)));

        long CostOf(string name)
        {
            long before = ScramCredentials.Made;
            broker.Users.FindVerifier(ScramHash.Sha256, name);
            return ScramCredentials.Made - before;
        }
    }

    /// <summary>As long as verifiers are reckoned a question is as dear as a guess, and bounded as guesses are; who logs in gives back what it took.</summary>
    [Fact]
    public async Task Questions_WhileVerifiersArePutOff_AreBoundedByAddress()
    {
        var turn = new TaskCompletionSource();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0)],
            TimeProvider = new ManualTimeProvider(),
            LoginFailuresPerMinute = 3,
            SaslMechanisms = [SaslMechanisms.ScramSha256],
            Users = [new BrokerUser { Name = "app", Password = "secret", Permissions = [new UserPermission("/")] }],
        });
        broker.Users.Beside = work => turn.Task.ContinueWith(_ => work(), TaskScheduler.Default);
        var options = new Client.V0_9_1.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, UserName = "app", Password = "secret", HeartbeatSeconds = 0, ConnectTimeout = TimeSpan.FromMinutes(1) };
        for (int index = 0; index < 10; index++)
        {
            await using var connection = await Client.V0_9_1.AmqpConnection.ConnectAsync(options).WaitAsync(TimeSpan.FromMinutes(1));
        }

        // Questions of whoever does not go on: the first three are answered, the next is refused as a login is.
        var asked = new List<RawClient>();
        try
        {
            for (int index = 0; index < 4; index++)
            {
                var client = new RawClient(broker.Endpoints[0]);
                asked.Add(client);
                Begin(client);
                SendStartOk(client, SaslMechanisms.ScramSha256, new ScramClient(SaslMechanisms.ScramSha256, $"stranger{index}", "x").First, answersRefusal: true);
                client.Expect(index < 3 ? ConnectionSecureView.MethodKey : ConnectionCloseView.MethodKey);
            }
        }
        finally
        {
            asked.ForEach(client => client.Dispose());
        }

        turn.SetResult();
        Assert.True(await AllAreReckonedAsync(broker));
    }

    [Fact]
    public async Task Folder_ThatIsMade_IsItsUsersAlone_AndOneThatOthersMayReadIsTold()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Directory.CreateTempSubdirectory("amqp-broker-folder");
        try
        {
            string data = Path.Combine(folder.FullName, "data");
            var log = new WarningLog();
            var options = new AmqpBrokerOptions { Endpoints = [], DataDirectory = data, LoggerFactory = log };
            await using (await AmqpBroker.StartAsync(options))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(data));
                string[] segments = [.. Directory.GetFiles(data).Where(file => Path.GetFileName(file) != "lock")];
                Assert.NotEmpty(segments);
                foreach (string file in segments)
                {
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
                }
            }

            Assert.Empty(log.Of(35));
            File.SetUnixFileMode(data, File.GetUnixFileMode(data) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            await using (await AmqpBroker.StartAsync(options))
            {
                Assert.Single(log.Of(35));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Withdrawal_OfScram_IsToldOnce()
    {
        var log = new WarningLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [],
            LoggerFactory = log,
            Users = [new BrokerUser { Name = "one", PasswordHash = PasswordHash.Create("x").Text }, new BrokerUser { Name = "two", PasswordHash = PasswordHash.Create("x").Text }],
        });
        Assert.Contains("of 2 users", Assert.Single(log.Of(34)), StringComparison.Ordinal);
        broker.Users.SetPassword("one", "secret");
        broker.Users.SetPassword("two", "secret");
        broker.Users.Set(new BrokerUser { Name = "three", PasswordHash = PasswordHash.Create("x").Text });
        Assert.Contains("'three'", log.Of(34).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guest_WithThePasswordThatEverybodyKnows_KeepsNothing_AndIsAskedAsAStrangerWouldBe()
    {
        var disk = new SimulatedDisk();
        string salt;
        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            Assert.True(await AllAreReckonedAsync(broker));
            Assert.False(broker.Users.StateOf("guest")!.Scram!.IsReckoned);
            salt = broker.Users.FindVerifier(ScramHash.Sha256, "guest").Salt;
            broker.Users.Delete("guest");
            Assert.Equal(salt, broker.Users.FindVerifier(ScramHash.Sha256, "guest").Salt);
            broker.Users.Set(new BrokerUser { Name = "guest", Password = "guest" });
            Assert.Empty(broker.Users.StateOf("guest")!.Scram!.ToSecretTexts());
        }

        await using var again = await StoredBroker.StartAsync(disk);
        Assert.True(again.Users.AllHaveScram);
        Assert.Equal(salt, again.Users.FindVerifier(ScramHash.Sha256, "guest").Salt);

        // RabbitMQ's export has guest as well, by a hash.
        again.Users.Set(new BrokerUser { Name = "guest", PasswordHash = PasswordHash.Create("guest").Text });
        Assert.True(again.Users.AllHaveScram);
        again.Users.Set(new BrokerUser { Name = "guest", PasswordHash = PasswordHash.Create("another").Text });
        Assert.False(again.Users.AllHaveScram);
    }

    [Fact]
    public async Task Store_OfAnEarlierVersion_HasUsersWithoutScram_UntilTheirPasswordIsSaidAgain()
    {
        var disk = new SimulatedDisk();
        string salt;
        await using (var broker = await StoredBroker.StartAsync(disk, users: [new BrokerUser { Name = "app", Password = "secret" }]))
        {
            await broker.Users.Reckoning;
            broker.Users.Set(new BrokerUser { Name = "other", PasswordHash = PasswordHash.Create("secret").Text });

            // As such a version has written it: a beginning without a secret, users without verifiers; and one of which a later version says more.
            broker.Store!.Define(DefinitionKind.Begun, default, default);
            var state = broker.Users.StateOf("app")!;
            broker.Store.DefineUser("app", before: null, state with { Scram = null });
            broker.Store.DefineUser("guest", before: null, state with { Scram = ScramCredentials.Parse(["SCRAM-SHA3-512$1:AA==$AA==:AA=="]) });
            await broker.FlushAsync();
        }

        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            Assert.False(broker.Users.HasKeptSecret);
            Assert.False(broker.Users.AllHaveScram);
            Assert.Null(broker.Users.StateOf("app")!.Scram);
            Assert.NotNull(broker.Users.Authenticate(new SaslCredentials("app", "secret"), isLoopback: false));
            salt = broker.Users.FindVerifier(ScramHash.Sha256, "stranger").Salt;
        }

        await using (var broker = await StoredBroker.StartAsync(disk, users: [new BrokerUser { Name = "app", Password = "secret" }, new BrokerUser { Name = "other", Password = "not this" }]))
        {
            await broker.Users.Reckoning;
            Assert.Equal(salt, broker.Users.FindVerifier(ScramHash.Sha256, "stranger").Salt);
            Assert.True(broker.Users.StateOf("app")!.Scram!.IsReckoned);
            Assert.Null(broker.Users.StateOf("other")!.Scram);
        }

        await using var again = await StoredBroker.StartAsync(disk);
        Assert.True(again.Users.HasKeptSecret);
        Assert.True(again.Users.StateOf("app")!.Scram!.IsReckoned);
        Assert.Equal(salt, again.Users.FindVerifier(ScramHash.Sha256, "stranger").Salt);
    }

    [Fact]
    public async Task Guest_FromElsewhere_IsRefused_HoweverRightTheProofIs()
    {
        await using var broker = await TestBroker.StartAsync();
        foreach (bool isLoopback in new[] { true, false })
        {
            var verifier = broker.Users.FindVerifier(ScramHash.Sha256, "guest");
            Assert.Equal(isLoopback, broker.Users.Conclude("guest", verifier, isProven: true, isLoopback, "x") is not null);
        }
    }

    [Theory]
    [InlineData("\u200D")]
    [InlineData("e\u0301")]
    [InlineData("secret\n")]
    public async Task Password_ThatClientsPrepareDifferently_IsForPlainAlone(string password)
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "app", Password = password });

        Assert.False(broker.Users.AllHaveScram);
        Assert.NotNull(broker.Users.Authenticate(new SaslCredentials("app", password), isLoopback: false));
    }

    [Fact]
    public async Task Scram_ThatIsNotInTheList_IsTakenFromWhoKnowsOfIt()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Users.Set(new BrokerUser { Name = "hashed", PasswordHash = PasswordHash.Create("secret").Text });
        using var client = new RawClient(broker.Endpoints[0]);
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "guest", "guest");

        Assert.DoesNotContain("SCRAM", Begin(client), StringComparison.Ordinal);
        Assert.True(scram.Believes(Exchange(client, SaslMechanisms.ScramSha256, scram)));
    }

    [Fact]
    public async Task Log_OfRefusedExchanges_HasNoSecret()
    {
        var log = new WarningLog();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], LoggerFactory = log });
        using var peer = new PeerClient(broker);
        var scram = new ScramClient(SaslMechanisms.ScramSha256, "guest", "guess");
        byte[] said = [];

        Exchange(peer, SaslMechanisms.ScramSha256, scram, challenge => said = scram.Final(challenge));

        Assert.True(peer.IsEnded);
        string text = string.Join('\n', Enumerable.Range(1, 99).SelectMany(log.Of));
        Assert.Contains("'guest'", text, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Encoding.ASCII.GetString(said).Split(",p=")[1], text, StringComparison.Ordinal);
    }

    private static Task<AmqpBroker> StartAsync(params string[] mechanisms) => StartAsync(new WarningLog(), mechanisms);

    private static Task<AmqpBroker> StartAsync(WarningLog log, params string[] mechanisms) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        LoggerFactory = log,
        SaslMechanisms = mechanisms.Length == 0 ? SaslMechanisms.All : mechanisms,
        AnonymousUser = mechanisms.Length == 0 ? "guest" : null,
    });

    private static async Task<bool> AllAreReckonedAsync(AmqpBroker broker)
    {
        await broker.Users.Reckoning.WaitAsync(TimeSpan.FromMinutes(1));
        return broker.Users.Names.Select(broker.Users.StateOf).All(state => state!.Scram is null or { IsPutOff: false });
    }

    private static string Offer(AmqpBroker broker)
    {
        using var client = new RawClient(broker.Endpoints[0]);
        return Begin(client);
    }

    private static string Begin(RawClient client)
    {
        client.Send(ProtocolHeader.V0_9_1);
        Assert.Equal(DecodeError.None, ConnectionStartView.TryParse(client.Expect(ConnectionStartView.MethodKey), out var start));
        return Encoding.ASCII.GetString(start.Mechanisms);
    }

    private static void SendStartOk(RawClient client, string mechanism, byte[] response, bool answersRefusal = false)
    {
        var properties = Table.Create(table => table.AddTable("capabilities", capabilities => capabilities.Add("authentication_failure_close", answersRefusal)));
        client.Send(0, new ConnectionStartOk { ClientProperties = properties, Mechanism = mechanism, Response = response, Locale = "en_US" });
    }

    private static byte[] ReadChallenge(RawClient client)
    {
        Assert.Equal(DecodeError.None, ConnectionSecureView.TryParse(client.Expect(ConnectionSecureView.MethodKey), out var secure));
        return secure.Challenge.ToArray();
    }

    /// <returns>The last challenge, in which the broker proves itself.</returns>
    private static byte[] Exchange(RawClient client, string mechanism, ScramClient scram)
    {
        SendStartOk(client, mechanism, scram.First);
        client.Send(0, new ConnectionSecureOk { Response = scram.Final(ReadChallenge(client)) });
        return ReadChallenge(client);
    }

    private static (SaslCode Code, byte[] Data) Exchange(PeerClient peer, string mechanism, ScramClient scram, Func<byte[], byte[]> answer)
    {
        peer.Send(PeerClient.SaslHeader);
        peer.ReadHeader();
        Assert.Equal(DecodeError.None, SaslMechanismsView.TryParse(peer.Expect("saslmechanisms").Body, out var offered, out _));
        Assert.True(offered.SaslServerMechanisms.ContainsSymbol(Encoding.ASCII.GetBytes(mechanism)));
        peer.SendSasl(new SaslInit { Mechanism = mechanism, InitialResponse = scram.First });
        Assert.Equal(DecodeError.None, SaslChallengeView.TryParse(peer.Expect("saslchallenge").Body, out var challenge, out _));
        peer.SendSasl(new SaslResponse { Response = answer(challenge.Challenge.ToArray()) });
        Assert.Equal(DecodeError.None, SaslOutcomeView.TryParse(peer.Expect("sasloutcome").Body, out var outcome, out _));
        return (outcome.Code, outcome.AdditionalData.ToArray());
    }
}
