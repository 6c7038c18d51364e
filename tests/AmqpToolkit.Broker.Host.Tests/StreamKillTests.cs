using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>The executable is killed while a stream is written and read: what was confirmed is there, and an offset that a reader has seen is that message's for ever.</summary>
public sealed class StreamKillTests(ITestOutputHelper output)
{
    private const string Stream = "kill.stream";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, object?> _arguments = new() { ["x-queue-type"] = "stream", ["x-stream-max-segment-size-bytes"] = 100_000 };

    private readonly ConcurrentDictionary<long, byte> _confirmed = new();
    private readonly ConcurrentDictionary<long, long> _seen = new();
    private readonly ConcurrentQueue<string> _mistakes = new();
    private long _published;

    [Fact]
    public async Task KillUnderLoad_LosesNothingConfirmedAndMovesNoOffset()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("amqp-broker-kill");
        try
        {
            int rounds = 0;
            do
            {
                await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --data {folder.FullName}");
                await RunAsync((await broker.ListeningAsync()).Port, TimeSpan.FromMilliseconds(random.Next(100, 500)), broker.KillAsync);
                rounds++;
                await FolderCheck.FindsNothingAsync(folder.FullName, $"seed {seed}, round {rounds}");
            }
            while (rounds < 5 || (_confirmed.IsEmpty && rounds < 50));

            await using BrokerExecutable last = BrokerExecutable.Start($"--port 0 --data {folder.FullName}");
            int count = await CheckAsync((await last.ListeningAsync()).Port);
            output.WriteLine($"seed {seed}: {rounds} rounds, {_published} published, {_confirmed.Count} confirmed, {_seen.Count} read before the end, {count} there");
            Assert.True(_mistakes.IsEmpty, $"seed {seed}: {string.Join('\n', _mistakes.Take(20))}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("fsync")]
    [InlineData("os")]
    public async Task KillWhileALimitTakesFiles_IsNoDamage(string durability)
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        (_arguments["x-stream-max-segment-size-bytes"], _arguments["x-max-length-bytes"], _arguments["x-durability"]) = (16_384, 50_000, durability);
        DirectoryInfo folder = Directory.CreateTempSubdirectory("amqp-broker-kill");
        try
        {
            string first = Path.Combine(folder.FullName, "streams");
            for (int round = 0; round < 4 || (HasFirst(first) && round < 50); round++)
            {
                await using BrokerExecutable broker = BrokerExecutable.Start($"--port 0 --data {folder.FullName}");
                await RunAsync((await broker.ListeningAsync()).Port, TimeSpan.FromMilliseconds(random.Next(100, 500)), broker.KillAsync);
                await FolderCheck.FindsNothingAsync(folder.FullName, $"seed {seed}, round {round}");
            }

            Assert.False(HasFirst(first), "the limit has taken nothing");
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        static bool HasFirst(string streams) =>
            !Directory.Exists(streams) || Directory.GetFiles(streams, "*.stream", SearchOption.AllDirectories) is [] || Directory.GetFiles(streams, "00000000000000000000.stream", SearchOption.AllDirectories).Length > 0;
    }

    private async Task RunAsync(int port, TimeSpan time, Func<Task> kill)
    {
        IConnection connection = await PatientFactory.For(port).CreateConnectionAsync();
        await ConsumeAsync(await connection.CreateChannelAsync());
        using var over = new CancellationTokenSource();
        Task publishing = PublishAsync(connection, over.Token);
        await Task.Delay(time, CancellationToken.None);
        await kill();

        // The client does not end every publish whose connection has gone.
        await over.CancelAsync();
        await publishing.WaitAsync(Patience);
        await connection.AbortAsync(TimeSpan.FromSeconds(5));
    }

    private async Task PublishAsync(IConnection connection, CancellationToken over)
    {
        try
        {
            IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), CancellationToken.None);
            var open = new Queue<Task>();
            while (true)
            {
                open.Enqueue(PublishOneAsync(channel, _published++));
                if (open.Count == 100)
                {
                    await open.Dequeue().WaitAsync(over);
                }
            }
        }
        catch (Exception exception) when (KillLoad.IsEnd(exception))
        {
            // Killed.
        }
    }

    private async Task PublishOneAsync(IChannel channel, long number)
    {
        await channel.BasicPublishAsync("", Stream, Encoding.UTF8.GetBytes($"{number}".PadRight((int)(number * 7919 % 600))));
        _confirmed.TryAdd(number, 0);
    }

    private async Task ConsumeAsync(IChannel channel, Action<long>? onMessage = null)
    {
        await channel.QueueDeclareAsync(Stream, durable: true, exclusive: false, autoDelete: false, _arguments);
        await channel.BasicQosAsync(0, 500, global: false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            long offset = (long)delivery.BasicProperties.Headers!["x-stream-offset"]!;
            long number = long.Parse(Encoding.UTF8.GetString(delivery.Body.Span).Trim(), CultureInfo.InvariantCulture);
            if (_seen.GetOrAdd(offset, number) is var before && before != number)
            {
                _mistakes.Enqueue($"offset {offset} was message {before} and is {number}");
            }

            onMessage?.Invoke(number);
            try
            {
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
            }
            catch (Exception exception) when (KillLoad.IsEnd(exception))
            {
                // Killed.
            }
        };
        await channel.BasicConsumeAsync(Stream, autoAck: false, "", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-stream-offset"] = "first" }, consumer);
    }

    /// <summary>Reads the whole stream, and holds it against what is known.</summary>
    /// <returns>How many messages it has.</returns>
    private async Task<int> CheckAsync(int port)
    {
        await using IConnection connection = await PatientFactory.For(port).CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        int count = (int)(await channel.QueueDeclareAsync(Stream, durable: true, exclusive: false, autoDelete: false, _arguments)).MessageCount;
        var there = new HashSet<long>();
        int read = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await ConsumeAsync(channel, number =>
        {
            if (!there.Add(number))
            {
                _mistakes.Enqueue($"message {number} is there twice");
            }

            if (++read == count)
            {
                all.TrySetResult();
            }
        });
        await all.Task.WaitAsync(Patience);
        long[] lost = [.. _confirmed.Keys.Where(number => !there.Contains(number)).Order()];
        if (lost.Length > 0)
        {
            _mistakes.Enqueue($"{lost.Length} confirmed messages are lost: {string.Join(", ", lost.Take(10))}");
        }

        return count;
    }
}
