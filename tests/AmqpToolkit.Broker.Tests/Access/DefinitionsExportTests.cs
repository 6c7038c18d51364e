using System.Text;
using System.Text.Json;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>What a broker exports, and what comes of it.</summary>
public sealed class DefinitionsExportTests
{
    [Fact]
    public async Task Export_ThatIsImportedElsewhere_ExportsTheSame()
    {
        await using var first = await StartedAsync();
        var export = first.ExportDefinitions();
        await using var second = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [], Definitions = export.Utf8Json });

        Assert.Equal(Encoding.UTF8.GetString(export.Utf8Json.Span), Encoding.UTF8.GetString(second.ExportDefinitions().Utf8Json.Span));
        Assert.NotNull(second.Users.Authenticate(new SaslCredentials("app", "secret"), isLoopback: false));
        var shop = second.FindVirtualHost("shop")!;
        Assert.Equal(60000L, shop.FindQueue("orders"u8)!.Definition.Arguments.ToDictionary()["x-message-ttl"]);
        Assert.Equal(2, shop.FindExchange("events"u8)!.BindingCount);
        Assert.Equal(("dlx", "cap"), (shop.FindQueue("orders"u8)!.Policy!.Name, shop.FindQueue("orders"u8)!.Policy!.OperatorName));
        Assert.Equal((9, 3), (second.VirtualHosts.Find("shop")!.MaxConnections, second.Users.Find("app")!.MaxChannels));
    }

    /// <summary>The same by both ways: a broker that runs, and what it leaves in its folder.</summary>
    [Fact]
    public async Task Export_OfAFolder_IsThatOfTheBrokerThatHadIt()
    {
        var folder = Directory.CreateTempSubdirectory("amqp-export");
        try
        {
            string data = Path.Combine(folder.FullName, "data");
            DefinitionsExport live;
            await using (var broker = await StartedAsync(data))
            {
                var shop = broker.FindVirtualHost("shop")!;
                Assert.Null(shop.DeclareExchange("later"u8, "x-delayed-message"u8, passive: false, durable: true, autoDelete: true, isInternal: true, Table.Create(table => table.Add("x-delayed-type", "direct")).View));
                Assert.Null(shop.BindExchange("later"u8, "amq.rabbitmq.trace"u8, "#"u8, default));
                Assert.Null(shop.BindQueue("orders"u8, "amq.match"u8, ""u8, Table.Create(table => table.Add("x-match", "any").Add("kind", "new")).View, shop));
                broker.VirtualHosts.Create("gone").Topology.DeclareQueue("q"u8, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out _);
                broker.Users.SetPermission("app", new UserPermission("gone"));
                broker.VirtualHosts.Delete("gone");
                broker.VirtualHosts.Find("shop")!.Durability = DurabilityLevel.Os;
                live = broker.ExportDefinitions();
            }

            var kept = DefinitionsExport.OfFolder(data);

            Assert.Equal(Encoding.UTF8.GetString(live.Utf8Json.Span), Encoding.UTF8.GetString(kept.Utf8Json.Span));
            Assert.Equal(live.LeftOut, kept.LeftOut);
            Assert.Equal(live.NeedsPlugins, kept.NeedsPlugins);
            Assert.Empty(kept.Damages);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Export_LeavesOutWhatIsOneConnections_AndNamesWhatRabbitMqDoesNotKnow()
    {
        await using var broker = await StartedAsync();
        var shop = broker.FindVirtualHost("shop")!;
        Assert.Null(shop.DeclareQueue("own"u8, passive: false, durable: false, exclusive: true, autoDelete: false, default, this, out _));
        Assert.Null(shop.DeclareExchange("later"u8, "x-delayed-message"u8, passive: false, durable: true, autoDelete: false, isInternal: false, Table.Create(table => table.Add("x-delayed-type", "direct")).View));
        broker.VirtualHosts.Find("shop")!.Durability = DurabilityLevel.Os;
        broker.VirtualHosts.Find("shop")!.Policies.Set(new Policy { Name = "kept", Pattern = "^k", ApplyTo = PolicyTarget.QuorumQueues, Definition = new Dictionary<string, object?> { ["durability"] = "memory", ["max-length"] = 5L } });

        var export = broker.ExportDefinitions();

        using var json = JsonDocument.Parse(export.Utf8Json);
        Assert.DoesNotContain(json.RootElement.GetProperty("queues").EnumerateArray(), queue => queue.GetProperty("name").GetString() == "own");
        Assert.DoesNotContain(json.RootElement.GetProperty("exchanges").EnumerateArray(), exchange => exchange.GetProperty("name").GetString()!.StartsWith("amq.", StringComparison.Ordinal));
        Assert.Equal(["exchange 'later' in virtual host 'shop': type x-delayed-message, of the plugin rabbitmq_delayed_message_exchange"], export.NeedsPlugins);
        Assert.Contains(json.RootElement.GetProperty("exchanges").EnumerateArray(), exchange => exchange.GetProperty("name").GetString() == "later");
        foreach (string expected in new[] { "durability Os", "'kept' in virtual host 'shop': durability 'memory'", "'kept' in virtual host 'shop': all of it, since it is of QuorumQueues alone", "user 'app' can log in with SCRAM" })
        {
            Assert.Contains(export.LeftOut, line => line.Contains(expected, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("hash", export.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A value for each key that a policy may have here. What RabbitMQ 3.10.8 makes of the same is Interop's DefinitionsWithRabbitMqTests to ask: a key that is new here belongs there as well.</summary>
    private static readonly Dictionary<string, object?> s_everyKey = new()
    {
        ["alternate-exchange"] = "x", ["consumer-timeout"] = 1000L, ["consumer-disconnected-timeout"] = 1000L, ["dead-letter-exchange"] = "x", ["dead-letter-routing-key"] = "x",
        ["dead-letter-strategy"] = "at-least-once", ["delayed-retry-max"] = 2L, ["delayed-retry-min"] = 1L, ["delayed-retry-type"] = "all", ["delivery-limit"] = 3L, ["durability"] = "os", ["expires"] = 1000L,
        ["max-age"] = "1h", ["max-in-memory-bytes"] = 1L, ["max-in-memory-length"] = 1L, ["max-length"] = 1L, ["max-length-bytes"] = 1L, ["message-ttl"] = 1000L, ["overflow"] = "reject-publish",
        ["queue-leader-locator"] = "balanced", ["queue-mode"] = "lazy", ["queue-version"] = 2L, ["stream-filter-size-bytes"] = 16L, ["stream-max-segment-size-bytes"] = 1000L, ["initial-cluster-size"] = 1L,
        ["ha-mode"] = "exactly", ["ha-params"] = 2L, ["ha-sync-mode"] = "automatic", ["ha-sync-batch-size"] = 2L, ["ha-promote-on-shutdown"] = "always", ["ha-promote-on-failure"] = "when-synced",
        ["queue-master-locator"] = "random", ["target-group-size"] = 3L, ["federation-upstream"] = "u", ["federation-upstream-pattern"] = "u", ["federation-upstream-set"] = "u", ["shards-per-node"] = 2L, ["routing-key"] = "k",
    };

    private static readonly string[] s_unknownThere =
    [
        "consumer-disconnected-timeout", "consumer-timeout", "delayed-retry-max", "delayed-retry-min", "delayed-retry-type", "durability", "federation-upstream", "federation-upstream-pattern",
        "federation-upstream-set", "routing-key", "shards-per-node", "stream-filter-size-bytes", "target-group-size",
    ];

    private static readonly string[] s_knownToOperatorsThere = ["delivery-limit", "expires", "max-in-memory-bytes", "max-in-memory-length", "max-length", "max-length-bytes", "message-ttl"];

    [Fact]
    public async Task Policy_WithEachKeyThatThereIs_IsExportedAsFarAsRabbitMqKnowsThem_AndTheRestIsNamed()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        var host = broker.VirtualHosts.Find("/")!;
        Assert.Equal(PolicyDefinition.KeysOf(isOperator: false).Order(StringComparer.Ordinal), s_everyKey.Keys.Order(StringComparer.Ordinal));
        host.Policies.Set(new Policy { Name = "every", Pattern = "^n", Definition = s_everyKey });
        host.OperatorPolicies.Set(new Policy { Name = "cap", Pattern = "^n", Definition = PolicyDefinition.KeysOf(isOperator: true).ToDictionary(key => key, key => s_everyKey[key]) });

        var export = broker.ExportDefinitions();

        using var json = JsonDocument.Parse(export.Utf8Json);
        Assert.Equal(s_everyKey.Keys.Except(s_unknownThere).Order(StringComparer.Ordinal), KeysOf(Assert.Single(json.RootElement.GetProperty("policies").EnumerateArray())));
        Assert.Equal(s_knownToOperatorsThere, KeysOf(Assert.Single(json.RootElement.GetProperty("parameters").EnumerateArray()).GetProperty("value")));
        Assert.Equal(
            s_unknownThere.Select(key => $"policy 'every' in virtual host '/': {key} '{s_everyKey[key]}'").Concat(PolicyDefinition.KeysOf(isOperator: true).Except(s_knownToOperatorsThere)
                .Select(key => $"operator policy 'cap' in virtual host '/': {key} '{s_everyKey[key]}'")).Order(StringComparer.Ordinal),
            export.LeftOut.Order(StringComparer.Ordinal));

        static IEnumerable<string> KeysOf(JsonElement policy) => policy.GetProperty("definition").EnumerateObject().Select(key => key.Name).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("delivery-limit", -1L)]
    [InlineData("ha-mode", "some")]
    [InlineData("ha-sync-mode", "automatic")]
    [InlineData("queue-master-locator", "here")]
    [InlineData("stream-max-segment-size-bytes", 3_000_000_001L)]
    public async Task Policy_WithNothingThatRabbitMqTakes_IsLeftOutWhole(string key, object value)
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        broker.VirtualHosts.Find("/")!.Policies.Set(new Policy { Name = "one", Pattern = "^n", Definition = new Dictionary<string, object?> { [key] = value } });

        var export = broker.ExportDefinitions();

        using var json = JsonDocument.Parse(export.Utf8Json);
        Assert.Empty(json.RootElement.GetProperty("policies").EnumerateArray());
        Assert.Equal([$"policy 'one' in virtual host '/': {key} '{value}'", "policy 'one' in virtual host '/': all of it, since nothing else is in it; of those that match there the next by priority counts"], export.LeftOut);
    }

    [Theory]
    [InlineData(PolicyTarget.ClassicQueues, "queue-mode", "lazy", true)]
    [InlineData(PolicyTarget.QuorumQueues, "delivery-limit", 3L, true)]
    [InlineData(PolicyTarget.Streams, "max-age", "1h", true)]
    [InlineData(PolicyTarget.ClassicQueues, "expires", 1000L, false)]
    [InlineData(PolicyTarget.QuorumQueues, "max-length", 3L, false)]
    [InlineData(PolicyTarget.Streams, "max-length-bytes", 3L, false)]
    [InlineData(PolicyTarget.Queues, "max-length", 3L, true)]
    public async Task Policy_OfOneTypeOfQueues_GoesAlongWhereItsKeysSayTheType(PolicyTarget target, string key, object value, bool goesAlong)
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        broker.VirtualHosts.Find("/")!.Policies.Set(new Policy { Name = "one", Pattern = "^n", ApplyTo = target, Definition = new Dictionary<string, object?> { [key] = value, ["overflow"] = "drop-head" } });

        var export = broker.ExportDefinitions();

        using var json = JsonDocument.Parse(export.Utf8Json);
        Assert.Equal(goesAlong ? 1 : 0, json.RootElement.GetProperty("policies").GetArrayLength());
        Assert.Equal(goesAlong ? 0 : 1, export.LeftOut.Count);
    }

    /// <summary>Void, which is how a binding says that a header is there; a name by the broker; names and keys that are no UTF-8. RabbitMQ would refuse the file for the first and lose the others without a word.</summary>
    [Fact]
    public async Task Export_OfWhatNoImportTakes_NamesItAndIsTaken()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        var topology = broker.VirtualHosts.Find("/")!.Topology;
        Declare("q"u8, Table.Create(new Dictionary<string, object?> { ["x-none"] = null, ["x-deep"] = new List<object?> { 1L, null }, ["x-deeper"] = new Dictionary<string, object?> { ["a"] = null }, ["x-own"] = 5.0, ["x-large"] = 1e30 }));
        Declare([0xFE], Table.Empty);
        Assert.Null(topology.DeclareQueue(""u8, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out var named));
        foreach (byte[] queue in new byte[][] { [(byte)'q'], [0xFE], named!.Name })
        {
            Assert.Null(topology.BindQueue(queue, "amq.direct"u8, "k"u8, default, this));
        }

        Assert.Null(topology.BindQueue("q"u8, "amq.headers"u8, ""u8, Table.Create(new Dictionary<string, object?> { ["there"] = null }).View, this));
        Assert.Null(topology.BindQueue("q"u8, "amq.headers"u8, ""u8, Table.Create(new Dictionary<string, object?> { ["five"] = 5.0 }).View, this));

        var export = broker.ExportDefinitions();

        Assert.All(export.Utf8Json.ToArray(), octet => Assert.InRange(octet, 10, 126));
        await using var second = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [], Definitions = export.Utf8Json });
        var queues = Assert.Single(second.VirtualHosts.Find("/")!.Topology.Queues);
        Assert.Equal(new Dictionary<string, object?> { ["x-own"] = 5.0, ["x-large"] = 1e30 }, queues.Definition.Arguments.ToDictionary());
        Assert.Equal(1, second.FindVirtualHost("/")!.FindExchange("amq.headers"u8)!.BindingCount);
        Assert.Contains("\"five\": 5.0", Encoding.UTF8.GetString(export.Utf8Json.Span), StringComparison.Ordinal);
        foreach (string expected in new[] { "'q' in virtual host '/': x-none, ", ": x-deep, ", ": x-deeper, ", "0xFE, is no UTF-8", $"queue '{named.NameText}' in virtual host '/', and its bindings", "exchange 'amq.headers' in virtual host '/': an argument has" })
        {
            Assert.Single(export.LeftOut, line => line.Contains(expected, StringComparison.Ordinal));
        }

        Assert.Equal(6, export.LeftOut.Count);

        void Declare(ReadOnlySpan<byte> name, Table arguments) => Assert.Null(topology.DeclareQueue(name, passive: false, durable: true, exclusive: false, autoDelete: false, arguments.View, this, out _));
    }

    [Fact]
    public async Task Queue_FromBeforeADefaultType_IsOfItsOwnTypeAfterAnImport()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        var host = broker.VirtualHosts.Find("/")!;
        Assert.Null(host.Topology.DeclareQueue("old"u8, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out _));
        host.DefaultQueueType = "quorum";
        Assert.Null(host.Topology.DeclareQueue("new"u8, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out _));

        await using var second = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [], Definitions = broker.ExportDefinitions().Utf8Json });

        Assert.Equal("quorum", second.VirtualHosts.Find("/")!.DefaultQueueType);
        Assert.Equal(
            [("new", QueueTypes.Quorum), ("old", QueueTypes.Classic)],
            second.VirtualHosts.Find("/")!.Topology.Queues.Select(queue => (queue.NameText, QueueArguments.TypeOf(queue.Definition.Arguments.View))).Order());
    }

    [Fact]
    public async Task Definitions_WithABindingOfAQueueThatIsPassedOver_AreTaken()
    {
        byte[] definitions = """
            {
              "vhosts": [ { "name": "/" } ],
              "queues": [ { "name": "amq.gen-x", "vhost": "/", "durable": true, "auto_delete": false, "arguments": {} } ],
              "bindings": [ { "source": "amq.direct", "vhost": "/", "destination": "amq.gen-x", "destination_type": "queue", "routing_key": "k", "arguments": {} } ]
            }
            """u8.ToArray();
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Definitions = definitions });
        Assert.Empty(broker.VirtualHosts.Find("/")!.Topology.Queues);
    }

    /// <summary>Whatever changes meanwhile: no export says of anything that is not in it.</summary>
    [Fact]
    public async Task Export_WhileOthersDeclareAndDelete_IsWholeInItself()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [] });
        using var isDone = new CancellationTokenSource();
        var changing = Task.Run(() =>
        {
            for (int round = 0; !isDone.IsCancellationRequested; round++)
            {
                string name = $"host{round % 3}";
                var host = broker.VirtualHosts.Create(name);
                broker.Users.SetPermission("guest", new UserPermission(name));
                byte[] queue = Encoding.UTF8.GetBytes($"q{round}");
                Assert.Null(host.Topology.DeclareQueue(queue, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out _));
                Assert.Null(host.Topology.BindQueue(queue, "amq.direct"u8, "k"u8, default, this));
                if (round % 5 == 4)
                {
                    broker.VirtualHosts.Delete(name);
                }
            }
        });
        for (int index = 0; index < 50; index++)
        {
            await using var second = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Users = [], Definitions = broker.ExportDefinitions().Utf8Json });
            Assert.NotNull(second.VirtualHosts.Find("/"));
        }

        await isDone.CancelAsync();
        await changing.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Export_OfWhatRabbitMqWouldTakeForAnotherThing_NamesItInstead()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], Profile = BrokerProfile.V4_3 });
        var host = broker.VirtualHosts.Find("/")!;
        host.DefaultQueueType = "quorum";
        broker.Users.Set(new BrokerUser { Name = "guest", Password = "guest", LoopbackOnly = false });
        var topology = host.Topology;
        Assert.Null(topology.DeclareQueue("q"u8, passive: false, durable: true, exclusive: false, autoDelete: false, Table.Create(table => table.Add("x-consumer-timeout", 5000L).Add("x-queue-type", "quorum").Add("x-delivery-limit", -1L)).View, this, out _));
        Assert.Null(topology.DeclareQueue("c"u8, passive: false, durable: true, exclusive: false, autoDelete: false, Table.Create(table => table.Add("x-queue-leader-locator", "balanced").Add("x-own", 1L).Add("x-queue-type", "classic")).View, this, out _));
        Assert.Null(topology.DeclareExchange("near"u8, "x-local-random"u8, passive: false, durable: true, autoDelete: false, isInternal: false, default));
        Assert.Null(topology.BindQueue("c"u8, "near"u8, ""u8, default, this));
        Assert.Null(topology.BindQueue("c"u8, "amq.direct"u8, [0xFF, 0x00], default, this));
        Assert.Null(topology.BindQueue("c"u8, "amq.headers"u8, ""u8, Table.Create(table => table.Add("octets", new byte[] { 1, 2 })).View, this));

        var export = broker.ExportDefinitions();

        using var json = JsonDocument.Parse(export.Utf8Json);
        Assert.Empty(json.RootElement.GetProperty("bindings").EnumerateArray());
        Assert.Empty(json.RootElement.GetProperty("exchanges").EnumerateArray());
        Assert.Empty(DefinitionKeys.FindUnknown(json.RootElement));
        Assert.Equal(["{\"x-own\":1,\"x-queue-type\":\"classic\"}", "{\"x-queue-type\":\"quorum\"}"],
            json.RootElement.GetProperty("queues").EnumerateArray().Select(queue => JsonSerializer.Serialize(queue.GetProperty("arguments"))));
        Assert.Equal(
            [
                "user 'guest' comes from other machines, too: RabbitMQ has that in its settings (loopback_users)",
                "queue 'c' in virtual host '/': x-queue-leader-locator 'balanced'", "queue 'q' in virtual host '/': x-consumer-timeout '5000'", "queue 'q' in virtual host '/': x-delivery-limit '-1'",
                "exchange 'near' in virtual host '/', and its bindings: no RabbitMQ before 4.0 has the type x-local-random",
                "a binding of 'c' to exchange 'amq.direct' in virtual host '/': its key, 0xFF00, is no UTF-8", "a binding of 'c' to exchange 'amq.headers' in virtual host '/': an argument has what RabbitMQ's JSON cannot have (void, octets, text that is no UTF-8, a time)",
            ],
            export.LeftOut);
    }

    private static async Task<AmqpBroker> StartedAsync(string? folder = null)
    {
        var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions { Endpoints = [], VirtualHosts = ["/", "shop"], DataDirectory = folder });
        broker.Users.Set(new BrokerUser { Name = "app", Password = "secret", Tags = ["monitoring"], MaxChannels = 3, Permissions = [new UserPermission("shop", "^app-")] });
        broker.Users.SetTopicPermission("app", new UserTopicPermission("shop", "events", "^{username}", ""));
        var host = broker.VirtualHosts.Find("shop")!;
        host.MaxConnections = 9;
        host.Description = "of \"some\" <things>";
        host.Policies.Set(new Policy { Name = "dlx", Pattern = "^orders", ApplyTo = PolicyTarget.Queues, Priority = 2, Definition = new Dictionary<string, object?> { ["dead-letter-exchange"] = "dead" } });
        host.OperatorPolicies.Set(new Policy { Name = "cap", Pattern = ".*", ApplyTo = PolicyTarget.Queues, Definition = new Dictionary<string, object?> { ["max-length"] = 5L } });
        var shop = host.Topology;
        Assert.Null(shop.DeclareExchange("events"u8, "topic"u8, passive: false, durable: true, autoDelete: false, isInternal: false, Table.Create(table => table.Add("alternate-exchange", "amq.fanout")).View));
        Assert.Null(shop.DeclareQueue("orders"u8, passive: false, durable: true, exclusive: false, autoDelete: false, Table.Create(table => table.Add("x-message-ttl", 60000L)).View, shop, out _));
        Assert.Null(shop.DeclareQueue("safe"u8, passive: false, durable: true, exclusive: false, autoDelete: false, Table.Create(table => table.Add("x-queue-type", "quorum")).View, shop, out _));
        Assert.Null(shop.BindQueue("orders"u8, "events"u8, "order.#"u8, Table.Create(table => table.Add("x", true)).View, shop));
        Assert.Null(shop.BindExchange("amq.fanout"u8, "events"u8, "#"u8, default));
        return broker;
    }
}
