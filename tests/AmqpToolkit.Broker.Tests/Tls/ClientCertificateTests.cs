using System.Net;
using System.Security.Cryptography.X509Certificates;
using AmqpToolkit.Broker.Tls;
using AmqpToolkit.Client;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Testing;
using Newer = AmqpToolkit.Client.V1_0;
using Older = AmqpToolkit.Client.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Tls;

/// <summary>Certificates of clients: which hold, whose they are, and how one logs in with them in either version.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestAuthority _authority = new();
    private readonly WarningLog _log = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Certificate_OfAUser_LogsInBySaslExternal_InEitherVersion()
    {
        await using var broker = await StartAsync();
        using var certificate = _authority.IssueClient("CN=app,O=Shop");

        await using var older = await OlderAsync(broker, certificate);
        await using var newer = await NewerAsync(broker, certificate);

        Assert.All(broker.Connections, connection => Assert.Equal("app", connection.Account!.Name));
        await using var channel = await older.OpenChannelAsync();
        await using var session = await newer.OpenSessionAsync();
    }

    [Fact]
    public async Task Certificate_ThatNamesNoUser_GetsNobodyIn()
    {
        await using var broker = await StartAsync();
        foreach (string subject in new[] { "CN=stranger", "O=Shop", "CN=app,CN=guest" })
        {
            using var certificate = _authority.IssueClient(subject);
            await Assert.ThrowsAsync<Older.ConnectFailedException>(() => OlderAsync(broker, certificate));
            await Assert.ThrowsAsync<Newer.AmqpException>(() => NewerAsync(broker, certificate));
        }

        Assert.Equal(6, _log.Of(27).Count());
        Assert.Equal(2, _log.Of(27).Count(text => text.Contains("'stranger' was refused: its certificate names a user that is not there", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Certificate_ThatDoesNotHold_EndsTheHandshake_AndTheLogSaysWhy()
    {
        await using var broker = await StartAsync();
        using var expired = _authority.IssueClient("CN=app", daysLeft: -1);
        using var other = new TestAuthority("Other Authority");
        using var foreign = other.IssueClient("CN=app");
        using var ofAServer = X509Certificate2.CreateFromPemFile(_authority.IssueServer("server.pem", "app"));
        using var namesake = new TestAuthority();
        using var forged = namesake.IssueClient("CN=app");
        using var early = _authority.IssueClient("CN=app", daysSince: -1);
        using var leaf = _authority.IssueClient("CN=app");
        using var ofALeaf = TestAuthority.IssueBy(leaf, "CN=guest");
        foreach (var (certificate, reason) in new[] { (early, "NotTimeValid"), (ofALeaf, "PartialChain"), (forged, "its certificate does not hold"), (expired, "NotTimeValid"), (foreign, "PartialChain"), (ofAServer, "NotValidForUsage") })
        {
            await Assert.ThrowsAsync<Older.ConnectFailedException>(() => OlderAsync(broker, certificate));
            await Eventually.HoldsAsync(() => _log.Of(4).Any(text => text.Contains(reason, StringComparison.Ordinal)), () => $"{reason}: {string.Join('\n', _log.Of(4))}");
        }
    }

    /// <summary>A leaf may sign, and whoever shows both shows a chain to the authority: one that nothing allows.</summary>
    [Fact]
    public async Task Certificate_ThatALeafHasSigned_DoesNotHold_WithTheLeafBesideIt()
    {
        await using var broker = await StartAsync();
        using var leaf = _authority.IssueClient("CN=app");
        using var forged = TestAuthority.IssueBy(leaf, "CN=guest");

        await Assert.ThrowsAsync<Older.ConnectFailedException>(() => OlderAsync(broker, forged, [leaf]));

        await Eventually.HoldsAsync(() => _log.Of(4).Any(text => text.Contains("its certificate does not hold", StringComparison.Ordinal)), () => string.Join('\n', _log.Of(4)));
    }

    [Fact]
    public async Task Certificate_ByWayOfAnother_OrForAnything_Holds()
    {
        await using var broker = await StartAsync();
        using var between = _authority.IssueAuthority("CN=Between");
        using var indirect = TestAuthority.IssueBy(between, "CN=app");
        await using var one = await OlderAsync(broker, indirect, [between]);
        await using var two = await NewerAsync(broker, indirect, [between]);
        await Assert.ThrowsAsync<Older.ConnectFailedException>(() => OlderAsync(broker, indirect));

        using var anything = _authority.IssueForAnything("CN=app");
        await using var three = await OlderAsync(broker, anything);
        Assert.All(broker.Connections, connection => Assert.Equal("app", connection.Account!.Name));
    }

    [Theory]
    [InlineData(ClientCertificates.Request, true)]
    [InlineData(ClientCertificates.Require, false)]
    public async Task Client_WithoutACertificate_ComesInByPassword_WhereNoneIsRequired(ClientCertificates policy, bool comesIn)
    {
        await using var broker = await StartAsync(tls => tls with { ClientCertificates = policy });
        var options = new Older.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.TlsEndpoints[0].Port, Tls = new ClientTlsOptions { Authorities = [_authority.Certificate] } };
        if (comesIn)
        {
            await using var connection = await Older.AmqpConnection.ConnectAsync(options).WaitAsync(Patience);
            return;
        }

        await Assert.ThrowsAsync<Older.ConnectFailedException>(() => Older.AmqpConnection.ConnectAsync(options).WaitAsync(Patience));
        await Eventually.HoldsAsync(() => _log.Of(4).Any(text => text.Contains("it has shown no certificate", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task External_WithoutACertificate_IsNotOffered()
    {
        await using var broker = await StartAsync();
        var failure = await Assert.ThrowsAsync<Older.ConnectFailedException>(() => OlderAsync(broker, certificate: null));
        Assert.Contains("'PLAIN AMQPLAIN SCRAM-SHA-256 SCRAM-SHA-512 ANONYMOUS'", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("app", true)]
    [InlineData("guest", false)]
    [InlineData("App", false)]
    public void External_WithAName_IsThatOfTheCertificateAlone(string given, bool isAccepted)
    {
        var server = new SaslServer(new Authority(), [SaslMechanisms.External], anonymous: null);

        Assert.Equal(isAccepted ? SaslStep.Accepted : SaslStep.Refused, server.Begin("EXTERNAL"u8, System.Text.Encoding.UTF8.GetBytes(given)));

        Assert.Equal(isAccepted ? "app" : given, server.UserName);
        Assert.Equal(SaslStep.Malformed, server.Continue([]));
    }

    [Fact]
    public void External_WithNothingOrNonsense_IsItsOwnNameOrAMistake()
    {
        Assert.Equal(SaslStep.Accepted, new SaslServer(new Authority(), [SaslMechanisms.External], anonymous: null).Begin("EXTERNAL"u8, [], hasResponse: false));
        Assert.Equal(SaslStep.Malformed, new SaslServer(new Authority(), [SaslMechanisms.External], anonymous: null).Begin("EXTERNAL"u8, "app\0"u8));
        Assert.Equal(SaslStep.Malformed, new SaslServer(new Authority(), [SaslMechanisms.External], anonymous: null).Begin("EXTERNAL"u8, [0xC3]));
        Assert.Equal(SaslStep.Unknown, new SaslServer(new Authority(), [SaslMechanisms.Plain], anonymous: null).Begin("EXTERNAL"u8, []));
    }

    [Fact]
    public async Task Users_MayComeFromElsewhereOrNot_ByCertificateAsByPassword()
    {
        await using var broker = await StartAsync();
        Assert.NotNull(broker.Users.AuthenticateExternally("guest", isSame: true, "", isLoopback: true, "x"));
        Assert.Null(broker.Users.AuthenticateExternally("guest", isSame: true, "", isLoopback: false, "x"));
        Assert.NotNull(broker.Users.AuthenticateExternally("app", isSame: true, "", isLoopback: false, "x"));
        Assert.Null(broker.Users.AuthenticateExternally("app", isSame: false, "guest", isLoopback: false, "x"));
        Assert.Null(broker.Users.AuthenticateExternally(null, isSame: false, "app", isLoopback: false, "x"));
    }

    [Theory]
    [InlineData(CertificateLogin.CommonName, "app")]
    [InlineData(CertificateLogin.DistinguishedName, "CN=app,O=Shop")]
    [InlineData(CertificateLogin.DnsName, "one.example")]
    [InlineData(CertificateLogin.EmailAddress, "app@shop.example")]
    [InlineData(CertificateLogin.Uri, "spiffe://shop.example/app")]
    public void Name_OfAUser_StandsWhereTheOptionsSay(CertificateLogin login, string expected)
    {
        using var certificate = _authority.IssueClient("CN=app,O=Shop", alternatives =>
        {
            alternatives.AddIpAddress(IPAddress.Loopback);
            alternatives.AddUri(new Uri("spiffe://shop.example/app"));
            alternatives.AddDnsName("one.example");
            alternatives.AddEmailAddress("app@shop.example");
        });
        Assert.Equal(expected, CertificateUser.NameOf(certificate, login));

        using var two = _authority.IssueClient("CN=app,CN=other", alternatives =>
        {
            alternatives.AddDnsName("one.example");
            alternatives.AddDnsName("two.example");
            alternatives.AddEmailAddress("app@shop.example");
            alternatives.AddEmailAddress("other@shop.example");
            alternatives.AddUri(new Uri("spiffe://shop.example/app"));
            alternatives.AddUri(new Uri("spiffe://shop.example/other"));
        });
        Assert.Equal(login == CertificateLogin.DistinguishedName ? "CN=app,CN=other" : null, CertificateUser.NameOf(two, login));

        using var bare = _authority.IssueClient("O=Shop");
        Assert.Equal(login == CertificateLogin.DistinguishedName ? "O=Shop" : null, CertificateUser.NameOf(bare, login));
    }

    [Theory]
    [InlineData("CN=\"a, b\"", "CN=a\\, b")]
    [InlineData("CN=\"a,b\"", "CN=a\\,b")]
    [InlineData("CN=\" a \",S=Here,E=a@b", "CN=\\ a\\ ,ST=Here,1.2.840.113549.1.9.1=a@b")]
    [InlineData("CN=\"#a=b+c\"", "CN=\\#a=b\\+c")]
    public void Subject_OfAUser_IsWrittenSoThatNoOtherIsTheSame(string subject, string expected)
    {
        using var certificate = _authority.IssueClient(subject);
        Assert.Equal(expected, CertificateUser.NameOf(certificate, CertificateLogin.DistinguishedName));
    }

    [Fact]
    public async Task Certificate_ThatHolds_ComesIn_HoweverManyPasswordsHaveFailedFromThere()
    {
        await using var broker = await StartAsync();
        var address = IPAddress.Loopback;
        for (int index = 0; index < 10_000; index++)
        {
            broker.Logins.MayTry(address, "app", begins: true, out _);
            broker.Logins.MayTry(address, $"user{index}", begins: true, out _);
        }

        Assert.False(broker.Logins.MayTry(address, "app", begins: false, out _));
        using var certificate = _authority.IssueClient("CN=app");
        await using var older = await OlderAsync(broker, certificate);
    }

    [Fact]
    public async Task Passwords_ThatNeedTls_AreNotTakenWithoutIt()
    {
        await using var broker = await StartAsync(passwordsNeedTls: true);
        var plain = new Older.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.Endpoints[0].Port, SaslMechanisms = ["PLAIN"] };
        var failure = await Assert.ThrowsAsync<Older.ConnectFailedException>(() => Older.AmqpConnection.ConnectAsync(plain).WaitAsync(Patience));
        Assert.Contains("'SCRAM-SHA-256 SCRAM-SHA-512 ANONYMOUS'", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<Newer.AmqpException>(() => Newer.AmqpConnection.ConnectAsync(new Newer.AmqpConnectionOptions { Host = "127.0.0.1", Port = plain.Port, SaslMechanisms = ["PLAIN"] }).WaitAsync(Patience));

        // Who does not insist on PLAIN comes in without saying the password.
        await using var byScram = await Older.AmqpConnection.ConnectAsync(plain with { SaslMechanisms = null }).WaitAsync(Patience);

        await using var within = await Older.AmqpConnection.ConnectAsync(plain with { Port = broker.TlsEndpoints[0].Port, Tls = new ClientTlsOptions { Authorities = [_authority.Certificate] } }).WaitAsync(Patience);
        await using var inMemory = await Older.AmqpConnection.ConnectAsync(broker.ConnectInMemory(), new Older.AmqpConnectionOptions()).WaitAsync(Patience);
    }

    private async Task<AmqpBroker> StartAsync(Func<AmqpTlsOptions, AmqpTlsOptions>? with = null, bool passwordsNeedTls = false)
    {
        var tls = new AmqpTlsOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            CertificateFile = _authority.IssueServer("broker.pem", "localhost"),
            ClientCertificates = ClientCertificates.Request,
            AuthoritiesFile = _authority.File,
        };
        var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tls = with?.Invoke(tls) ?? tls,
            PasswordsNeedTls = passwordsNeedTls,
            LoggerFactory = _log,
        });
        broker.Users.Set(new BrokerUser { Name = "app", Permissions = [new UserPermission("/")] });
        return broker;
    }

    private Task<Older.AmqpConnection> OlderAsync(AmqpBroker broker, X509Certificate2? certificate, X509Certificate2Collection? between = null) =>
        Older.AmqpConnection.ConnectAsync(new Older.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.TlsEndpoints[0].Port, Tls = TlsWith(certificate, between) }).WaitAsync(Patience);

    private Task<Newer.AmqpConnection> NewerAsync(AmqpBroker broker, X509Certificate2? certificate, X509Certificate2Collection? between = null) =>
        Newer.AmqpConnection.ConnectAsync(new Newer.AmqpConnectionOptions { Host = "127.0.0.1", Port = broker.TlsEndpoints[0].Port, Tls = TlsWith(certificate, between) }).WaitAsync(Patience);

    private ClientTlsOptions TlsWith(X509Certificate2? certificate, X509Certificate2Collection? between) => new() { Intermediates = between, Authorities = [_authority.Certificate], Certificate = certificate, LogsInByCertificate = true };

    /// <summary>A client whose certificate is that of app.</summary>
    private sealed class Authority : ISaslAuthority
    {
        public bool Authenticate(SaslCredentials credentials) => false;

        public string? AuthenticateExternally(string userName) => userName is "" or "app" ? "app" : null;

        public ScramVerifier? FindVerifier(ScramHash hash, string userName) => null;

        public bool Conclude(bool isProven) => false;

        public string CreateNonce() => "nonce";
    }
}
