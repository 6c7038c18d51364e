using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Transport.Tests;

public sealed class TlsTransportConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Streams_UsedInBothDirectionsAtOnce_KeepEveryOctetInOrder(SslProtocols version)
    {
        var (client, server) = await ConnectAsync(version);
        using (client)
        using (server)
        {
            Assert.Equal((version, version), (client.Protocol, server.Protocol));
            byte[] forth = InMemoryTransportTests.Random(3_000_000);
            byte[] back = InMemoryTransportTests.Random(1_000_000);
            var sending = Task.WhenAll(
                Task.Run(() => InMemoryTransportTests.SendInPiecesAsync(client, forth, seed: 3)),
                Task.Run(() => InMemoryTransportTests.SendInPiecesAsync(server, back, seed: 4)));
            var receivingForth = Task.Run(() => InMemoryTransportTests.ReceiveAsync(server, forth.Length, chunk: 50_000));
            var receivingBack = Task.Run(() => InMemoryTransportTests.ReceiveAsync(client, back.Length, chunk: 3000));

            await sending.WaitAsync(Patience);
            Assert.Equal(forth, await receivingForth.WaitAsync(Patience));
            Assert.Equal(back, await receivingBack.WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task ShutdownSend_EndsOneDirectionAlone()
    {
        var (client, server) = await ConnectAsync(SslProtocols.Tls13);
        using (client)
        using (server)
        {
            client.ShutdownSend();
            Assert.Equal(0, await server.ReceiveAsync(new byte[10]).AsTask().WaitAsync(Patience));
            await server.SendAsync([new byte[] { 1, 2, 3 }]).AsTask().WaitAsync(Patience);
            Assert.Equal([1, 2, 3], await InMemoryTransportTests.ReceiveAsync(client, 3, chunk: 3).WaitAsync(Patience));
        }
    }

    [Fact]
    public async Task Accept_OfWhoSpeaksPlainly_FailsAsABrokenStream()
    {
        var (client, server) = await ConnectSocketsAsync();
        using (client)
        using (var certificate = Certificate())
        {
            var accepting = TlsTransportConnection.AcceptAsync(server, new SslServerAuthenticationOptions { ServerCertificate = certificate }, CancellationToken.None);
            await client.SendAsync("AMQP\0\0\x9\x1"u8.ToArray());
            await Assert.ThrowsAsync<IOException>(() => accepting.WaitAsync(Patience));
        }
    }

    private static async Task<(TlsTransportConnection Client, TlsTransportConnection Server)> ConnectAsync(SslProtocols version)
    {
        var (client, server) = await ConnectSocketsAsync();
        using var certificate = Certificate();
        byte[] shown = certificate.RawData;
        var accepting = TlsTransportConnection.AcceptAsync(server, new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = version }, CancellationToken.None);
        var connecting = TlsTransportConnection.ConnectAsync(
            client,
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, found, _, _) => found!.GetRawCertData().AsSpan().SequenceEqual(shown),
            },
            CancellationToken.None);
        return (await connecting.WaitAsync(Patience), await accepting.WaitAsync(Patience));
    }

    private static async Task<(Socket Client, Socket Server)> ConnectSocketsAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!).WaitAsync(Patience);
        return (client, await listener.AcceptAsync().WaitAsync(Patience));
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }
}
