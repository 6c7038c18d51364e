using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>TLS as others speak it: OpenSSL's own client, and clients of AMQP over TLS with and without certificates of their own.</summary>
[Collection(BrokerCollection.Name)]
public sealed class TlsTests(TlsFixture broker) : IClassFixture<TlsFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [PythonTheory("pika", NeedsOwnBroker = true)]
    [InlineData("password")]
    [InlineData("certificate")]
    [InlineData("refused")]
    public Task Pika_OverTls_Succeeds(string scenario) => ForeignProgram.RunScenariosAsync(Peers.Python, "pika_tls.py", broker.TlsUrl, scenario);

    [PythonTheory("proton", NeedsOwnBroker = true)]
    [InlineData("password")]
    [InlineData("certificate")]
    [InlineData("refused")]
    public Task Proton_OverTls_Succeeds(string scenario) => ForeignProgram.RunScenariosAsync(Peers.Python, "proton_tls.py", broker.TlsUrl, scenario);

    [OwnBrokerFact]
    public async Task RabbitMqClient_OverTls_LogsInByPasswordOrCertificate()
    {
        await using (var connection = await ConnectAsync(certificate: null))
        {
            await using var channel = await connection.CreateChannelAsync();
        }

        using var app = Load("app.pem");
        await using (var connection = await ConnectAsync(app))
        {
            await using var channel = await connection.CreateChannelAsync();
            var queue = (await channel.QueueDeclareAsync()).QueueName;

            // Only app may say that a message is app's.
            await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties { UserId = "app" }, new byte[100_000]);
            Assert.Equal(100_000, (await channel.BasicGetAsync(queue, autoAck: true))!.Body.Length);
        }

        foreach (var name in new[] { "stranger.pem", "expired.pem", "foreign.pem" })
        {
            using var wrong = Load(name);
            await Assert.ThrowsAsync<BrokerUnreachableException>(() => ConnectAsync(wrong));
        }
    }

    [ToolTheory("openssl")]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task OpenSsl_OfEitherVersion_BelievesTheBroker_AndHearsAmqp(string version)
    {
        // An unknown version of the protocol is answered by the header of one that is known, and the end.
        var (exitCode, output, error) = await ClientAsync("AMQP\u0001\u0001\u0007\u0007", version, "-quiet", "-servername", "localhost");
        Assert.True(exitCode == 0, error);
        Assert.Contains("AMQP", output, StringComparison.Ordinal);
    }

    [ToolTheory("openssl")]
    [InlineData("localhost", "CN = localhost")]
    [InlineData("shop.example", "CN = shop.example")]
    public async Task OpenSsl_ThatAsksForAName_GetsItsCertificate(string name, string subject)
    {
        var (_, output, error) = await ClientAsync("Q\n", "-tls1_3", "-servername", name, "-verify_hostname", name);
        Assert.Contains($"subject={subject}", output, StringComparison.Ordinal);
        Assert.True(output.Contains("Verify return code: 0 (ok)", StringComparison.Ordinal), $"{output}{error}");
    }

    [ToolTheory("openssl")]
    [InlineData("R")]
    public async Task OpenSsl_ThatRenegotiates_IsRefused(string command)
    {
        // Its input stays open: it ends by the broker's doing, or not in time.
        string[] client = ["openssl", "s_client", "-connect", $"127.0.0.1:{broker.TlsPort}", "-CAfile", broker.Authority.File, "-verify_return_error", "-tls1_2"];
        var (exitCode, output, error) = await ForeignProgram.TryRunAsync("bash", ["-c", $"\"$@\" < <(echo {command}; exec sleep 80 2>/dev/null)", "bash", .. client]);
        Assert.Contains("Verify return code: 0 (ok)", output, StringComparison.Ordinal);
        Assert.Contains("RENEGOTIATING", $"{output}{error}", StringComparison.Ordinal);
        Assert.NotEqual(0, exitCode);

        // An alert would leave the end to the client.
        Assert.DoesNotContain("no renegotiation", $"{output}{error}", StringComparison.Ordinal);
    }

    /// <summary>TLS 1.3 has new keys in the place of new handshakes: any number may be asked for, each costs a record, and others come in meanwhile.</summary>
    [ToolFact("openssl")]
    public async Task OpenSsl_ThatAsksForNewKeysAgainAndAgain_HindersNobody()
    {
        const int Most = 500;
        string[] client = ["openssl", "s_client", "-connect", $"127.0.0.1:{broker.TlsPort}", "-CAfile", broker.Authority.File, "-verify_return_error", "-tls1_3"];
        var storm = ForeignProgram.TryRunAsync("bash", ["-c", $"\"$@\" < <(for ((i = 0; i < {Most}; i++)); do echo K; sleep 0.003; done; echo Q)", "bash", .. client]);
        int came = 0;
        do
        {
            await using IConnection connection = await ConnectAsync(certificate: null);
            await using IChannel channel = await connection.CreateChannelAsync();
            came++;
        }
        while (!storm.IsCompleted);

        var (_, output, error) = await storm;
        Assert.Contains("Verify return code: 0 (ok)", output, StringComparison.Ordinal);
        int updates = $"{output}{error}".Split("KEYUPDATE").Length - 1;
        Assert.True(updates > 100 && came > 0, $"{updates} updates, {came} others");
    }

    private Task<(int ExitCode, string Output, string Error)> ClientAsync(string input, params string[] arguments) => ForeignProgram.TryRunAsync(
        "openssl", ["s_client", "-connect", $"127.0.0.1:{broker.TlsPort}", "-CAfile", broker.Authority.File, "-verify_return_error", .. arguments], input);

    private X509Certificate2 Load(string name) => X509Certificate2.CreateFromPemFile(broker.Authority.PathOf(name));

    private Task<IConnection> ConnectAsync(X509Certificate2? certificate)
    {
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = broker.TlsPort,
            AutomaticRecoveryEnabled = false,
            ContinuationTimeout = Limit,
            RequestedConnectionTimeout = Limit,
            HandshakeContinuationTimeout = Limit,
            Ssl = new SslOption("localhost", enabled: true) { CertificateValidationCallback = IsBelieved },
        };
        if (certificate is not null)
        {
            factory.Ssl.Certs = [certificate];
            factory.AuthMechanisms = [new ExternalMechanismFactory()];
        }

        return factory.CreateConnectionAsync();
    }

    private bool IsBelieved(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        using var own = new X509Chain { ChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        own.ChainPolicy.CustomTrustStore.Add(broker.Authority.Certificate);
        return !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) && own.Build((X509Certificate2)certificate!);
    }
}
