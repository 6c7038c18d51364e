using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>The executable with TLS: its settings, and certificates that are replaced while it runs.</summary>
public sealed partial class TlsExecutableTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Certificate_ThatIsReplaced_IsReadOnHangup()
    {
        string file = _authority.IssueServer("broker.pem", "localhost");
        await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --memory --listen 127.0.0.1 --tls-port 0 --tls-certificate {file} --tls-on-plain-port");
        (string line, int plainPort) = await broker.ListeningAsync();
        int port = int.Parse(TlsPort().Match(line).Groups[1].Value, CultureInfo.InvariantCulture);
        string first = await ThumbprintAsync(port);
        Assert.Equal(first, await ThumbprintAsync(plainPort));

        _authority.IssueServer("broker.pem", "localhost", "second");
        broker.Signal(PosixSignal.SIGHUP);
        using CancellationTokenSource patience = new(Patience);
        while (await ThumbprintAsync(port) == first)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }

        broker.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, (await broker.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Certificate_ThatCannotBeUsed_EndsTheStart_AndThePasswordIsNotSaid()
    {
        string file = _authority.Write("broker.pfx", "no certificate");
        await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --memory --tls-port 0 --tls-certificate {file}", settingsFile: null, ("AMQP_BROKER_TlsKeyPassword", "hidden-word"));

        var (code, output, error) = await broker.EndAsync();

        Assert.Equal(2, code);
        Assert.Contains(file, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-word", output + error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tls-key x", "TlsKey means nothing without TlsCertificate")]
    [InlineData("--tls-certificate x --tls-client-certificates require", "TlsClientCertificates needs TlsAuthorities")]
    [InlineData("--tls-certificate x --tls-authorities y --tls-client-certificates maybe", "is not none, request or require")]
    [InlineData("--tls-certificate x --tls-login name", "is not common-name, distinguished-name, dns-name, email-address or uri")]
    [InlineData("--tls-certificate x --tls-host shop.example", "is not name=certificate or name=certificate:key")]
    [InlineData("--tls-certificate x --tls-port 70000", "is not a port from 0 to 65535")]
    public async Task Settings_ThatCannotBeMeant_EndTheStart(string arguments, string reason)
    {
        await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --memory {arguments}");
        var (code, _, error) = await broker.EndAsync();
        Assert.Equal(2, code);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private async Task<string> ThumbprintAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port).WaitAsync(Patience);
        await using var stream = new SslStream(client.GetStream());
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        options.CertificateChainPolicy.CustomTrustStore.Add(_authority.Certificate);
        await stream.AuthenticateAsClientAsync(options).WaitAsync(Patience);
        return ((X509Certificate2)stream.RemoteCertificate!).Thumbprint;
    }

    [GeneratedRegex(@"with TLS on 127\.0\.0\.1:(\d+)")]
    private static partial Regex TlsPort();
}
