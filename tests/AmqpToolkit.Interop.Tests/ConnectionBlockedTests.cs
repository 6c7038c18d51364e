using RabbitMQ.Client;

namespace AmqpToolkit.Interop.Tests;

/// <summary>connection.blocked and connection.unblocked: a connection that publishes while memory is short hears of it, and of its end.</summary>
[Collection(BrokerCollection.Name)]
public sealed class ConnectionBlockedTests(ShortOfMemoryFixture broker) : IClassFixture<ShortOfMemoryFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan BetweenTrials = TimeSpan.FromMilliseconds(20);

    [PythonTheory("pika", NeedsOwnBroker = true)]
    [InlineData("blocked")]
    public Task Pika_WhileMemoryIsShort_HearsOfIt(string scenario) => ForeignProgram.RunScenariosAsync(Peers.Python, "pika_extensions.py", broker.Url, scenario);

    [NodeTheory("amqplib", NeedsOwnBroker = true)]
    [InlineData("blocked")]
    public Task Amqplib_WhileMemoryIsShort_HearsOfIt(string scenario) => ForeignProgram.RunScenariosAsync("node", "amqplib_extensions.js", broker.Url, scenario);

    [OwnBrokerFact]
    public async Task RabbitMqClient_WhileMemoryIsShort_HearsOfIt()
    {
        await using var connection = await ConnectAsync();
        await using var control = await ConnectAsync();
        await using var filling = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await using var other = await control.CreateChannelAsync();
        await using var filler = await filling.CreateChannelAsync();
        var (blocked, unblocked) = (new TaskCompletionSource<string>(), new TaskCompletionSource());
        connection.ConnectionBlockedAsync += (_, told) =>
        {
            blocked.TrySetResult(told.Reason);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            unblocked.TrySetResult();
            return Task.CompletedTask;
        };
        var queue = (await other.QueueDeclareAsync()).QueueName;
        var filled = FillAsync(filler, queue);
        using var limit = new CancellationTokenSource(Limit);

        while (!blocked.Task.IsCompleted)
        {
            await channel.BasicPublishAsync("amq.direct", "nobody", ReadOnlyMemory<byte>.Empty, limit.Token);
            await Task.WhenAny(blocked.Task, Task.Delay(BetweenTrials, limit.Token));
        }

        await other.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: limit.Token); // what the other has still to publish goes nowhere
        await unblocked.Task.WaitAsync(limit.Token);
        Assert.Equal("low on memory", await blocked.Task);
        await filled.WaitAsync(limit.Token);
    }

    private static async Task FillAsync(IChannel channel, string queue)
    {
        for (var i = 0; i < 256; i++)
        {
            await channel.BasicPublishAsync("", queue, new byte[64 * 1024]);
        }
    }

    private Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = new Uri(broker.Url), AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit }.CreateConnectionAsync();
}
