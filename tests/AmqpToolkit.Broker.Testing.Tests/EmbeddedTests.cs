using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Client.V1_0;
using AmqpConnection = AmqpToolkit.Client.V0_9_1.AmqpConnection;
using AmqpConnectionOptions = AmqpToolkit.Client.V0_9_1.AmqpConnectionOptions;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>A broker as a library: many in a process, with and without sockets.</summary>
public sealed class EmbeddedTests
{
    [Fact]
    public async Task Broker_WithoutEndpoints_ServesBothVersionsFromMemory()
    {
        await using var broker = await Brokers.InMemoryAsync().WithPatience();
        Assert.Empty(broker.Endpoints);
        await using var connection = await broker.ConnectAsync().WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.DeclareAsync("q");
        await channel.SendAsync("q", "hello");

        await using var peer = await broker.ConnectAsync(new Client.V1_0.AmqpConnectionOptions()).WithPatience();
        await using var session = await peer.OpenSessionAsync().WithPatience();
        await using var receiver = await session.OpenReceiverAsync("/queues/q").WithPatience();
        await foreach (var delivery in receiver)
        {
            Assert.Equal("hello"u8, delivery.Message.Data.Span);
            delivery.Accept();
            break;
        }

        await broker.Queues["q"].HoldsAsync(queue => queue.MessageCount == 0);
    }

    [Fact]
    public async Task Client_WithTheBrokersTransport_ConnectsByItsOwnOptions()
    {
        await using var broker = await Brokers.InMemoryAsync().WithPatience();
        var options = new AmqpConnectionOptions { Host = "nowhere.invalid", Port = 1 }.To(broker);
        await using var connection = await AmqpConnection.ConnectAsync(options).WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        Assert.Equal("amqp://guest@nowhere.invalid:1/%2F", options.ToString());
    }

    [Fact]
    public async Task Client_WhoseTransportIsNotToBeHad_FailsToConnect()
    {
        var options = new AmqpConnectionOptions { Transport = _ => throw new IOException("no tunnel") };
        var failure = await Assert.ThrowsAsync<ConnectFailedException>(() => AmqpConnection.ConnectAsync(options).WithPatience());
        Assert.Contains("no tunnel", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heartbeats_InMemory_AreOffUnlessBothAsk()
    {
        await using var broker = await Brokers.InMemoryAsync().WithPatience();
        await using var connection = await broker.ConnectAsync().WithPatience();
        Assert.Equal(0, connection.HeartbeatSeconds);

        await using var asking = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], HeartbeatSeconds = 7 }).WithPatience();
        await using var asked = await asking.ConnectAsync().WithPatience();
        Assert.Equal(7, asked.HeartbeatSeconds);
        await using var declined = await asking.ConnectAsync(new AmqpConnectionOptions { HeartbeatSeconds = 0 }).WithPatience();
        Assert.Equal(0, declined.HeartbeatSeconds);
    }

    [Fact]
    public async Task Heartbeats_OverASocket_AreOn()
    {
        await using var broker = await Brokers.ListeningAsync().WithPatience();
        await using var connection = await AmqpConnection.ConnectAsync(broker.GetUri().ToString()).WithPatience();
        Assert.Equal(60, connection.HeartbeatSeconds);
    }

    [Fact]
    public async Task Brokers_InOneProcess_DoNotKnowOfEachOther()
    {
        AmqpBroker[] brokers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Brokers.ListeningAsync())).WithPatience();
        try
        {
            Assert.Equal(20, brokers.Select(broker => broker.Endpoints[0].Port).Distinct().Count());
            foreach (var broker in brokers)
            {
                await using var connection = await broker.ConnectAsync().WithPatience();
                await using var channel = await connection.OpenChannelAsync().WithPatience();
                await channel.DeclareAsync("q");
                await channel.SendAsync("q", "mine");
                Assert.Equal(1, broker.Queues["q"].MessageCount);
            }
        }
        finally
        {
            await Task.WhenAll(brokers.Select(broker => broker.DisposeAsync().AsTask())).WithPatience();
        }
    }

    [Fact]
    public async Task Connect_ToABrokerThatHasStopped_Fails()
    {
        var broker = await Brokers.InMemoryAsync().WithPatience();
        await broker.DisposeAsync().WithPatience();
        await Assert.ThrowsAsync<ConnectFailedException>(() => broker.ConnectAsync().WithPatience());
    }

    [Fact]
    public async Task GetUri_WithoutEndpoints_SaysWhatIsMissing()
    {
        await using var broker = await Brokers.InMemoryAsync().WithPatience();
        Assert.Throws<InvalidOperationException>(() => broker.GetUri());
    }

    [Fact]
    public async Task VirtualHost_OfATest_IsItsOwnAndGoesWithIt()
    {
        await using var broker = await Brokers.ListeningAsync().WithPatience();
        using var one = broker.CreateVirtualHost();
        AmqpConnection connection;
        string name;
        using (var other = broker.CreateVirtualHost())
        {
            name = other.Name;
            connection = await other.ConnectAsync().WithPatience();
            var channel = await connection.OpenChannelAsync().WithPatience();
            await channel.DeclareAsync("q");
            Assert.True(other.Queues["q"].Exists);
            Assert.False(one.Queues["q"].Exists);
            await using var bySocket = await AmqpConnection.ConnectAsync(other.GetUri().ToString()).WithPatience();
            Assert.Equal(name, bySocket.Options.VirtualHost);
        }

        var reason = await connection.Closed.WithPatience();
        Assert.Equal(320, reason.ReplyCode);
        Assert.DoesNotContain(name, broker.VirtualHosts.Names);
    }
}
