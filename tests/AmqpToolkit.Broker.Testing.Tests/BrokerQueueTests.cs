using AmqpToolkit.Client.V0_9_1;
using AmqpToolkit.Client.V1_0;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpConnection = AmqpToolkit.Client.V0_9_1.AmqpConnection;

namespace AmqpToolkit.Broker.Testing.Tests;

/// <summary>What a test sees that looks into queues.</summary>
public sealed class BrokerQueueTests : IAsyncLifetime
{
    private AmqpBroker _broker = null!;
    private AmqpConnection _connection = null!;
    private AmqpChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _broker = await Brokers.InMemoryAsync().WithPatience();
        _connection = await _broker.ConnectAsync().WithPatience();
        _channel = await _connection.OpenChannelAsync().WithPatience();
    }

    public async Task DisposeAsync()
    {
        await _connection.DisposeAsync().WithPatience();
        await _broker.DisposeAsync().WithPatience();
    }

    [Fact]
    public void Queue_ThatIsNotThere_IsEmpty()
    {
        var queue = _broker.Queues["q"];
        Assert.False(queue.Exists);
        Assert.Equal((0, 0, 0, 0), (queue.MessageCount, queue.ReadyCount, queue.UnackedCount, queue.ConsumerCount));
        Assert.Empty(queue.Messages);
        Assert.Empty(_broker.Queues);
    }

    [Fact]
    public async Task Messages_ThatWait_AreShownAsTheyWerePublished()
    {
        await _channel.DeclareAsync("q");
        var properties = new BasicProperties { ContentType = "text/plain", Headers = new TableBuilder().Add("n", 7).ToTable() };
        await _channel.PublishAsync(new BasicPublish { RoutingKey = "q" }, properties, "one"u8.ToArray()).WithPatience();
        byte[] large = [.. Enumerable.Range(0, 300_000).Select(static n => (byte)n)];
        await _channel.PublishAsync("", "q", large).WithPatience();

        var messages = _broker.Queues["q"].Messages;
        Assert.Equal(2, messages.Count);
        Assert.Equal(("", "q", "one"), (messages[0].Exchange, messages[0].RoutingKey, messages[0].Text));
        Assert.Equal("text/plain", messages[0].Properties.ContentType.ToString());
        Assert.Equal(large, messages[1].Body.ToArray());
        Assert.Equal(["q"], _broker.Queues.Select(queue => queue.Name));
        Assert.Equal(2, _broker.Queues["q"].ReadyCount);
    }

    [Fact]
    public async Task Messages_OfAPriorityQueue_AreShownInTheOrderOfDelivery()
    {
        await _channel.DeclareAsync("q", ("x-max-priority", 5));
        foreach (byte priority in new byte[] { 0, 3, 5, 3 })
        {
            await _channel.PublishAsync(new BasicPublish { RoutingKey = "q" }, new BasicProperties { Priority = priority }, new[] { priority }).WithPatience();
        }

        Assert.Equal([5, 3, 3, 0], _broker.Queues["q"].Messages.Select(message => (int)message.Body.Span[0]));
    }

    [Fact]
    public async Task Message_Of1_0_IsShownAs0_9_1HasIt()
    {
        await _channel.DeclareAsync("q");
        await using var peer = await _broker.ConnectAsync(new Client.V1_0.AmqpConnectionOptions()).WithPatience();
        await using var session = await peer.OpenSessionAsync().WithPatience();
        var sender = await session.OpenSenderAsync("/queues/q").WithPatience();
        byte[] large = [.. Enumerable.Range(0, 200_000).Select(static n => (byte)n)];
        await sender.SendAsync(AmqpMessage.Of("hello"u8.ToArray())).WithPatience();
        await sender.SendAsync(AmqpMessage.Of(large)).WithPatience();

        var messages = _broker.Queues["q"].Messages;
        Assert.Equal("hello", messages[0].Text);
        Assert.Equal(large, messages[1].Body.ToArray());
    }

    [Fact]
    public async Task Counts_WhileMessagesAreOutAndComeBack_AreRight()
    {
        var queue = _broker.Queues["q"];
        await _channel.DeclareAsync("q");
        for (int n = 0; n < 4; n++)
        {
            await _channel.SendAsync("q", $"{n}");
        }

        // One that is asked for, and one with a consumer that goes.
        var got = await _channel.GetAsync("q").WithPatience();
        Assert.NotNull(got);
        Assert.Equal((4, 3, 1), (queue.MessageCount, queue.ReadyCount, queue.UnackedCount));
        await using var second = await _connection.OpenChannelAsync().WithPatience();
        var consumer = await second.ConsumeAsync("q", prefetchCount: 1).WithPatience();
        await queue.HoldsAsync(now => now is { ReadyCount: 2, UnackedCount: 2, ConsumerCount: 1 });
        Assert.Equal(["2", "3"], queue.Messages.Select(message => message.Text));
        await consumer.CancelAsync().WithPatience();
        await queue.HoldsAsync(now => now.ConsumerCount == 0);

        got.Ack();
        got.Dispose();
        await second.DisposeAsync().WithPatience();
        await queue.HoldsAsync(now => now is { ReadyCount: 3, UnackedCount: 0 });
        Assert.Equal([("1", true), ("2", false), ("3", false)], queue.Messages.Select(message => (message.Text, message.Redelivered)));
    }

    [Fact]
    public async Task WaitUntil_WhatNeverComesTrue_SaysWhatThereIs()
    {
        await _channel.DeclareAsync("q");
        await _channel.SendAsync("q", "a");
        var failure = await Assert.ThrowsAsync<TimeoutException>(() => _broker.Queues["q"].WaitUntilAsync(queue => queue.MessageCount == 2, TimeSpan.FromMilliseconds(20)).WithPatience());
        Assert.Contains("queue 'q' has 1 messages ready, 0 unacknowledged and 0 consumers", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queue_OfABrokerThatHasStopped_IsLookedAtWithoutHarm()
    {
        await _channel.DeclareAsync("q");
        await _channel.SendAsync("q", "a");
        var queue = _broker.Queues["q"];
        await _broker.DisposeAsync().WithPatience();
        Assert.Empty(queue.Messages);
    }

    [Fact]
    public async Task WaitUntil_ThatIsCancelled_Ends()
    {
        using var cancellation = new CancellationTokenSource();
        var waiting = _broker.Queues["q"].WaitUntilAsync(queue => queue.Exists, cancellationToken: cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WithPatience());
    }
}
