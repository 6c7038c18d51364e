using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Tests;
using Xunit.Abstractions;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>Users, virtual hosts, policies, exchanges, queues and bindings, from one life of a broker to the next.</summary>
public sealed class DefinitionRecoveryTests(ITestOutputHelper output)
{
    private static readonly object Nobody = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_AfterAStopOrAKill_HasEverythingThatWasDurable(bool isKilled)
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        Fill(broker);
        string before = BrokerText.Describe(broker);
        await broker.FlushAsync();

        var left = isKilled ? disk.Kill() : disk;
        await broker.DisposeAsync();
        await using var again = await StoredBroker.StartAsync(isKilled ? left : left.Kill());

        Assert.Equal(before, BrokerText.Describe(again));
        Assert.NotNull(again.Users.Authenticate(new SaslCredentials("app", "secret"), isLoopback: false));
        Assert.Equal(["orders"], Route(again, "shop", "events", "order.new"));
        Assert.Equal(["orders"], Route(again, "shop", "hop", "order.new"));
        Assert.Equal(["orders"], Route(again, "shop", "amq.topic", "x"));
        Assert.Equal(["orders"], Route(again, "shop", "late", "k"));
    }

    [Fact]
    public async Task Start_WhatWasNotDurable_IsGoneWithItsBindings()
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        var root = broker.FindVirtualHost("/")!;
        Queue(root, "transient", durable: false);
        Queue(root, "kept");
        Assert.Null(root.DeclareQueue("exclusive"u8, false, durable: true, exclusive: true, false, default, Nobody, out _));
        Exchange(root, "passing", "fanout", durable: false);
        foreach (string queue in new[] { "transient", "exclusive", "kept" })
        {
            Assert.Null(root.BindQueue(Utf8(queue), "amq.fanout"u8, default, default, Nobody));
            Assert.Null(root.BindQueue(Utf8(queue), "passing"u8, default, default, Nobody));
        }

        await broker.FlushAsync();
        await using var again = await StoredBroker.StartAsync(disk.Kill());

        root = again.FindVirtualHost("/")!;
        Assert.Equal(["kept"], root.Queues.Select(queue => queue.NameText));
        Assert.Null(root.FindExchange("passing"u8));
        Assert.Equal(["kept"], Route(again, "/", "amq.fanout", ""));
    }

    [Fact]
    public async Task Start_WhatWasDeleted_StaysDeleted()
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        string before = BrokerText.Describe(broker);
        Fill(broker);
        var shop = broker.VirtualHosts.Find("shop")!;
        Assert.Null(shop.Topology.DeleteQueue("orders"u8, false, false, Nobody, out _, out _));
        Assert.Null(shop.Topology.DeleteExchange("late"u8, false));
        Assert.True(shop.Policies.Delete("ttl"));
        broker.Users.ClearPermission("app", "shop");
        await broker.FlushAsync();
        await using (var middle = await StoredBroker.StartAsync(disk.Kill()))
        {
            Assert.Null(middle.FindVirtualHost("shop")!.FindQueue("orders"u8));
            Assert.Null(middle.FindVirtualHost("shop")!.FindExchange("late"u8));
            Assert.DoesNotContain(middle.VirtualHosts.Find("shop")!.Policies.All, policy => policy.Name == "ttl");
            Assert.Equal(["/"], middle.Users.Find("app")!.Permissions!.Select(one => one.VirtualHost));
        }

        Assert.True(broker.VirtualHosts.Delete("shop"));
        Assert.True(broker.Users.Delete("app"));
        await broker.FlushAsync();
        await using var again = await StoredBroker.StartAsync(disk.Kill());

        Assert.Equal(before, BrokerText.Describe(again));
    }

    [Fact]
    public async Task Start_OfAStoreThatHadItsUsers_BringsNoFirstUserBack()
    {
        var disk = new SimulatedDisk();
        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            broker.Users.Set(new BrokerUser { Name = "me", Password = "secret" });
            Assert.True(broker.Users.Delete("guest"));
            Assert.True(broker.VirtualHosts.Delete("/"));
        }

        await using var again = await StoredBroker.StartAsync(disk.Kill());

        Assert.Equal(["me"], again.Users.Names);
        Assert.Empty(again.VirtualHosts.Names);
    }

    [Fact]
    public async Task Start_AfterAQueueOfTheSameNameCameWhileTheOldOneWasTakenApart_HasTheBindingsOfTheNewOne()
    {
        const int Bindings = 2000;
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        var root = broker.FindVirtualHost("/")!;
        Queue(root, "q");
        for (int index = 0; index < Bindings; index++)
        {
            Assert.Null(root.BindQueue("q"u8, "amq.direct"u8, Utf8($"{index}"), default, Nobody));
        }

        // The slices of the deletion and the new queue's bindings take turns.
        var deletion = Task.Run(() => root.DeleteQueue("q"u8, false, false, Nobody, out _, out _));
        while (root.FindQueue("q"u8) is not null)
        {
            await Task.Yield();
        }

        Queue(root, "q");
        Assert.Null(root.BindQueue("q"u8, "amq.direct"u8, "7"u8, default, Nobody));
        await deletion;
        await broker.FlushAsync();
        await using var again = await StoredBroker.StartAsync(disk.Kill());

        Assert.Equal(["q"], Route(again, "/", "amq.direct", "7"));
        Assert.Empty(Route(again, "/", "amq.direct", "8"));
        Assert.Equal(1, again.FindVirtualHost("/")!.FindExchange("amq.direct"u8)!.BindingCount);
    }

    [Fact]
    public async Task StoreNumber_OfWhatIsDeclaredAfterARestart_WasNobodysBefore()
    {
        var disk = new SimulatedDisk();
        uint highest;
        await using (var broker = await StoredBroker.StartAsync(disk))
        {
            var root = broker.FindVirtualHost("/")!;
            Queue(root, "gone");
            highest = root.FindQueue("gone"u8)!.StoreNumber;
            Assert.Null(root.DeleteQueue("gone"u8, false, false, Nobody, out _, out _));
        }

        await using var again = await StoredBroker.StartAsync(disk.Kill());
        Queue(again.FindVirtualHost("/")!, "new");

        Assert.True(again.FindVirtualHost("/")!.FindQueue("new"u8)!.StoreNumber > highest);
    }

    [Theory]
    [InlineData("quorum")]
    [InlineData("stream")]
    [InlineData(null)]
    public async Task Start_AfterAKill_GivesQueuesTheTypeThatTheVirtualHostHad(string? type)
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk);
        var host = broker.VirtualHosts.Create("v");
        host.DefaultQueueType = "quorum";
        host.DefaultQueueType = type;
        (host.Description, host.Tags) = ("ours", ["a", "b"]);
        await broker.FlushAsync();

        await using var again = await StoredBroker.StartAsync(disk.Kill());

        host = again.VirtualHosts.Find("v")!;
        Queue(host.Topology, "q");
        Assert.Equal((type, "ours"), (host.DefaultQueueType, host.Description));
        Assert.Equal(["a", "b"], host.Tags);
        var queue = host.Topology.FindQueue("q"u8)!;
        Assert.Equal(type ?? "classic", queue is StreamQueue ? "stream" : queue.Settings.IsQuorum ? "quorum" : "classic");
    }

    [Fact]
    public async Task Durability_IsTheArgumentElseThePolicyElseTheVirtualHostElseTheBroker()
    {
        var disk = new SimulatedDisk();
        await using var broker = await StoredBroker.StartAsync(disk, DurabilityLevel.Os);
        var host = broker.VirtualHosts.Create("v");
        Queue(host.Topology, "plain");
        Queue(host.Topology, "said", Table.Create(table => table.Add("x-durability", "memory")));
        Queue(host.Topology, "ruled");
        var plain = host.Topology.FindQueue("plain"u8)!;
        Assert.Equal(DurabilityLevel.Os, plain.Durability);

        host.Durability = DurabilityLevel.Fsync;
        host.Policies.Set(new Policy { Name = "p", Pattern = "^(ruled|said)", Definition = new Dictionary<string, object?> { ["durability"] = "os" } });

        Assert.Equal(DurabilityLevel.Fsync, plain.Durability);
        Assert.Equal((DurabilityLevel.Memory, false), (host.Topology.FindQueue("said"u8)!.Durability, host.Topology.FindQueue("said"u8)!.KeepsMessages));
        Assert.Equal((DurabilityLevel.Os, true), (host.Topology.FindQueue("ruled"u8)!.Durability, host.Topology.FindQueue("ruled"u8)!.KeepsMessages));
        Assert.Equal(406, host.Topology.DeclareQueue(
            "bad"u8, false, true, false, false, Table.Create(table => table.Add("x-durability", "paper")).View, Nobody, out _)!.ReplyCode);
        await broker.FlushAsync();
        await using var again = await StoredBroker.StartAsync(disk.Kill(), DurabilityLevel.Os);
        var topology = again.FindVirtualHost("v")!;
        Assert.Equal(
            [DurabilityLevel.Fsync, DurabilityLevel.Memory, DurabilityLevel.Os],
            new[] { "plain", "said", "ruled" }.Select(name => topology.FindQueue(Utf8(name))!.Durability));
    }

    [Fact]
    public async Task Start_OnAFolderThatIsInUse_SaysSo()
    {
        string folder = Directory.CreateTempSubdirectory("amqp-store").FullName;
        try
        {
            await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], DataDirectory = folder });

            var refusal = await Assert.ThrowsAsync<BrokerStoreException>(() => AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], DataDirectory = folder }));

            Assert.Contains(folder, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("in use", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Start_OnARealFolder_HasWhatWasThere()
    {
        string folder = Directory.CreateTempSubdirectory("amqp-store").FullName;
        try
        {
            string before;
            await using (var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], DataDirectory = Path.Combine(folder, "new", "data") }))
            {
                Fill(broker);
                before = BrokerText.Describe(broker);
            }

            await using var again = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], DataDirectory = Path.Combine(folder, "new", "data") });

            Assert.Equal(before, BrokerText.Describe(again));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Random changes, a power cut after a flush, a look: again and again on one disk.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Start_AfterRandomChangesAndAPowerCut_HasWhatWasFlushed(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var disk = new SimulatedDisk();
        for (int round = 0; round < 8; round++)
        {
            await using var broker = await StoredBroker.StartAsync(disk);
            for (int change = 0; change < 150; change++)
            {
                Change(broker, random);
            }

            string before = BrokerText.Describe(broker);
            await broker.FlushAsync();
            disk = disk.LosePower(random);
            await using var again = await StoredBroker.StartAsync(disk.Kill());
            Assert.Equal(before, BrokerText.Describe(again));
        }
    }

    private static void Change(AmqpBroker broker, Random random)
    {
        string host = $"v{random.Next(3)}";
        var virtualHost = broker.VirtualHosts.Create(host);
        var topology = virtualHost.Topology;
        byte[] queue = Utf8($"q{random.Next(6)}");
        byte[] exchange = random.Next(4) == 0 ? Utf8("amq.topic") : Utf8($"x{random.Next(4)}");
        byte[] other = Utf8($"x{random.Next(4)}");
        byte[] key = Utf8($"k{random.Next(3)}");
        var arguments = random.Next(2) == 0 ? default : Table.Create(table => table.Add("n", random.Next(2)));
        string user = $"u{random.Next(3)}";
        switch (random.Next(16))
        {
            case 0 when random.Next(6) == 0:
                broker.VirtualHosts.Delete(host);
                break;
            case < 4:
                topology.DeclareQueue(queue, false, random.Next(4) > 0, false, random.Next(3) == 0, arguments.View, Nobody, out _);
                break;
            case 4:
                topology.DeleteQueue(queue, false, false, Nobody, out _, out _);
                break;
            case < 7:
                topology.DeclareExchange(other, random.Next(2) == 0 ? "topic"u8 : "x-consistent-hash"u8, false, random.Next(4) > 0, random.Next(3) == 0, false, arguments.View);
                break;
            case 7:
                topology.DeleteExchange(other, false);
                break;
            case < 10:
                topology.BindQueue(queue, exchange, "1"u8, arguments.View, Nobody);
                topology.BindQueue(queue, exchange, key, arguments.View, Nobody);
                break;
            case 10:
                topology.BindExchange(other, exchange, "1"u8, arguments.View);
                break;
            case 11:
                topology.UnbindQueue(queue, exchange, key, arguments.View, Nobody);
                break;
            case 12:
                virtualHost.Policies.Set(new Policy { Name = $"p{random.Next(2)}", Pattern = $"q{random.Next(6)}", Definition = new Dictionary<string, object?> { ["max-length"] = random.Next(9) } });
                break;
            case 13:
                virtualHost.Policies.Delete($"p{random.Next(2)}");
                virtualHost.MaxQueues = random.Next(2) == 0 ? null : 100;
                virtualHost.DefaultQueueType = random.Next(2) == 0 ? null : "quorum";
                break;
            case 14:
                broker.Users.Set(new BrokerUser { Name = user, Tags = [$"t{random.Next(2)}"] });
                broker.Users.SetPermission(user, new UserPermission(host, $"^{random.Next(2)}"));
                break;
            default:
                broker.Users.Delete(user);
                break;
        }
    }

    /// <summary>Something of everything.</summary>
    private static void Fill(AmqpBroker broker)
    {
        var host = broker.VirtualHosts.Create("shop");
        (host.MaxConnections, host.MaxQueues, host.Durability) = (9, 30, DurabilityLevel.Os);
        broker.Users.Set(new BrokerUser { Name = "app", Password = "secret", Tags = ["monitoring", "own"], MaxConnections = 4, Permissions = [new("/"), new("shop", "^app-", ".*", "")] });
        broker.Users.SetTopicPermission("app", new UserTopicPermission("shop", "events", "^{username}", "^x"));
        host.Policies.Set(new Policy
        {
            Name = "ttl",
            Pattern = "^ord",
            ApplyTo = PolicyTarget.ClassicQueues,
            Priority = 3,
            Definition = new Dictionary<string, object?> { ["message-ttl"] = 60_000L, ["dead-letter-exchange"] = "late" },
        });
        host.Policies.Set(new Policy { Name = "ae", Pattern = "^events", ApplyTo = PolicyTarget.Exchanges, Definition = new Dictionary<string, object?> { ["alternate-exchange"] = "late" } });
        host.OperatorPolicies.Set(new Policy { Name = "cap", Pattern = ".*", ApplyTo = PolicyTarget.Queues, Definition = new Dictionary<string, object?> { ["max-length"] = 5 } });

        var shop = host.Topology;
        Exchange(shop, "events", "topic", arguments: Table.Create(table => table.Add("alternate-exchange", "late").Add("x-note", 1)));
        Exchange(shop, "late", "direct");
        Exchange(shop, "hop", "fanout", isInternal: true);
        Exchange(shop, "own", "headers", autoDelete: true);
        Exchange(shop, "waiting", "x-delayed-message", arguments: Table.Create(table => table.Add("x-delayed-type", "direct")));
        Exchange(shop, "spread", "x-consistent-hash");
        Queue(shop, "orders", Table.Create(table => table.Add("x-max-priority", 5).Add("x-expires", 3_600_000L)));
        Queue(shop, "safe", Table.Create(table => table.Add("x-queue-type", "quorum")));
        Queue(shop, "short", autoDelete: true);
        Queue(shop, "bücher/☃");
        Bind(shop, "orders", "events", "order.#", default);
        Bind(shop, "orders", "late", "k", Table.Create(table => table.Add("x-long", new string('x', 70_000))));
        Bind(shop, "orders", "late", "k", default);
        Bind(shop, "orders", "own", "", Table.Create(table => table.Add("x-match", "any").Add("a", 1)));
        Bind(shop, "orders", "own", "", Table.Create(table => table.Add("x-match", "any").Add("a", 2)));
        Bind(shop, "orders", "amq.topic", "#", default);
        Bind(shop, "safe", "spread", "10", default);
        Assert.Null(shop.BindExchange("events"u8, "hop"u8, default, default));
        Assert.Null(shop.BindExchange("amq.fanout"u8, "events"u8, "never"u8, default));
        Assert.Null(shop.BindQueue("bücher/☃"u8, "waiting"u8, new string('ü', 100).Select(_ => (byte)'u').ToArray(), default, Nobody));
        (host.DefaultQueueType, host.Description, host.Tags) = ("quorum", "what is sold", ["blue", "shop"]);
    }

    private static void Queue(VirtualHost host, string name, Table arguments = default, bool durable = true, bool autoDelete = false) =>
        Assert.Null(host.DeclareQueue(Utf8(name), false, durable, false, autoDelete, arguments.View, Nobody, out _));

    private static void Exchange(VirtualHost host, string name, string type, bool durable = true, bool autoDelete = false, bool isInternal = false, Table arguments = default) =>
        Assert.Null(host.DeclareExchange(Utf8(name), Utf8(type), false, durable, autoDelete, isInternal, arguments.View));

    private static void Bind(VirtualHost host, string queue, string exchange, string key, Table arguments) =>
        Assert.Null(host.BindQueue(Utf8(queue), Utf8(exchange), Utf8(key), arguments.View, Nobody));

    private static string[] Route(AmqpBroker broker, string virtualHost, string exchange, string key)
    {
        var host = broker.FindVirtualHost(virtualHost)!;
        var routes = new RouteCollector();
        host.Route(host.FindExchange(Utf8(exchange))!, Utf8(key), default, routes);
        return [.. routes.Queues.ToArray().Select(queue => queue.NameText).Order(StringComparer.Ordinal)];
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
