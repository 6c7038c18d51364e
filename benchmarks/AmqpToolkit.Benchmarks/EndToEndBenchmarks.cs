using BenchmarkDotNet.Attributes;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace AmqpToolkit.Benchmarks;

/// <summary>RabbitMQ.Client against the broker that <c>AMQP_URL</c> names. Times are for one message of a run of many.</summary>
[MemoryDiagnoser]
[BenchmarkCategory("EndToEnd")]
public class EndToEndBenchmarks
{
    private const int Messages = 10_000;
    private const ushort Prefetch = 1000;

    private readonly ReadOnlyMemory<byte> _body = Sample.Body;
    private readonly CachedString _exchange = new(string.Empty);
    private IConnection? _connection;
    private IChannel? _publisher;
    private IChannel? _confirmer;
    private IChannel? _consumer;
    private string _queue = string.Empty;
    private string _sink = string.Empty;

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        _connection = await new ConnectionFactory { Uri = BrokerAddress.Value }.CreateConnectionAsync();
        _publisher = await _connection.CreateChannelAsync();
        _confirmer = await _connection.CreateChannelAsync(new CreateChannelOptions(
            publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        _consumer = await _connection.CreateChannelAsync();
        await _consumer.BasicQosAsync(prefetchSize: 0, prefetchCount: Prefetch, global: false);
        _queue = (await _publisher.QueueDeclareAsync(exclusive: true, autoDelete: false)).QueueName;
        _sink = (await _publisher.QueueDeclareAsync(exclusive: true, autoDelete: false)).QueueName;
    }

    [GlobalCleanup]
    public async Task DisconnectAsync()
    {
        IConnection connection = _connection!;
        await connection.CloseAsync();
        await connection.DisposeAsync();
    }

    [Benchmark(Description = "RabbitMQ.Client: publish", OperationsPerInvoke = Messages)]
    public async Task PublishAsync()
    {
        var sink = new CachedString(_sink);
        for (int message = 0; message < Messages; message++)
        {
            await _publisher!.BasicPublishAsync(_exchange, sink, mandatory: false, new BasicProperties(), _body);
        }

        await _publisher!.QueuePurgeAsync(_sink); // answered when the broker has read them all
    }

    [Benchmark(Description = "RabbitMQ.Client: publish, wait for each confirm", OperationsPerInvoke = Messages / 10)]
    public async Task PublishConfirmedAsync()
    {
        var sink = new CachedString(_sink);
        for (int message = 0; message < Messages / 10; message++)
        {
            await _confirmer!.BasicPublishAsync(_exchange, sink, mandatory: false, new BasicProperties(), _body);
        }

        await _confirmer!.QueuePurgeAsync(_sink);
    }

    [Benchmark(Description = "RabbitMQ.Client: publish and consume, manual acks", OperationsPerInvoke = Messages)]
    public async Task PublishAndConsumeAsync()
    {
        var queue = new CachedString(_queue);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int received = 0;
        var consumer = new AsyncEventingBasicConsumer(_consumer!);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            await _consumer!.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            if (++received == Messages)
            {
                done.SetResult();
            }
        };
        string tag = await _consumer!.BasicConsumeAsync(_queue, autoAck: false, consumer);
        for (int message = 0; message < Messages; message++)
        {
            await _publisher!.BasicPublishAsync(_exchange, queue, mandatory: false, new BasicProperties(), _body);
        }

        await done.Task;
        await _consumer!.BasicCancelAsync(tag);
    }
}
