using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Topic permissions and policies, as programs with RabbitMQ.Client meet them.</summary>
[Collection(BrokerCollection.Name)]
public sealed class RabbitMqClientPolicyTests(BrokerFixture broker)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [OwnBrokerFact]
    public async Task TopicPermissions_WithVariables_HoldForKeysOfTheirExchange()
    {
        await using var connection = await ConnectAsync("scoped");
        await using var channel = await ConfirmChannelAsync(connection);
        var queue = await DeclareAsync(channel, "");
        await channel.QueueBindAsync(queue, "amq.topic", "scoped.#");
        await channel.QueueBindAsync(queue, "amq.topic", "/.#");
        await channel.BasicPublishAsync("amq.topic", "scoped.a", mandatory: true, ReadOnlyMemory<byte>.Empty);

        await using var publishing = await connection.CreateChannelAsync();
        var ended = new TaskCompletionSource<ShutdownEventArgs>(TaskCreationOptions.RunContinuationsAsynchronously);
        publishing.ChannelShutdownAsync += (_, reason) =>
        {
            ended.TrySetResult(reason);
            return Task.CompletedTask;
        };
        await publishing.BasicPublishAsync("amq.topic", "other.a", ReadOnlyMemory<byte>.Empty);
        var unwritten = await ended.Task.WaitAsync(Limit);
        await using var binding = await connection.CreateChannelAsync();
        var unread = (await Assert.ThrowsAsync<OperationInterruptedException>(() => binding.QueueBindAsync(queue, "amq.topic", "other.a"))).ShutdownReason!;

        Assert.Equal((403, Refusal("write")), (unwritten.ReplyCode, unwritten.ReplyText));
        Assert.Equal((403, Refusal("read")), (unread.ReplyCode, unread.ReplyText));
        Assert.Equal(1U, await channel.MessageCountAsync(queue));

        static string Refusal(string access) => $"ACCESS_REFUSED - {access} access to topic 'other.a' in exchange 'amq.topic' in vhost '/' refused for user 'scoped'";
    }

    [OwnBrokerFact]
    public async Task Policy_OfTtlAndDeadLetters_MovesWhatExpires()
    {
        await using var connection = await ConnectAsync("guest");
        await using var channel = await ConfirmChannelAsync(connection);
        var queue = await DeclareAsync(channel, Named("lettered"));
        var dead = await DeclareAsync(channel, "");
        await channel.QueueBindAsync(dead, "amq.direct", queue);
        var come = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            come.TrySetResult(Encoding.UTF8.GetString((byte[])delivery.BasicProperties.Headers!["x-first-death-reason"]!));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(dead, autoAck: true, consumer);

        await channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);

        Assert.Equal("expired", await come.Task.WaitAsync(Limit));
    }

    [OwnBrokerFact]
    public async Task Policies_OfLength_HoldWhatUserAndOperatorSay()
    {
        await using var connection = await ConnectAsync("guest");
        await using var channel = await ConfirmChannelAsync(connection);
        var queue = await DeclareAsync(channel, Named("short"));
        var capped = await DeclareAsync(channel, Named("capped"), ("x-max-length", 5));

        for (var i = 0; i < 4; i++)
        {
            await channel.BasicPublishAsync("", capped, mandatory: true, ReadOnlyMemory<byte>.Empty);
        }

        await channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);
        await channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty);
        await Assert.ThrowsAsync<PublishException>(async () => await channel.BasicPublishAsync("", queue, mandatory: true, ReadOnlyMemory<byte>.Empty));
        Assert.Equal((2U, 2U), (await channel.MessageCountAsync(queue), await channel.MessageCountAsync(capped)));
    }

    private static string Named(string prefix) => $"{prefix}-{Guid.NewGuid():N}";

    private static async Task<string> DeclareAsync(IChannel channel, string queue, params (string Key, object Value)[] arguments) => (await channel.QueueDeclareAsync(
        queue, durable: false, exclusive: true, autoDelete: false, arguments.ToDictionary(one => one.Key, one => (object?)one.Value))).QueueName;

    private static Task<IChannel> ConfirmChannelAsync(IConnection connection) =>
        connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));

    private Task<IConnection> ConnectAsync(string user) => new ConnectionFactory
    {
        Uri = new Uri(broker.Url), UserName = user, Password = user, AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit, HandshakeContinuationTimeout = Limit, RequestedConnectionTimeout = Limit,
    }.CreateConnectionAsync();
}
