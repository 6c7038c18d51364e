namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>What becomes of messages and files when what says whose they are is lost.</summary>
public sealed class LostDefinitionTests
{
    /// <summary>name's octets (1), kind (of a virtual host), value's octets, "/".</summary>
    private static readonly byte[] s_virtualHostBegins = [1, 0, 3, 0];

    [Fact]
    public async Task VirtualHost_ThatIsLost_IsMadeAgainWithAllThatIsInIt()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("q");
            client.Bind("q", "amq.fanout");
            client.Publish("q", "kept");
        }

        await broker.StopAsync();
        Assert.NotEqual(0, Damage(broker.Folder, s_virtualHostBegins, (byte)'/'));
        await broker.OpenAsync();
        using (var after = new KeptClient(broker))
        {
            after.Publish("amq.fanout", "", new Codec.V0_9_1.BasicProperties { DeliveryMode = 2 }, "more");
        }

        await broker.RestartAsync();
        using var again = new KeptClient(broker);
        Assert.Equal(["kept", "more"], again.Drain("q"));
    }

    [Fact]
    public async Task Messages_WhoseQueueIsLost_StayInTheFolderUntilARepair()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("lost");
            client.Publish("lost", "precious octets");
        }

        await broker.StopAsync();
        Assert.NotEqual(0, Damage(broker.Folder, "lost"u8.ToArray(), null));
        for (int start = 0; start < 3; start++)
        {
            await broker.OpenAsync();
            await broker.StopAsync();
            Assert.Contains(Directory.EnumerateFiles(broker.Folder, "*.journal"), file => File.ReadAllBytes(file).AsSpan().IndexOf("precious octets"u8) >= 0);
        }

        await broker.OpenAsync();
    }

    [Fact]
    public async Task DamageOfADefinition_IsToldAtEveryStartUntilARepair()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        using (var client = new KeptClient(broker))
        {
            client.Declare("lost");
        }

        await broker.StopAsync();
        Assert.NotEqual(0, Damage(broker.Folder, "lost"u8.ToArray(), null));
        for (int start = 0; start < 3; start++)
        {
            await broker.OpenAsync();
            Assert.True(broker.Broker.Store!.HasMetDamage, $"start {start}");
            await broker.StopAsync();
        }

        await broker.OpenAsync();
    }

    [Fact]
    public async Task FirstUsers_OfAStoreThatDoesNotSayThatItHadBegun_DoNotComeBack()
    {
        await using var broker = await KeptBroker.StartAsync(toleratesDefects: true);
        broker.Broker.Users.Set(new BrokerUser { Name = "admin", Password = "secret" });
        broker.Broker.Users.Delete("guest");
        await broker.StopAsync();
        Assert.NotEqual(0, Damage(broker.Folder, [0, 0, 2, 0, 32, 0, 0, 0], null));
        for (int start = 0; start < 2; start++)
        {
            await broker.OpenAsync();
            Assert.Equal(["admin"], broker.Broker.Users.Names);
            await broker.StopAsync();
        }

        await broker.OpenAsync();
    }

    [Fact]
    public async Task StreamsFolder_ThatNobodyKnowsOf_IsLeft()
    {
        await using var broker = await KeptBroker.StartAsync();
        await broker.StopAsync();
        string file = Path.Combine(Directory.CreateDirectory(Path.Combine(broker.Folder, "streams", "4711")).FullName, "00000000000000000000.stream");
        await File.WriteAllTextAsync(file, "somebody's");
        await broker.OpenAsync();
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task NumberOfAFolder_ThatNobodyKnowsOf_IsGivenToNoStream()
    {
        await using var broker = await KeptBroker.StartAsync();
        await broker.StopAsync();
        for (int number = 1200; number < 1300; number++)
        {
            string folder = Directory.CreateDirectory(Path.Combine(broker.Folder, "streams", $"{number}")).FullName;
            await File.WriteAllTextAsync(Path.Combine(folder, "00000000000000000000.stream"), "somebody's");
        }

        await broker.OpenAsync();
        using (var client = new Streams.StreamClient(broker.Broker))
        {
            client.Declare("s");
            client.Publish("s", "kept");
        }

        Assert.True(Directory.Exists(Path.Combine(broker.Folder, "streams", "1300")));
    }

    [Fact]
    public async Task Folder_WhoseJournalIsGone_IsTakenByNoBroker()
    {
        await using var broker = await KeptBroker.StartAsync();
        await broker.StopAsync();
        Array.ForEach(Directory.GetFiles(broker.Folder, "segment-*"), File.Delete);

        for (int start = 0; start < 2; start++)
        {
            var refused = await Assert.ThrowsAsync<BrokerStoreException>(() => broker.OpenAsync());
            Assert.Contains("but not its journal", refused.Message, StringComparison.Ordinal);
        }

        File.Delete(Path.Combine(broker.Folder, "newest"));
        await broker.OpenAsync();
    }

    /// <summary>Flips a bit behind some octets, wherever they stand in the journal's files.</summary>
    private static int Damage(string folder, byte[] octets, byte? ninth)
    {
        int damaged = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "segment-*.journal"))
        {
            byte[] content = File.ReadAllBytes(file);
            for (int at = 0; at + 32 < content.Length; at++)
            {
                if (content.AsSpan(at).StartsWith(octets) && (ninth is null || content[at + 8] == ninth))
                {
                    content[at + octets.Length + 6] ^= 4;
                    damaged++;
                    if (ninth is null)
                    {
                        break;
                    }
                }
            }

            File.WriteAllBytes(file, content);
        }

        return damaged;
    }
}
