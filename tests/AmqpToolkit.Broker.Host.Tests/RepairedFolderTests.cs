using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>What a repair has accepted nobody hears of again: neither from a check, nor from the brokers that start on the folder.</summary>
public sealed class RepairedFolderTests : IDisposable
{
    private const string Damaged = "the store is damaged";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-broker-repaired");
    private readonly TroubleLog _log = new();

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("the first journal file", false)]
    [InlineData("the first journal file", true)]
    [InlineData("the virtual host", false)]
    [InlineData("the virtual host", true)]
    [InlineData("that it had begun", false)]
    [InlineData("the queue", false)]
    [InlineData("the stream", true)]
    [InlineData("a stream's file between others", false)]
    [InlineData("a stream's file between others", true)]
    [InlineData("a stream's first file", true)]
    [InlineData("a stream's last file", false)]
    public async Task StartAfterARepair_TellsNothing(string damage, bool startsBefore)
    {
        await FillAsync();
        Spoil(damage);
        Assert.Equal(4, (await RunAsync("check")).Code);
        if (startsBefore)
        {
            await StartAndStopAsync();
            Assert.Contains(_log.Entries, entry => entry.StartsWith(Damaged, StringComparison.Ordinal));
            Assert.Equal(4, (await RunAsync("check")).Code);
        }

        var (code, output) = await RunAsync("repair");
        Assert.True(code == 0, output);
        Assert.Equal(damage == "the first journal file", output.Contains("no user is left", StringComparison.Ordinal));
        (code, output) = await RunAsync("check");
        Assert.True(code == 0, output);
        Assert.DoesNotContain("virtual host '?'", output, StringComparison.Ordinal);
        _log.Entries.Clear();
        for (int start = 0; start < 2; start++)
        {
            await StartAndStopAsync();
            Assert.Empty(_log.Entries);
            Assert.Equal(0, (await RunAsync("check")).Code);
        }

        Assert.Contains("nothing was changed", (await RunAsync("repair")).Output, StringComparison.Ordinal);
    }

    /// <summary>The broker tells of it when it starts, as often as it starts, and once.</summary>
    [Fact]
    public async Task StreamsFileBetweenOthers_ThatIsGone_IsToldOnceAStart()
    {
        await FillAsync();
        Spoil("a stream's file between others");
        string check = Assert.Single((await RunAsync("check")).Output.Split('\n'), line => line.StartsWith("damaged: ", StringComparison.Ordinal));
        string what = check[check.IndexOf("messages from offset", StringComparison.Ordinal)..];

        for (int start = 0; start < 2; start++)
        {
            _log.Entries.Clear();
            await using AmqpBroker broker = await StartAsync();
            await using IConnection connection = await PatientFactory.For(broker.Endpoints[0].Port).CreateConnectionAsync();
            await using IChannel channel = await connection.CreateChannelAsync();
            await channel.BasicQosAsync(0, 500, global: false);
            TaskCompletionSource last = new(TaskCreationOptions.RunContinuationsAsynchronously);
            RabbitMQ.Client.Events.AsyncEventingBasicConsumer consumer = new(channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                if (Encoding.UTF8.GetString(delivery.Body.Span).StartsWith("event 79 ", StringComparison.Ordinal))
                {
                    last.TrySetResult();
                }

                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync("events", autoAck: false, "", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-stream-offset"] = "first" }, consumer);
            await last.Task.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.EndsWith(what, Assert.Single(_log.Entries), StringComparison.Ordinal);
        }
    }

    /// <summary>Each start of a damaged folder begins files of its own: they go when the next ones are there.</summary>
    [Fact]
    public async Task StartsOfADamagedFolder_AddNoFilesForEver()
    {
        await FillAsync();
        Spoil("the first journal file");
        int most = 0;
        for (int start = 0; start < 6; start++)
        {
            await using AmqpBroker broker = await StartAsync();
            int before = most;
            for (int declared = 0; ; declared++)
            {
                // Files go behind what is written.
                broker.Users.Set(new BrokerUser { Name = "another", Password = "secret" });
                most = Directory.GetFiles(Data, "segment-*").Length;
                if (start < 3 || most <= before)
                {
                    break;
                }

                Assert.True(declared < 3000, $"{before} files before the start {start}, {most} after it");
                await Task.Delay(20);
            }
        }

        Assert.Equal(4, (await RunAsync("check")).Code);
        Assert.Contains(Directory.GetFiles(Data, "segment-*"), file => File.ReadAllBytes(file).AsSpan().IndexOf("precious"u8) >= 0);
    }

    /// <summary>Whoever ends the process between two moves of a repair leaves a folder that the next one ends with.</summary>
    [Fact]
    public async Task Repair_EndedBetweenAnyOfItsMoves_IsEndedByTheNext()
    {
        await FillAsync();
        Spoil("the queue");
        string before = Path.Combine(_folder.FullName, "before");
        string after = Path.Combine(_folder.FullName, "after");
        Copy(Data, before);
        Assert.Equal(0, (await RunAsync("repair")).Code);
        Directory.Move(Data, after);
        string[] damaged = FilesOf(before);
        string[] repaired = FilesOf(after);
        Assert.True(damaged.Length > 2 && repaired.Length > 1);
        for (int moves = 0; moves <= damaged.Length + repaired.Length; moves++)
        {
            Copy(before, Data);
            string aside = Directory.CreateDirectory(Path.Combine(Data, "damaged-20200101-000000")).FullName;
            string made = Directory.CreateDirectory(Path.Combine(Data, "repaired")).FullName;
            for (int move = 0; move < Math.Min(moves, damaged.Length); move++)
            {
                File.Move(Path.Combine(Data, damaged[move]), Path.Combine(aside, damaged[move]));
            }

            for (int file = 0; file < repaired.Length; file++)
            {
                File.Copy(Path.Combine(after, repaired[file]), Path.Combine(file < moves - damaged.Length ? Data : made, repaired[file]));
            }

            Assert.Equal(4, (await RunAsync("check")).Code);
            var refused = await Assert.ThrowsAsync<BrokerStoreException>(StartAsync);
            Assert.Contains("interrupted", refused.Message, StringComparison.Ordinal);
            var (code, output) = await RunAsync("repair");
            Assert.True(code == 0, $"after {moves} moves: {output}");
            Assert.Equal(repaired, FilesOf(Data));
            Assert.Equal(damaged, Directory.GetDirectories(Data, "damaged-*").SelectMany(FilesOf).OrderByDescending(static file => file.StartsWith("segment-", StringComparison.Ordinal)).ThenBy(static file => file, StringComparer.Ordinal));
            (code, output) = await RunAsync("check");
            Assert.True(code == 0, $"after {moves} moves: {output}");
            Directory.Delete(Data, recursive: true);
        }
    }

    /// <summary>Several journal files, of which the first has what is declared, and too much to be copied forward; a stream of several files.</summary>
    private async Task FillAsync()
    {
        await using (AmqpBroker broker = await StartAsync())
        {
            broker.Users.Set(new BrokerUser { Name = "admin", Password = "secret" });
            await using IConnection connection = await PatientFactory.For(broker.Endpoints[0].Port).CreateConnectionAsync();
            await using IChannel channel = await connection.CreateChannelAsync(Confirming);
            await channel.QueueDeclareAsync("lost", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueDeclareAsync("events", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-stream-max-segment-size-bytes"] = 16_384 });
            await channel.BasicPublishAsync("", "lost", mandatory: true, new BasicProperties { Persistent = true }, new byte[200_000]);
        }

        await using (AmqpBroker broker = await StartAsync())
        {
            await using IConnection connection = await PatientFactory.For(broker.Endpoints[0].Port).CreateConnectionAsync();
            await using IChannel channel = await connection.CreateChannelAsync(Confirming);
            await channel.QueueDeclareAsync("remaining", durable: true, exclusive: false, autoDelete: false);
            await channel.BasicPublishAsync("", "lost", mandatory: true, new BasicProperties { Persistent = true }, "precious"u8.ToArray());
            await channel.BasicPublishAsync("", "remaining", mandatory: true, new BasicProperties { Persistent = true }, "kept"u8.ToArray());
            for (int number = 0; number < 80; number++)
            {
                await channel.BasicPublishAsync("", "events", mandatory: true, Encoding.UTF8.GetBytes($"event {number} ".PadRight(1000)));
            }
        }

        Assert.True(Directory.GetFiles(Data, "segment-*").Length > 2);
        Assert.True(StreamFiles().Length > 3);
        _log.Entries.Clear();
    }

    private void Spoil(string damage)
    {
        string[] files = [.. Directory.GetFiles(Data, "segment-*").Order()];
        switch (damage)
        {
            case "the first journal file":
                File.Delete(files[0]);
                break;
            case "the virtual host":
                // Octets of the name (2), kind (2), octets of the value (4), name.
                Flip(octets => IndexOf(octets, [1, 0, 3, 0], (byte)'/'));
                break;
            case "that it had begun":
                Flip(octets => octets.AsSpan().IndexOf((byte[])[0, 0, 2, 0, 32, 0, 0, 0]) is >= 0 and var at ? at + 10 : -1);
                break;
            case "the queue":
                Flip(octets => octets.AsSpan().IndexOf((byte[])[8, 0, 5, 0]) is >= 0 and var at ? at + 13 : -1);
                break;
            case "the stream":
                Flip(octets => octets.AsSpan().IndexOf((byte[])[10, 0, 5, 0]) is >= 0 and var at ? at + 13 : -1);
                break;
            case "a stream's file between others":
                File.Delete(StreamFiles()[1]);
                break;
            case "a stream's first file":
                File.Delete(StreamFiles()[0]);
                break;
            case "a stream's last file":
                File.Delete(StreamFiles()[^1]);
                break;
        }

        void Flip(Func<byte[], int> find)
        {
            int count = 0;
            foreach (string file in files)
            {
                byte[] octets = File.ReadAllBytes(file);
                if (find(octets) is >= 0 and var at)
                {
                    octets[at] ^= 4;
                    File.WriteAllBytes(file, octets);
                    count++;
                }
            }

            Assert.NotEqual(0, count);
        }

        static int IndexOf(byte[] octets, byte[] begin, byte ninth)
        {
            for (int at = 0; at + 20 < octets.Length; at++)
            {
                if (octets.AsSpan(at).StartsWith(begin) && octets[at + 8] == ninth)
                {
                    return at + 10;
                }
            }

            return -1;
        }
    }

    private string[] StreamFiles() => [.. Directory.GetFiles(Data, "*.stream", SearchOption.AllDirectories).Order()];

    private static string[] FilesOf(string folder) =>
    [
        .. Directory.GetFiles(folder, "segment-*").Select(static file => Path.GetFileName(file)).Order(StringComparer.Ordinal),
        .. Directory.GetFiles(folder, "newest").Select(static file => Path.GetFileName(file)),
    ];

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static CreateChannelOptions Confirming { get; } = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);

    private async Task StartAndStopAsync() => await (await StartAsync()).DisposeAsync();

    private Task<AmqpBroker> StartAsync() => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        DataDirectory = Data,
        Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)],
        LoggerFactory = _log,
    });

    private async Task<(int Code, string Output)> RunAsync(string command)
    {
        using StringWriter output = new() { NewLine = "\n" };
        int code = await BrokerCommand.RunAsync([command, Data], output, output);
        return (code, output.ToString());
    }

    /// <summary>What the broker says of damage.</summary>
    private sealed class TroubleLog : ILoggerFactory, ILogger
    {
        private const int StoreDamaged = 11;
        private const int FolderLeft = 30;
        private const int FirstUsersNotMade = 43;

        public ConcurrentQueue<string> Entries { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
            // Nothing is held.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is StoreDamaged or FolderLeft or FirstUsersNotMade)
            {
                Entries.Enqueue(formatter(state, exception));
            }
        }
    }
}
