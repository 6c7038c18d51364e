using System.Net;
using System.Text;
using RabbitMQ.Client;

namespace AmqpToolkit.Broker.Host.Tests;

/// <summary>amqp-broker check and repair, on folders that brokers have left and somebody has damaged.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-broker-check");

    private string Data => Path.Combine(_folder.FullName, "data");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Check_OfAWholeFolder_TellsWhatIsThere()
    {
        await FillAsync();

        var (code, output, error) = await RunAsync("check");

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("queue 'orders' in virtual host '/': 3 messages", output, StringComparison.Ordinal);
        Assert.Contains("stopped in order", output, StringComparison.Ordinal);
        Assert.EndsWith("nothing is damaged\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfAFolder_IsWhatDefinitionsTakes()
    {
        await FillAsync();

        var (code, output, error) = await RunAsync("export");

        Assert.Equal((0, ""), (code, error));
        using var json = System.Text.Json.JsonDocument.Parse(output);
        Assert.Equal("orders", Assert.Single(json.RootElement.GetProperty("queues").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("guest", Assert.Single(json.RootElement.GetProperty("users").EnumerateArray()).GetProperty("name").GetString());
        (code, output, _) = await RunAsync("check");
        Assert.Equal(0, code);
        Assert.Contains("queue 'orders' in virtual host '/': 3 messages", output, StringComparison.Ordinal);
    }

    /// <summary>What is due in a broker that starts, messages whose time was over yesterday, is left as it is.</summary>
    [Fact]
    public async Task Export_OfAFolder_ChangesNothingInIt()
    {
        await FillAsync();
        await FillStreamAsync();
        await using (AmqpBroker broker = await StartAsync(new Yesterday()))
        {
            broker.Users.Set(new BrokerUser { Name = "app", Password = "secret" });
            await using IConnection connection = await ConnectAsync(broker);
            await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
            await channel.QueueDeclareAsync("dead", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueDeclareAsync("brief", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = "dead" });
            await channel.BasicPublishAsync("", "brief", mandatory: true, new BasicProperties { Persistent = true, Expiration = "60000" }, "brief"u8.ToArray());
        }

        string before = Picture();
        var (code, output, error) = await RunAsync("export");

        Assert.Equal(5, code);
        Assert.Equal("left out: user 'app' can log in with SCRAM: of an imported hash nobody can\n", error);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        Assert.Equal(["brief", "dead", "events", "orders"], json.RootElement.GetProperty("queues").EnumerateArray().Select(queue => queue.GetProperty("name").GetString()));
        Assert.Equal(before, Picture());
        Assert.Contains("queue 'brief' in virtual host '/': 1 message", (await RunAsync("check")).Output, StringComparison.Ordinal);

        // It was due indeed.
        await using (AmqpBroker later = await StartAsync())
        {
            await later.Queues["dead"].WaitUntilAsync(queue => queue.MessageCount == 1, TimeSpan.FromMinutes(1));
        }
    }

    [Fact]
    public async Task Export_ToAFile_IsItsOwnersAlone_AndTakesItsPlaceWhole()
    {
        await FillAsync();
        string file = Path.Combine(_folder.FullName, "definitions.json");
        File.WriteAllText(file, "yesterday's");
        var (code, output, _) = await RunAsync("export", "--output", file);

        Assert.Equal((0, ""), (code, output));
        using (var json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(file)))
        {
            Assert.NotEmpty(json.RootElement.GetProperty("users").EnumerateArray());
        }

        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        Assert.Equal([file], Directory.GetFiles(_folder.FullName));

        // What cannot be exported leaves what was there.
        Directory.Delete(Data, recursive: true);
        string before = File.ReadAllText(file);
        Assert.Equal(3, (await RunAsync("export", "--output", file)).Code);
        Assert.Equal(before, File.ReadAllText(file));
    }

    [Fact]
    public async Task Export_OfWhatDoesNotGoAlong_NamesIt_AndEndsAsItIsTold()
    {
        await using (AmqpBroker broker = await StartAsync())
        {
            broker.VirtualHosts.Find("/")!.Policies.Set(new Policy { Name = "kept", Pattern = "^k", Definition = new Dictionary<string, object?> { ["durability"] = "memory", ["max-length"] = 5L } });
            await using IConnection connection = await ConnectAsync(broker);
            await using IChannel channel = await connection.CreateChannelAsync();
            await channel.ExchangeDeclareAsync("spread", "x-consistent-hash", durable: true);
            await channel.ExchangeDeclareAsync("bell\u0007", "x-random", durable: true);
        }

        string file = Path.Combine(_folder.FullName, "definitions.json");
        const string Told = """
            left out: policy 'kept' in virtual host '/': durability 'memory'
            needs a plugin: exchange 'bell?' in virtual host '/': type x-random, of the plugin rabbitmq_random_exchange
            needs a plugin: exchange 'spread' in virtual host '/': type x-consistent-hash, of the plugin rabbitmq_consistent_hash_exchange

            """;
        Assert.Equal((5, "", Told), await RunAsync("export", "--output", file));
        using (var json = System.Text.Json.JsonDocument.Parse(File.ReadAllText(file)))
        {
            Assert.Equal(2, json.RootElement.GetProperty("exchanges").GetArrayLength());
        }

        Assert.Equal((0, "", Told), await RunAsync("export", "--output", file, "--accept-left-out"));
        Damage("guest");
        Assert.Equal(4, (await RunAsync("export", "--output", file, "--accept-left-out")).Code);
    }

    /// <summary>A plugin is somebody else's to enable: everything is in the file.</summary>
    [Fact]
    public async Task Export_OfWhatNeedsAPlugin_IsWhole()
    {
        await using (AmqpBroker broker = await StartAsync())
        {
            await using IConnection connection = await ConnectAsync(broker);
            await using IChannel channel = await connection.CreateChannelAsync();
            await channel.ExchangeDeclareAsync("late", "x-delayed-message", durable: true, autoDelete: false, arguments: new Dictionary<string, object?> { ["x-delayed-type"] = "topic" });
        }

        var (code, _, error) = await RunAsync("export");
        Assert.Equal((0, "needs a plugin: exchange 'late' in virtual host '/': type x-delayed-message, of the plugin rabbitmq_delayed_message_exchange\n"), (code, error));
    }

    [Fact]
    public async Task Export_ToWhereNothingCanBeWritten_LeavesNothingBeside()
    {
        await FillAsync();
        string place = Directory.CreateDirectory(Path.Combine(_folder.FullName, "definitions.json")).FullName;

        var (code, output, error) = await RunAsync("export", "--output", place);

        Assert.Equal((3, ""), (code, output));
        Assert.StartsWith("amqp-broker: ", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.FullName));
        Assert.Equal(3, (await RunAsync("export", "--output", Path.Combine(_folder.FullName, "nowhere", "definitions.json"))).Code);
    }

    [Fact]
    public async Task Export_OfADamagedFolder_SaysThatSomethingMayBeMissing()
    {
        await FillAsync();
        Damage("orders");

        var (code, output, error) = await RunAsync("export");

        Assert.Equal(4, code);
        Assert.Contains("damaged: segment-", error, StringComparison.Ordinal);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        Assert.NotEmpty(json.RootElement.GetProperty("users").EnumerateArray());

        // A part is no reason to lose the whole one of yesterday.
        string file = Path.Combine(_folder.FullName, "definitions.json");
        File.WriteAllText(file, "yesterday's");
        Assert.Equal(4, (await RunAsync("export", "--output", file)).Code);
        Assert.Equal("yesterday's", File.ReadAllText(file));
        Assert.Equal(output.Trim(), File.ReadAllText(file + ".damaged").Trim());
    }

    [Fact]
    public async Task Repair_OfADamagedFolder_LosesWhatIsDamagedAndNothingElse()
    {
        await FillAsync();
        var (file, offset) = Damage("the second");

        var (code, output, _) = await RunAsync("check");
        Assert.Equal(4, code);
        string line = Assert.Single(output.Split('\n'), line => line.StartsWith("damaged: ", StringComparison.Ordinal));
        Assert.Contains($"damaged: {file}, offset ", line, StringComparison.Ordinal);
        long found = long.Parse(line.Split("offset ")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(offset - found, 0, 300);
        Assert.EndsWith("a message of queue 'orders' in virtual host '/'", line, StringComparison.Ordinal);
        Assert.Contains("queue 'orders' in virtual host '/': 2 messages", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync("repair");
        Assert.Equal(0, code);
        Assert.Contains("repaired; the damaged files are in ", output, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Directory.GetDirectories(Data, "damaged-*").Single(), file)));

        (code, output, _) = await RunAsync("check");
        Assert.Equal(0, code);
        Assert.Equal(["the first", "the third"], await DrainAsync());
    }

    [Fact]
    public async Task Check_OfADamagedStream_TellsWhere()
    {
        await FillAsync();
        await FillStreamAsync();
        var (code, output, _) = await RunAsync("check");
        Assert.Equal(0, code);
        Assert.Contains("stream of queue 'events' in virtual host '/': 3 messages, offsets 0 to 2, 1 file, ", output, StringComparison.Ordinal);
        Assert.EndsWith("nothing is damaged\n", output, StringComparison.Ordinal);

        string file = Assert.Single(Directory.GetFiles(Path.Combine(Data, "streams"), "*.stream", SearchOption.AllDirectories));
        byte[] octets = File.ReadAllBytes(file);
        octets[octets.AsSpan().IndexOf("event 1"u8)] ^= 4;
        File.WriteAllBytes(file, octets);
        (code, output, _) = await RunAsync("check");
        Assert.Equal(4, code);
        Assert.Contains(": 2 messages, offsets 0 to 2", output, StringComparison.Ordinal);
        Assert.Contains($"damaged: streams/{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileName(file)}, offset ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("queue 'events' in virtual host '/': 0 messages", output.Replace("stream of ", "", StringComparison.Ordinal), StringComparison.Ordinal);

        (code, output, _) = await RunAsync("repair");
        Assert.Equal(0, code);
        Assert.Contains("stream of queue 'events' in virtual host '/': what is lost is not missed any more", output, StringComparison.Ordinal);
        Assert.Equal(octets, File.ReadAllBytes(Assert.Single(Directory.GetFiles(Directory.GetDirectories(Data, "damaged-*").Single(), "*.stream", SearchOption.AllDirectories))));
        (code, output, _) = await RunAsync("check");
        Assert.Equal(0, code);
        Assert.Contains(": 2 messages, offsets 0 to 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAFolderThatLacksAFile_TellsWhich()
    {
        await FillAsync();
        string file = Find("the first").File;
        File.Delete(Path.Combine(Data, file));

        var (code, output, _) = await RunAsync("check");

        Assert.Equal(4, code);
        Assert.Contains($"damaged: {file}: all records of the file: it is not there\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_OfAFolderThatWasCut_TellsWhere_AndRepairKeepsTheRest()
    {
        await FillAsync();
        var (file, offset) = Find("the third");
        using (FileStream cut = File.OpenWrite(Path.Combine(Data, file)))
        {
            cut.SetLength(offset);
        }

        var (code, output, _) = await RunAsync("check");
        Assert.Equal(4, code);
        Assert.Contains($"damaged: {file}, offset ", output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("repair")).Code);
        Assert.Equal(0, (await RunAsync("check")).Code);
        Assert.Equal(["the first", "the second"], await DrainAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Check_OfAFolderThatLacksStreams_TellsWhich(bool areAllGone)
    {
        await FillStreamAsync();
        string streams = Path.Combine(Data, "streams");
        Directory.Delete(areAllGone ? streams : Directory.GetDirectories(streams).Single(), recursive: true);

        var (code, output, _) = await RunAsync("check");

        Assert.Equal(4, code);
        Assert.Contains("stream of queue 'events' in virtual host '/': 0 messages", output, StringComparison.Ordinal);
        Assert.Contains("queue 'events' in virtual host '/': messages from offset 0 to 2: no file is there", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Folder_ThatLacksItsWholeJournal_IsDamaged_AndNoBrokerTakesItBeforeARepair(bool hasNote)
    {
        await FillStreamAsync();
        Array.ForEach(Directory.GetFiles(Data, "segment-*"), File.Delete);
        string note = Path.Combine(Data, "newest");
        Assert.True(File.Exists(note));
        if (!hasNote)
        {
            File.Delete(note);
        }

        var (code, output, _) = await RunAsync("check");
        Assert.Equal(4, code);
        Assert.Contains("no queue in the journal has these files", output, StringComparison.Ordinal);
        Assert.Equal(hasNote, output.Contains("it is not there", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<BrokerStoreException>(StartAsync);
        Assert.Contains("not its journal", refused.Message, StringComparison.Ordinal);
        string stream = Assert.Single(Directory.GetFiles(Data, "*.stream", SearchOption.AllDirectories));
        byte[] octets = await File.ReadAllBytesAsync(stream);

        (code, output, _) = await RunAsync("repair");
        Assert.Equal(0, code);
        Assert.Contains("its files are in ", output, StringComparison.Ordinal);
        Assert.Equal(octets, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(Data, "*.stream", SearchOption.AllDirectories))));
        Assert.False(File.Exists(stream));
        (code, output, _) = await RunAsync("check");
        Assert.Equal(0, code);
        await FillStreamAsync();
        Assert.Equal(0, (await RunAsync("check")).Code);
    }

    [Fact]
    public async Task Stream_WhoseQueueIsLost_IsDamage_AndARepairSetsItAside()
    {
        await FillStreamAsync();
        await FillAsync();
        File.Delete(Directory.GetFiles(Data, "segment-*").Order().First());

        var (code, output, _) = await RunAsync("check");
        Assert.Equal(4, code);
        Assert.Contains("damaged: streams/", output, StringComparison.Ordinal);
        await (await StartAsync()).DisposeAsync();
        Assert.Single(Directory.GetFiles(Path.Combine(Data, "streams"), "*.stream", SearchOption.AllDirectories));

        (code, output, _) = await RunAsync("repair");
        Assert.Equal(0, code);
        Assert.Contains("which no definition declares: its files are in ", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(Data, "streams"), "*", SearchOption.AllDirectories));
        Assert.Single(Directory.GetFiles(Directory.GetDirectories(Data, "damaged-*").Single(), "*.stream", SearchOption.AllDirectories));
        Assert.Equal(0, (await RunAsync("check")).Code);
    }

    [Fact]
    public async Task LastFile_ThatIsGone_IsTold()
    {
        await FillAsync();
        string[] files = [.. Directory.GetFiles(Data, "segment-*").Order()];
        Array.ForEach(files[^2..], File.Delete);

        var (code, output, _) = await RunAsync("check");

        Assert.Equal(4, code);
        Assert.Contains($"damaged: {Path.GetFileName(files[^2])}: all records ", output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("repair")).Code);
        Assert.Equal(0, (await RunAsync("check")).Code);
    }

    [Fact]
    public async Task EmptiedFile_IsToldWithWhatItHad()
    {
        await FillAsync();
        string file = Find("the first").File;
        await File.WriteAllBytesAsync(Path.Combine(Data, file), []);

        var (code, output, _) = await RunAsync("check");

        Assert.Equal(4, code);
        string line = Assert.Single(output.Split('\n'), line => line.StartsWith($"damaged: {file}, ", StringComparison.Ordinal));
        Assert.True(long.Parse(line.Split(" octets")[0].Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture) > 4096, line);
    }

    [Fact]
    public async Task Check_OfACopyThatNobodyMayWrite_ReadsIt()
    {
        await FillAsync();
        await FillStreamAsync();
        File.Delete(Path.Combine(Data, "lock"));
        string[] files = Directory.GetFiles(Data, "*", SearchOption.AllDirectories);
        Array.ForEach(files, file => File.SetAttributes(file, FileAttributes.ReadOnly));

        var (code, output, error) = await RunAsync("check");

        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("nothing is damaged\n", output, StringComparison.Ordinal);
        Assert.Equal(files.Order(), Directory.GetFiles(Data, "*", SearchOption.AllDirectories).Order());
        Array.ForEach(files, file => File.SetAttributes(file, FileAttributes.Normal));
    }

    [Fact]
    public async Task Repair_OfAWholeFolder_ChangesNothing()
    {
        await FillAsync();

        var (code, output, _) = await RunAsync("repair");

        Assert.Equal(0, code);
        Assert.Contains("nothing was changed", output, StringComparison.Ordinal);
        Assert.Equal(["the first", "the second", "the third"], await DrainAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Repair_ThatWasInterrupted_GoesOn(bool isHalfMoved)
    {
        await FillAsync();
        Damage("the second");
        Assert.Equal(0, (await RunAsync("repair")).Code);

        // As it was before the repaired files came to their place, or when the damaged ones were still there.
        string repaired = Path.Combine(Data, "repaired");
        Directory.CreateDirectory(repaired);
        foreach (string file in (string[])[.. Directory.GetFiles(Data, "segment-*"), Path.Combine(Data, "newest")])
        {
            File.Move(file, Path.Combine(repaired, Path.GetFileName(file)));
        }

        if (isHalfMoved)
        {
            string damaged = Directory.GetDirectories(Data, "damaged-*").Single();
            foreach (string file in Directory.GetFiles(damaged))
            {
                File.Move(file, Path.Combine(Data, Path.GetFileName(file)));
            }

            Directory.Delete(damaged);
        }

        var refused = await Assert.ThrowsAsync<BrokerStoreException>(StartAsync);
        Assert.Contains("amqp-broker repair", refused.Message, StringComparison.Ordinal);
        Assert.Equal(4, (await RunAsync("check")).Code);
        Assert.Equal(0, (await RunAsync("repair")).Code);
        Assert.False(Directory.Exists(repaired));
        Assert.Equal(["the first", "the third"], await DrainAsync());
    }

    [Theory]
    [InlineData("check")]
    [InlineData("repair")]
    [InlineData("export")]
    public async Task Folder_ThatABrokerHas_IsRefusedInPlainWords(string command)
    {
        await FillAsync();
        await using AmqpBroker broker = await StartAsync();

        var (code, output, error) = await RunAsync(command);

        Assert.Equal((3, ""), (code, output));
        Assert.StartsWith("amqp-broker: ", error, StringComparison.Ordinal);
        Assert.Contains("in use", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("repair")]
    [InlineData("export")]
    public async Task Folder_ThatIsNotThere_OrHoldsNothing_IsRefused(string command)
    {
        var (code, _, error) = await RunAsync(command);
        Assert.Equal(3, code);
        Assert.Contains("there is no folder", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));

        Directory.CreateDirectory(Data);
        (code, _, error) = await RunAsync(command);
        Assert.Equal(3, code);
        Assert.Contains("holds no broker's data", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Data));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string command, params string[] options)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int code = await BrokerCommand.RunAsync([command, Data, .. options], output, error);
        return (code, output.ToString(), error.ToString());
    }

    private Task<AmqpBroker> StartAsync() => StartAsync(TimeProvider.System);

    private Task<AmqpBroker> StartAsync(TimeProvider time) => AmqpBroker.StartAsync(new AmqpBrokerOptions { DataDirectory = Data, Endpoints = [new IPEndPoint(IPAddress.Loopback, 0)], TimeProvider = time });

    /// <summary>A clock that is a day behind and goes as the other does.</summary>
    private sealed class Yesterday : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddDays(-1);
    }

    private async Task FillAsync()
    {
        await using AmqpBroker broker = await StartAsync();
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync("orders", durable: true, exclusive: false, autoDelete: false);
        foreach (string body in (string[])["the first", "the second", "the third"])
        {
            await channel.BasicPublishAsync("", "orders", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes(body));
        }
    }

    /// <summary>In three commits, so that each but the last is known to be on the disk by what follows.</summary>
    private async Task FillStreamAsync()
    {
        await using AmqpBroker broker = await StartAsync();
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync("events", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" });
        for (int number = 0; number < 3; number++)
        {
            await channel.BasicPublishAsync("", "events", mandatory: true, new BasicProperties { Persistent = true }, Encoding.UTF8.GetBytes($"event {number}"));
        }
    }

    private async Task<List<string>> DrainAsync()
    {
        await using AmqpBroker broker = await StartAsync();
        await using IConnection connection = await ConnectAsync(broker);
        await using IChannel channel = await connection.CreateChannelAsync();
        List<string> bodies = [];
        while (await channel.BasicGetAsync("orders", autoAck: true) is { } message)
        {
            bodies.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        return bodies;
    }

    /// <summary>All that is in the folder: each file with its octets, its mode and when it was written.</summary>
    private string Picture() => string.Join('\n', new DirectoryInfo(Data).GetFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(one => one.FullName, StringComparer.Ordinal).Select(one =>
        $"{one.FullName} {one.Attributes} {one.LastWriteTimeUtc:O} {(OperatingSystem.IsWindows() ? default : one.UnixFileMode)} {(one is FileInfo file ? Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file.FullName))) : "")}"));

    private static Task<IConnection> ConnectAsync(AmqpBroker broker) => PatientFactory.For(broker.Endpoints[0].Port).CreateConnectionAsync();

    private (string File, long Offset) Damage(string text)
    {
        var (name, at) = Find(text);
        string file = Path.Combine(Data, name);
        byte[] octets = File.ReadAllBytes(file);
        octets[at] ^= 4;
        File.WriteAllBytes(file, octets);
        return (name, at);
    }

    private (string File, long Offset) Find(string text)
    {
        foreach (string file in Directory.GetFiles(Data, "segment-*"))
        {
            int at = File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
            if (at >= 0)
            {
                return (Path.GetFileName(file), at);
            }
        }

        throw new InvalidOperationException($"'{text}' is in no file");
    }
}
