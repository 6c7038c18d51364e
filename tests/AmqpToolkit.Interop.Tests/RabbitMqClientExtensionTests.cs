using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AmqpToolkit.Interop.Tests;

/// <summary>RabbitMQ's extensions of routing, as programs with RabbitMQ.Client use them.</summary>
[Collection(BrokerCollection.Name)]
public sealed class RabbitMqClientExtensionTests(BrokerFixture broker) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private IConnection _connection = null!;
    private IChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _connection = await new ConnectionFactory { Uri = new Uri(broker.Url), AutomaticRecoveryEnabled = false, ContinuationTimeout = Limit, HandshakeContinuationTimeout = Limit, RequestedConnectionTimeout = Limit }.CreateConnectionAsync();
        _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
    }

    public async Task DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Fact]
    public async Task DirectReplyTo_OfManyRequests_AnswersEach()
    {
        var server = await _connection.CreateChannelAsync();
        var questions = await DeclareAsync(server);
        var serving = new AsyncEventingBasicConsumer(server);
        serving.ReceivedAsync += async (_, question) =>
        {
            var properties = new BasicProperties { CorrelationId = question.BasicProperties.CorrelationId };
            await server.BasicPublishAsync("", question.BasicProperties.ReplyTo!, mandatory: false, properties, Encoding.UTF8.GetBytes($"answer to {Encoding.UTF8.GetString(question.Body.Span)}"));
        };
        await server.BasicConsumeAsync(questions, autoAck: true, serving);
        var answers = new Dictionary<string, string>();
        var done = new TaskCompletionSource();
        var listening = new AsyncEventingBasicConsumer(_channel);
        listening.ReceivedAsync += (_, answer) =>
        {
            answers[answer.BasicProperties.CorrelationId!] = Encoding.UTF8.GetString(answer.Body.Span);
            if (answers.Count == 20)
            {
                done.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync("amq.rabbitmq.reply-to", autoAck: true, listening);

        for (var i = 0; i < 20; i++)
        {
            var properties = new BasicProperties { ReplyTo = "amq.rabbitmq.reply-to", CorrelationId = $"{i}" };
            await _channel.BasicPublishAsync("", questions, mandatory: true, properties, Encoding.UTF8.GetBytes($"{i}"));
        }

        await done.Task.WaitAsync(Limit);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal($"answer to {i}", answers[$"{i}"]));
    }

    [Fact]
    public async Task Copies_ToOtherQueues_HideTheBlindOnes()
    {
        string[] queues = [await DeclareAsync(_channel), await DeclareAsync(_channel), await DeclareAsync(_channel)];
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["CC"] = new List<object> { queues[1] }, ["BCC"] = new List<object> { queues[2] } } };

        await _channel.BasicPublishAsync("", queues[0], mandatory: true, properties, Encoding.UTF8.GetBytes("to all"));

        foreach (var queue in queues)
        {
            var found = await _channel.BasicGetAsync(queue, autoAck: true);
            Assert.Equal(("to all", queues[0]), (Encoding.UTF8.GetString(found!.Body.Span), found.RoutingKey));

            // The client adds a header of its own.
            Assert.Contains("CC", found.BasicProperties.Headers!.Keys);
            Assert.DoesNotContain("BCC", found.BasicProperties.Headers.Keys);
        }
    }

    [Fact]
    public async Task AlternateExchange_OfAnExchange_CatchesWhatMatchesNothing()
    {
        var caught = await DeclareExchangeAsync("fanout");
        var exchange = await DeclareExchangeAsync("direct", ("alternate-exchange", caught));
        var queue = await DeclareAsync(_channel);
        await _channel.QueueBindAsync(queue, caught, "");

        await _channel.BasicPublishAsync(exchange, "nobody", mandatory: true, Encoding.UTF8.GetBytes("caught"));

        var found = await _channel.BasicGetAsync(queue, autoAck: true);
        Assert.Equal((exchange, "nobody"), (found!.Exchange, found.RoutingKey));
    }

    [Fact]
    public async Task ExchangeBinding_ToAnotherExchange_PassesMessagesOn()
    {
        var source = await DeclareExchangeAsync("fanout");
        var destination = await DeclareExchangeAsync("topic");
        var queue = await DeclareAsync(_channel);
        await _channel.QueueBindAsync(queue, destination, "a.#");
        await _channel.ExchangeBindAsync(destination, source, "");

        await _channel.BasicPublishAsync(source, "a.b", mandatory: true, Encoding.UTF8.GetBytes("through"));

        Assert.Equal(1U, await _channel.MessageCountAsync(queue));
        await _channel.ExchangeUnbindAsync(destination, source, "");
    }

    [Theory]
    [InlineData("all", "abd")]
    [InlineData("any", "abde")]
    [InlineData("all-with-x", "b")]
    [InlineData("any-with-x", "abcd")]
    [InlineData(null, "abd")]
    public async Task HeadersExchange_WithAFormOfMatching_TakesWhatItSays(string? match, string expected)
    {
        var exchange = await DeclareExchangeAsync("headers");
        var queue = await DeclareAsync(_channel);
        var arguments = new Dictionary<string, object?> { ["colour"] = "red", ["x-size"] = 1 };
        if (match is not null)
        {
            arguments["x-match"] = match;
        }

        if (match == "any")
        {
            arguments["size"] = 2;
        }

        await _channel.QueueBindAsync(queue, exchange, "", arguments);

        await PublishAsync("a", ("colour", "red"));
        await PublishAsync("b", ("colour", "red"), ("x-size", 1));
        await PublishAsync("c", ("x-size", 1));
        await PublishAsync("d", ("colour", "red"), ("size", 2));
        await PublishAsync("e", ("size", 2));
        await PublishAsync("f", ("colour", "blue"));

        Assert.Equal(expected, string.Concat((await DrainAsync(queue)).Select(found => Encoding.UTF8.GetString(found.Body.Span))));

        async Task PublishAsync(string body, params (string Key, object Value)[] headers) => await _channel.BasicPublishAsync(
            exchange, "", mandatory: false, new BasicProperties { Headers = headers.ToDictionary(one => one.Key, one => (object?)one.Value) }, Encoding.UTF8.GetBytes(body));
    }

    [PluginTheory]
    [InlineData("x-random")]
    [InlineData("x-modulus-hash")]
    public async Task ExchangeThatShares_AmongTwoQueues_GivesToBoth(string type)
    {
        var exchange = await DeclareExchangeAsync(type);
        string[] queues = [await DeclareAsync(_channel), await DeclareAsync(_channel)];
        foreach (var queue in queues)
        {
            await _channel.QueueBindAsync(queue, exchange, "");
        }

        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => _channel.BasicPublishAsync(exchange, $"key-{i % 50}", mandatory: true, ReadOnlyMemory<byte>.Empty).AsTask())).WaitAsync(Limit);

        var first = (await DrainAsync(queues[0])).Select(found => found.RoutingKey).ToList();
        var second = (await DrainAsync(queues[1])).Select(found => found.RoutingKey).ToList();
        Assert.Equal(100, first.Count + second.Count);
        Assert.NotEmpty(first);
        Assert.NotEmpty(second);
        Assert.True(type == "x-random" || !first.Intersect(second).Any(), "a key went two ways");
    }

    [PluginFact]
    public async Task RecentHistory_ForWhoComesLate_HasTheLastMessages()
    {
        var exchange = $"history-{Guid.NewGuid():N}";
        await _channel.ExchangeDeclareAsync(exchange, "x-recent-history", durable: false, autoDelete: false, new Dictionary<string, object?> { ["x-recent-history-length"] = 2 });
        foreach (var body in new[] { "a", "b", "c" })
        {
            await _channel.BasicPublishAsync(exchange, "k", Encoding.UTF8.GetBytes(body));
        }

        var queue = await DeclareAsync(_channel);
        await _channel.QueueBindAsync(queue, exchange, "");

        Assert.Equal(["k b", "k c"], (await DrainAsync(queue)).Select(found => $"{found.RoutingKey} {Encoding.UTF8.GetString(found.Body.Span)}"));
        await _channel.ExchangeDeleteAsync(exchange);
    }

    [PluginFact]
    public async Task DelayedExchange_WithDelays_DeliversInTheirOrder()
    {
        var exchange = await DeclareExchangeAsync("x-delayed-message", ("x-delayed-type", "direct"));
        var queue = await DeclareAsync(_channel);
        await _channel.QueueBindAsync(queue, exchange, "k");
        var found = new List<string>();
        var done = new TaskCompletionSource();
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            found.Add($"{Encoding.UTF8.GetString(delivery.Body.Span)} {delivery.BasicProperties.Headers!["x-delay"]}");
            if (found.Count == 3)
            {
                done.TrySetResult();
            }

            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(queue, autoAck: true, consumer);

        foreach (var (body, delay) in new[] { ("last", 4000), ("middle", 2000), ("first", 0) })
        {
            var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["x-delay"] = delay } };
            await _channel.BasicPublishAsync(exchange, "k", mandatory: false, properties, Encoding.UTF8.GetBytes(body));
        }

        await done.Task.WaitAsync(Limit);
        Assert.Equal(["first 0", "middle -2000", "last -4000"], found);
    }

    [PluginFact]
    public async Task ConsistentHash_WithWeights_SharesByThem()
    {
        var exchange = await DeclareExchangeAsync("x-consistent-hash");
        string[] queues = [await DeclareAsync(_channel), await DeclareAsync(_channel)];
        await _channel.QueueBindAsync(queues[0], exchange, "1");
        await _channel.QueueBindAsync(queues[1], exchange, "3");

        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => _channel.BasicPublishAsync(exchange, $"key-{i}", mandatory: true, ReadOnlyMemory<byte>.Empty).AsTask())).WaitAsync(Limit);

        var first = await _channel.MessageCountAsync(queues[0]);
        Assert.InRange(first, 60U, 140U);
        Assert.Equal(400U, first + await _channel.MessageCountAsync(queues[1]));
    }

    private static async Task<string> DeclareAsync(IChannel channel) => (await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: false)).QueueName;

    private async Task<List<BasicGetResult>> DrainAsync(string queue)
    {
        var all = new List<BasicGetResult>();
        while (await _channel.BasicGetAsync(queue, autoAck: true) is { } found)
        {
            all.Add(found);
        }

        return all;
    }

    private async Task<string> DeclareExchangeAsync(string type, params (string Key, object Value)[] arguments)
    {
        var name = $"{type}-{Guid.NewGuid():N}";
        await _channel.ExchangeDeclareAsync(name, type, durable: false, autoDelete: true, arguments.ToDictionary(one => one.Key, one => (object?)one.Value));
        return name;
    }
}
