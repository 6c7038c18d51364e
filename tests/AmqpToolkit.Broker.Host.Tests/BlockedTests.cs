using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>A client of another maker hears that the broker takes no publishes for now, and when it does again (connection.blocked and connection.unblocked).</summary>
public sealed class BlockedTests
{
    private const int BodyOctets = 64 * 1024;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task MemoryWatermark_IsToldToRabbitMqClient_AndItsEnd()
    {
        await using BrokerExecutable broker = BrokerExecutable.Start("--port 0 --memory --memory-watermark 0.0005");
        var factory = PatientFactory.For((await broker.ListeningAsync()).Port);
        await using IConnection publishing = await factory.CreateConnectionAsync();
        await using IConnection other = await factory.CreateConnectionAsync();
        await using IChannel helper = await other.CreateChannelAsync();
        await helper.QueueDeclareAsync("q", durable: false, exclusive: false, autoDelete: false);
        var blocked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var unblocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        publishing.ConnectionBlockedAsync += (_, told) =>
        {
            blocked.TrySetResult(told.Reason);
            return Task.CompletedTask;
        };
        publishing.ConnectionUnblockedAsync += (_, _) =>
        {
            unblocked.TrySetResult();
            return Task.CompletedTask;
        };

        using var enough = new CancellationTokenSource();
        Task publisher = PublishAsync(publishing, enough.Token);
        Assert.Equal("low on memory", await blocked.Task.WaitAsync(s_patience));
        await enough.CancelAsync();

        // Connections that do not publish go on.
        await helper.QueuePurgeAsync("q");
        await unblocked.Task.WaitAsync(s_patience);
        await publisher.WaitAsync(s_patience);
    }

    private static async Task PublishAsync(IConnection connection, CancellationToken enough)
    {
        IChannel channel = await connection.CreateChannelAsync(cancellationToken: CancellationToken.None);
        byte[] body = new byte[BodyOctets];
        try
        {
            while (!enough.IsCancellationRequested)
            {
                await channel.BasicPublishAsync("", "q", body, enough);
            }
        }
        catch (OperationCanceledException)
        {
            // The socket took no more.
        }
    }
}
