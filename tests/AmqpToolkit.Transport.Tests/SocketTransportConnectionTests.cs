using System.Net;
using System.Net.Sockets;

namespace AmqpToolkit.Transport.Tests;

public sealed class SocketTransportConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Sockets_UsedInBothDirectionsAtOnce_KeepEveryOctetInOrder()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            byte[] forth = InMemoryTransportTests.Random(10_000_000);
            byte[] back = InMemoryTransportTests.Random(5_000_000);

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

    [Theory]
    [InlineData(2)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(2000)]
    public async Task SendAsync_OfManySegments_SendsAllInOrder(int count)
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            byte[] octets = InMemoryTransportTests.Random(count * 3);
            List<ArraySegment<byte>> segments = [.. Enumerable.Range(0, count).Select(index => new ArraySegment<byte>(octets, index * 3, 3))];

            await client.SendAsync(segments).AsTask().WaitAsync(Patience);

            Assert.Equal(octets, await InMemoryTransportTests.ReceiveAsync(server, octets.Length, chunk: 4096).WaitAsync(Patience));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task SendAsync_ToAPeerThatReadsSlowly_SendsAll(int segmentCount)
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            byte[] octets = InMemoryTransportTests.Random(40 * 500_000);
            int each = octets.Length / segmentCount;
            List<ArraySegment<byte>> segments = [.. Enumerable.Range(0, segmentCount).Select(index => new ArraySegment<byte>(octets, index * each, each))];

            var sending = client.SendAsync(segments).AsTask();
            Assert.False(sending.IsCompleted);

            Assert.Equal(octets, await InMemoryTransportTests.ReceiveAsync(server, octets.Length, chunk: 20_000).WaitAsync(Patience));
            await sending.WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task ShutdownSend_EndsOneDirection_BehindWhatWasSent()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            await client.SendAsync([new byte[5]]);
            client.ShutdownSend();

            await InMemoryTransportTests.ReceiveAsync(server, 5, chunk: 5).WaitAsync(Patience);
            Assert.Equal(0, await server.ReceiveAsync(new byte[10]));
            await server.SendAsync([new byte[3]]);
            await InMemoryTransportTests.ReceiveAsync(client, 3, chunk: 3).WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Abort_WhileReceivingAndSending_EndsBothWithAnIOException()
    {
        var (client, server) = await ConnectAsync();
        using (server)
        {
            var receiving = client.ReceiveAsync(new byte[10]).AsTask();
            var sending = client.SendAsync([new byte[20_000_000], new byte[1]]).AsTask();

            client.Abort();
            client.Abort();

            await Assert.ThrowsAsync<IOException>(() => receiving.WaitAsync(Patience));
            await Assert.ThrowsAsync<IOException>(() => sending.WaitAsync(Patience));
            await Assert.ThrowsAsync<IOException>(async () => await client.WaitForDataAsync());
            await Assert.ThrowsAsync<IOException>(async () => await client.SendAsync([new byte[1]]));
            await Assert.ThrowsAsync<IOException>(async () => await client.SendAsync([new byte[1], new byte[1]]));
            client.ShutdownSend();
        }
    }

    [Fact]
    public async Task Abort_WhileWaitingForData_EndsTheWait()
    {
        var (client, server) = await ConnectAsync();
        using (server)
        {
            var waiting = client.WaitForDataAsync().AsTask();

            client.Abort();

            await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(Patience));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SendAsync_ToAPeerThatIsGone_ThrowsAnIOException(int segmentCount)
    {
        var (client, server) = await ConnectAsync();
        using (client)
        {
            server.Abort();
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                while (true)
                {
                    await client.SendAsync([.. Enumerable.Range(0, segmentCount).Select(_ => new ArraySegment<byte>(new byte[10_000]))]);
                }
            }).WaitAsync(Patience);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public async Task IsPeerGone_WhenThePeerHasEnded_IsTrueWithoutReceiving(int unreadOctets)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            await client.SendAsync([new byte[unreadOctets + 1]]);
            Assert.False(server.IsPeerGone);

            client.ShutdownSend();

            Assert.True(SpinWait.SpinUntil(() => server.IsPeerGone, Patience));
            server.Abort();
            Assert.True(server.IsPeerGone);
        }
    }

    [Fact]
    public async Task ReceiveAsync_FromAPeerThatResets_ThrowsAnIOException()
    {
        using var listener = Listen();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndPoint!);
        using var server = new SocketTransportConnection(await listener.AcceptAsync());
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();

        await Assert.ThrowsAsync<IOException>(async () => await server.ReceiveAsync(new byte[10])).WaitAsync(Patience);
    }

    [Fact]
    public async Task ConnectAsync_ToNobody_ThrowsAnIOExceptionThatNamesTheAddress()
    {
        int port;
        using (var listener = Listen())
        {
            port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        }

        var exception = await Assert.ThrowsAsync<IOException>(async () => await SocketTransportConnection.ConnectAsync("127.0.0.1", port, CancellationToken.None));
        Assert.Contains($"127.0.0.1:{port}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectAsync_ThatIsCancelled_ThrowsSo() => await Assert.ThrowsAnyAsync<OperationCanceledException>(
        async () => await SocketTransportConnection.ConnectAsync("127.0.0.1", 1, new CancellationToken(canceled: true)));

    [Fact]
    public async Task Connection_OverTheLoopback_KnowsItsAddresses()
    {
        var (client, server) = await ConnectAsync();
        using (client)
        using (server)
        {
            Assert.True(client.IsLoopback);
            Assert.True(server.IsLoopback);
            Assert.Equal(client.LocalEndPoint!.ToString()!.Split(':')[^1], server.RemoteEndPoint!.ToString()!.Split(':')[^1]);
        }
    }

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static async Task<(SocketTransportConnection Client, SocketTransportConnection Server)> ConnectAsync()
    {
        using var listener = Listen();
        var connecting = SocketTransportConnection.ConnectAsync("127.0.0.1", ((IPEndPoint)listener.LocalEndPoint!).Port, CancellationToken.None);
        var server = new SocketTransportConnection(await listener.AcceptAsync());
        return (await connecting, server);
    }
}
