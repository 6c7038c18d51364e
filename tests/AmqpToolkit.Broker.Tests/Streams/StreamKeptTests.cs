using AmqpToolkit.Broker.Tests.Durability;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Streams;

/// <summary>Streams outlive the broker, with their offsets; a confirm means what the durability says.</summary>
public sealed class StreamKeptTests
{
    private static readonly (string, object)[] SmallSegments = [("x-stream-max-segment-size-bytes", 10_000)];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ConfirmedMessages_AfterAStopOrACrash_AreThereWithTheirOffsets(bool isCrash)
    {
        await using var broker = await KeptBroker.StartAsync();
        string[] bodies = Numbers(0, 500);
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s", SmallSegments);
            client.Declare("empty");
            foreach (string[] some in bodies.Chunk(20))
            {
                client.Publish("s", some);
            }

            client.Consume("s", 10, "c", ("x-stream-offset", "first"));
            client.Read(50);
            await (isCrash ? broker.CrashAsync() : broker.RestartAsync());
        }

        using var after = new StreamClient(broker.Broker);
        Assert.Equal(500u, after.Declare("s", SmallSegments));
        Assert.Equal(0u, after.Declare("empty"));
        after.Publish("s", "new");
        after.Consume("s", 100, "all", ("x-stream-offset", "first"));
        Assert.Equal([.. bodies.Select((body, offset) => ((long)offset, body)), (500, "new")], after.Read(501));
        after.Cancel("all");
        after.Consume("s", 100, "some", ("x-stream-offset", 250));
        Assert.Equal((250, "250"), after.Read(1)[0]);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Stream_WhoseFolderIsGone_IsMissed_AndGivesNoOffsetTwice(bool isCrash, bool areAllGone)
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("lost");
            client.Declare("empty");
            client.Declare("other");
            client.Publish("other", "kept");
            client.Publish("lost", "0", "1", "2");

            // What is noted of a stream that has begun is on the disk with whatever is kept next.
            await broker.FlushAsync();
            if (isCrash)
            {
                await broker.TakeSnapshotAsync();
            }

            await broker.StopAsync();
        }

        string streams = Path.Combine(broker.Folder, "streams");
        string[] folders = Directory.GetDirectories(streams);
        string gone = folders.Single(folder => Directory.GetFiles(folder).Any(file => File.ReadAllBytes(file).AsSpan().IndexOf("kept"u8) < 0));
        Directory.Delete(areAllGone ? streams : gone, recursive: true);
        await broker.OpenAsync();

        string[] told = [.. broker.Defects.Where(defect => defect.Contains("messages from offset 0", StringComparison.Ordinal))];
        Assert.Equal(areAllGone ? 2 : 1, told.Length);
        Assert.Contains(told, text => text.Contains("queue 'lost' in virtual host '/'", StringComparison.Ordinal));
        using var after = new StreamClient(broker.Broker);
        after.Publish("lost", "new");
        after.Consume("lost", 10, "c", ("x-stream-offset", "first"));
        var (offset, body) = after.Read(1)[0];

        // A broker that was killed has noted where the stream was when its first messages were kept.
        Assert.InRange(offset, isCrash ? 1 : 3, 3);
        Assert.Equal("new", body);
    }

    [Fact]
    public async Task Stream_OfDurabilityOs_WhoseFolderIsGone_IsMissed_AfterAStopInOrder()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s", ("x-durability", "os"));
            client.Publish("s", "0", "1", "2");
            await broker.RestartAsync();
        }

        Assert.Empty(broker.Defects);
        await broker.StopAsync();
        Directory.Delete(Path.Combine(broker.Folder, "streams"), recursive: true);
        await broker.OpenAsync();

        Assert.Contains("messages from offset 0 to 2: no file is there", Assert.Single(broker.Defects), StringComparison.Ordinal);
        using var after = new StreamClient(broker.Broker);
        after.Publish("s", "new");
        after.Consume("s", 10, "c", ("x-stream-offset", "first"));
        Assert.Equal([(3, "new")], after.Read(1));
    }

    [Fact]
    public async Task FirstFile_ThatIsGone_IsMissed_WhenNoLimitCanHaveTakenIt()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s", ("x-stream-max-segment-size-bytes", 16_384));
            foreach (string[] some in Numbers(0, 2_000).Chunk(50))
            {
                client.Publish("s", some);
            }

            await broker.StopAsync();
        }

        string[] files = [.. Directory.GetFiles(Path.Combine(broker.Folder, "streams"), "*.stream", SearchOption.AllDirectories).Order()];
        Assert.True(files.Length > 2);
        File.Delete(files[0]);
        await broker.OpenAsync();

        long first = long.Parse(Path.GetFileNameWithoutExtension(files[1]), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains($"messages from offset 0 to {first - 1}: the file before is not there", Assert.Single(broker.Defects), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fsync")]
    [InlineData("os")]
    public async Task WhatALimitTakes_IsNeverMissed(string durability)
    {
        await using var broker = await KeptBroker.StartAsync();
        (string, object)[] limits = [("x-durability", durability), ("x-stream-max-segment-size-bytes", 16_384), ("x-max-length-bytes", 40_000)];
        for (int round = 0; round < 3; round++)
        {
            using (var client = new StreamClient(broker.Broker))
            {
                client.Declare("s", limits);
                foreach (string[] some in Numbers(0, 2_000).Chunk(50))
                {
                    client.Publish("s", some);
                }
            }

            string streams = Path.Combine(broker.Folder, "streams");
            await Eventually.HoldsAsync(() => Directory.GetFiles(streams, "*.stream", SearchOption.AllDirectories).Length <= 4);
            await (round == 1 ? broker.CrashAsync() : broker.RestartAsync());
            Assert.Empty(broker.Defects);
        }
    }

    /// <summary>A journal that closes still tells who waits, and takes no notes.</summary>
    [Fact]
    public async Task WhatALimitTakes_WhileTheJournalCloses_Stays()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        await broker.FlushAsync();
        var store = broker.Broker.Store!;
        bool isDropped = false;
        disk.HoldSyncs();
        Task stop;
        try
        {
            stop = Task.Run(broker.StopAsync);
            await Eventually.HoldsAsync(() => !store.NoteStream(4711, 0, 1));
            store.Streams.Drop(4711, 1, () => isDropped = true);
        }
        finally
        {
            disk.ReleaseSyncs();
        }

        await stop;
        Assert.False(isDropped);
        await broker.OpenAsync();
    }

    [Fact]
    public async Task Stream_ThatIsDeleted_IsNotMissed()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s");
            client.Publish("s", "0");
            client.Raw.Send(1, new QueueDelete { Queue = "s" });
            client.Raw.Expect(QueueDeleteOkView.MethodKey);
        }

        await broker.RestartAsync();
        await broker.RestartAsync();

        Assert.Empty(broker.Defects);
    }

    [Fact]
    public async Task Confirm_ComesWhenTheLogIsOnTheDisk_AndReadersSeeItThen()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        using var client = new StreamClient(broker.Broker);
        using var reader = new StreamClient(broker.Broker);
        client.Declare("s");
        client.Publish("s", "first");
        reader.Consume("s", 10, "c", ("x-stream-offset", "first"));
        reader.Read(1);
        disk.HoldSyncs();
        try
        {
            int before = disk.SyncCount;
            client.Send("", "s", default, Numbers(0, 100));
            await Eventually.HoldsAsync(() => disk.SyncCount > before);
            client.Ping();
            reader.Ping();
            Assert.Equal(1u, broker.Broker.FindVirtualHost("/")!.FindQueue("s"u8)!.ReadyCount);
        }
        finally
        {
            disk.ReleaseSyncs();
        }

        client.WaitForConfirms();
        Assert.Equal(Numbers(0, 100), reader.Read(100).Select(one => one.Body));
    }

    [Fact]
    public async Task Publishes_OfManyAtOnce_ShareSyncs()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder));
        StreamClient[] clients = [.. Enumerable.Range(0, 8).Select(_ => new StreamClient(broker.Broker))];
        clients[0].Declare("s");
        clients[0].Publish("s", "first");
        disk.HoldSyncs();
        int before = disk.SyncCount;
        try
        {
            foreach (var client in clients)
            {
                client.Send("", "s", default, Numbers(0, 200));
                client.Ping();
            }
        }
        finally
        {
            disk.ReleaseSyncs();
        }

        foreach (var client in clients)
        {
            client.WaitForConfirms();
            client.Dispose();
        }

        // One that was held, one for what had gathered; the log's and the journal's file each.
        Assert.InRange(disk.SyncCount - before, 1, 8);
    }

    [Fact]
    public async Task Publish_DiskBreaks_IsRefused()
    {
        ManualDisk disk = null!;
        await using var broker = await KeptBroker.StartAsync(files: folder => disk = new ManualDisk(folder), toleratesDefects: true);
        using var client = new StreamClient(broker.Broker);
        client.Declare("s");
        client.Publish("s", "first");
        disk.IsBroken = true;
        client.Send("", "s", default, "second");

        client.Raw.Expect(BasicNackView.MethodKey);
    }

    [Fact]
    public async Task Durability_OfMemory_KeepsTheStreamAndNoMessage()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s", ("x-durability", "memory"));
            client.Publish("s", Numbers(0, 10));
            Assert.Equal(10u, client.Declare("s", ("x-durability", "memory")));
            await broker.RestartAsync();
        }

        using var after = new StreamClient(broker.Broker);
        Assert.Equal(0u, after.Declare("s", ("x-durability", "memory")));
    }

    [Fact]
    public async Task Delete_RemovesTheFiles_AlsoThoseThatACrashLeft()
    {
        await using var broker = await KeptBroker.StartAsync();
        string orphan;
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s");
            client.Publish("s", Numbers(0, 100));
            orphan = Assert.Single(Directory.GetDirectories(Path.Combine(broker.Folder, "streams")));
            client.Declare("t");
            client.Publish("t", Numbers(0, 100));
            Assert.Equal(2, Directory.GetDirectories(Path.Combine(broker.Folder, "streams")).Length);
            client.Raw.Send(1, new QueueDelete { Queue = "s" });
            client.Raw.Expect(QueueDeleteOkView.MethodKey);
            await Eventually.HoldsAsync(() => Directory.GetDirectories(Path.Combine(broker.Folder, "streams")).Length == 1);
            Directory.CreateDirectory(orphan);
            await File.WriteAllTextAsync(Path.Combine(orphan, "00000000000000000000.stream"), "left by a crash");
            await broker.RestartAsync();
        }

        Assert.False(Directory.Exists(orphan));
        using var after = new StreamClient(broker.Broker);
        Assert.Equal(0u, after.Declare("s"));
        Assert.Equal(100u, after.Declare("t"));
        after.Publish("s", "new");
        after.Consume("s", 10, "c", ("x-stream-offset", "first"));
        Assert.Equal([(0, "new")], after.Read(1));
    }

    [Fact]
    public async Task Transaction_ToAStream_IsKeptWhenItIsCommitted()
    {
        await using var broker = await KeptBroker.StartAsync();
        using (var client = new StreamClient(broker.Broker))
        {
            client.Declare("s");
            client.Raw.Send(1, new QueueDeclare { Queue = "q", Durable = true });
            client.Raw.Expect(QueueDeclareOkView.MethodKey);
            client.Raw.OpenChannel(3);
            client.Raw.Send(3, default(TxSelect));
            client.Raw.Expect(TxSelectOkView.MethodKey);
            client.Raw.Publish(3, "", "s", "one"u8.ToArray());
            client.Raw.Publish(3, "", "q", "transient"u8.ToArray());
            client.Raw.Send(3, default(TxCommit));
            client.Raw.Expect(TxCommitOkView.MethodKey);
            await broker.CrashAsync();
        }

        // The journal may have had to hand it over again.
        var stream = broker.Broker.FindVirtualHost("/")!.FindQueue("s"u8)!;
        await Eventually.HoldsAsync(() => stream.ReadyCount == 1);
    }

    private static string[] Numbers(int start, int count) => [.. Enumerable.Range(start, count).Select(number => $"{number}")];
}
