using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>What the tap shows: the conversation in words, and where a client departs from the specification.</summary>
public sealed class ConversationTests
{
    private readonly ConnectionTap _tap = new();

    [Fact]
    public async Task Conversation_OfAPublish_IsShownInWords()
    {
        await using var broker = await Brokers.InMemoryAsync(wrap: _tap.Wrap).WithPatience();
        await using (var connection = await broker.ConnectAsync().WithPatience())
        {
            var channel = await connection.OpenChannelAsync().WithPatience();
            await channel.DeclareAsync("q");
            await channel.SendAsync("q", "hello");
        }

        string text = _tap.Conversation.ToString();
        Assert.StartsWith("#1 client in this process > broker", text, StringComparison.Ordinal);
        string[] names = ["AMQP 0-9-1", "connection.start ", "connection.start-ok", "queue.declare queue=\"q\"", "queue.declare-ok", "basic.publish ", "body 5 octets \"hello\"", "basic.ack ", "connection.close "];
        int at = 0;
        foreach (string name in names)
        {
            at = text.IndexOf(name, at, StringComparison.Ordinal);
            Assert.True(at >= 0, $"{name} is not where it should be:\n{text}");
        }

        Assert.DoesNotContain("ERROR", text, StringComparison.Ordinal);
        Assert.Contains("***", Assert.Single(_tap.Conversation.Lines, line => line.Contains("connection.start-ok", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Empty(_tap.Departures);
    }

    [Fact]
    public async Task Conversation_Of1_0_IsShownInWords()
    {
        await using var broker = await Brokers.InMemoryAsync(wrap: _tap.Wrap).WithPatience();
        await using (var connection = await broker.ConnectAsync().WithPatience())
        {
            var channel = await connection.OpenChannelAsync().WithPatience();
            await channel.DeclareAsync("q");
        }

        _tap.Conversation.Clear();
        await using (var peer = await broker.ConnectAsync(new Client.V1_0.AmqpConnectionOptions()).WithPatience())
        {
            var session = await peer.OpenSessionAsync().WithPatience();
            var sender = await session.OpenSenderAsync("/queues/q").WithPatience();
            await sender.SendAsync(AmqpMessage.Of("hello")).WithPatience();
        }

        string text = _tap.Conversation.ToString();
        Assert.All(new[] { " open ", " begin ", " attach ", " transfer ", " disposition ", " close" }, name => Assert.Contains(name, text, StringComparison.Ordinal));
        Assert.DoesNotContain("ERROR", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversation_WithAFault_IsShownAsTheClientSawIt()
    {
        _tap.Faults.At(TrafficPoint.Publish, 1, Fault.Nack);
        await using var broker = await Brokers.InMemoryAsync(wrap: _tap.Wrap).WithPatience();
        await using var connection = await broker.ConnectAsync().WithPatience();
        await using var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.DeclareAsync("q");
        await channel.SendAsync("q", "hello");
        Assert.Contains(_tap.Conversation.Lines, line => line.Contains("< ", StringComparison.Ordinal) && line.Contains("basic.nack delivery-tag=1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Departures_OfAClient_AreReportedAndServed()
    {
        await using var broker = await Brokers.InMemoryAsync(wrap: _tap.Wrap).WithPatience();
        var connection = await broker.ConnectAsync().WithPatience();
        var channel = await connection.OpenChannelAsync().WithPatience();
        await channel.QueueDeclareAsync(new QueueDeclare { Queue = "with a blank" }).WithPatience();
        var departure = Assert.Single(_tap.Departures);
        Assert.Equal((1, "queue.declare", "queue", "1.7.2.1"), (departure.Connection, departure.Method, departure.Field, departure.Section));
        Assert.True(broker.Queues["with a blank"].Exists);
        await connection.DisposeAsync().WithPatience();
    }

    [Fact]
    public async Task Client_ThatLeavesWithoutAWord_IsReported()
    {
        await using var broker = await Brokers.InMemoryAsync(wrap: _tap.Wrap).WithPatience();
        var stream = broker.ConnectInMemory();
        var connection = await Client.V0_9_1.AmqpConnection.ConnectAsync(stream, new Client.V0_9_1.AmqpConnectionOptions()).WithPatience();
        stream.ShutdownSend();
        await broker.Queues["q"].HoldsAsync(_ => _tap.Departures.Any(departure => departure is { Method: "connection.close", Section: "2.2.4" }));
        await connection.DisposeAsync().WithPatience();
    }

    [Fact]
    public async Task Wrap_ThatThrows_CutsThatConnectionAlone()
    {
        int connections = 0;
        await using var broker = await Brokers.InMemoryAsync(
            wrap: transport => Interlocked.Increment(ref connections) == 1 ? throw new InvalidOperationException("the first") : _tap.Wrap(transport)).WithPatience();
        await Assert.ThrowsAsync<Client.V0_9_1.ConnectFailedException>(() => broker.ConnectAsync().WithPatience());
        await using var second = await broker.ConnectAsync().WithPatience();
    }
}
