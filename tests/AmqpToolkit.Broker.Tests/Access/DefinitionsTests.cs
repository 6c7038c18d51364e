using System.Net;
using System.Text;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Tests.Access;

/// <summary>Definitions as RabbitMQ exports them.</summary>
public sealed class DefinitionsTests
{
    private const string Export = """
        {
          "rabbit_version": "3.13.7", "rabbitmq_version": "3.13.7", "product_name": "RabbitMQ", "product_version": "3.13.7",
          "users": [
            { "name": "app", "password_hash": "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["monitoring"], "limits": { "max-connections": 7 } },
            { "name": "old", "password_hash": "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", "tags": "administrator,management", "limits": {} }
          ],
          "vhosts": [ { "name": "/" }, { "name": "shop", "description": "", "tags": [], "metadata": { "description": "", "tags": [] }, "limits": [] }, { "name": "small", "limits": { "max-queues": 3 }, "metadata": { "description": "of a few", "tags": ["a", "b"] } } ],
          "permissions": [ { "user": "app", "vhost": "shop", "configure": "^app-", "write": ".*", "read": ".*" } ],
          "topic_permissions": [ { "user": "app", "vhost": "shop", "exchange": "events", "write": "^{username}", "read": "" } ],
          "parameters": [
            { "vhost": "shop", "component": "operator_policy", "name": "cap", "value": { "pattern": ".*", "apply-to": "queues", "priority": 1, "definition": { "max-length": 5 } } },
            { "vhost": "shop", "component": "vhost-limits", "name": "limits", "value": { "max-connections": 9, "max-queues": -1 } },
            { "vhost": "shop", "component": "shovel", "name": "s", "value": {} }
          ],
          "global_parameters": [ { "name": "cluster_name", "value": "rabbit@here" } ],
          "policies": [ { "vhost": "shop", "name": "dlx", "pattern": "^orders", "apply-to": "classic_queues", "definition": { "dead-letter-exchange": "dead", "max-length": 10 }, "priority": 2 } ],
          "queues": [
            { "name": "orders", "vhost": "shop", "durable": true, "auto_delete": false, "arguments": { "x-message-ttl": 60000 } },
            { "name": "safe", "vhost": "shop", "type": "quorum", "durable": true, "auto_delete": false, "arguments": {} }
          ],
          "exchanges": [ { "name": "events", "vhost": "shop", "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": { "alternate-exchange": "dead" } } ],
          "bindings": [
            { "source": "events", "vhost": "shop", "destination": "orders", "destination_type": "queue", "routing_key": "order.#", "arguments": {} },
            { "source": "events", "vhost": "shop", "destination": "amq.fanout", "destination_type": "exchange", "routing_key": "#", "arguments": {} }
          ]
        }
        """;

    [Fact]
    public async Task Keys_ThatMeanNothing_AreTold()
    {
        const int KeyUnknown = 42;
        var log = new WarningLog();
        await using (await StartAsync(Export, log))
        {
            Assert.Empty(log.Of(KeyUnknown));
        }

        await using var broker = await StartAsync("""{ "polices": [], "users": [ { "name": "a", "tags": [] }, { "name": "b", "pasword": "x", "tags": [] } ] }""", log);
        Assert.Equal(["'polices'", "'users[1].pasword'"], log.Of(KeyUnknown).Select(line => line.Split(' ')[0]));
    }

    /// <summary>A binding of what is passed over does not count, nor does what every virtual host has by itself.</summary>
    [Fact]
    public async Task Definitions_ThatAreTakenOver_AreCountedInTheLog()
    {
        const int TakenOver = 62;
        var log = new WarningLog();
        await using var broker = await StartAsync(Export, log);
        Assert.Equal(
            "taken over of the definitions, or there before: vhosts: 3, users: 2, permissions: 1, topic_permissions: 1, parameters: 2, policies: 1, exchanges: 1, queues: 2, bindings: 2",
            Assert.Single(log.Of(TakenOver)));

        broker.ImportDefinitions(Encoding.UTF8.GetBytes("""
            {
              "queues": [ { "name": "amq.gen-1", "vhost": "/" }, { "name": "one", "vhost": "/" } ],
              "exchanges": [ { "name": "amq.direct", "vhost": "/", "type": "direct" } ],
              "bindings": [ { "source": "amq.direct", "vhost": "/", "destination": "amq.gen-1" }, { "source": "amq.direct", "vhost": "/", "destination": "one" } ]
            }
            """));
        Assert.Equal("taken over of the definitions, or there before: queues: 1, bindings: 1", log.Of(TakenOver).Last());

        broker.ImportDefinitions("{}"u8.ToArray());
        Assert.Equal("taken over of the definitions, or there before: nothing", log.Of(TakenOver).Last());
    }

    [Fact]
    public async Task Definitions_OfAnExport_AreThereBeforeTheFirstClient()
    {
        await using var broker = await StartAsync(Export);

        Assert.NotNull(broker.Users.Authenticate(new SaslCredentials("app", "test12"), isLoopback: false));
        Assert.Equal(["administrator", "management"], broker.Users.Find("old")!.Tags);
        Assert.Equal(7, broker.Users.Find("app")!.MaxConnections);
        Assert.Equal([new UserPermission("shop", "^app-")], broker.Users.Find("app")!.Permissions);
        Assert.Equal([new UserTopicPermission("shop", "events", "^{username}", "")], broker.Users.TopicPermissionsOf("app"));
        Assert.Equal(["/", "shop", "small"], broker.VirtualHosts.Names);
        Assert.Equal((9, null, 3), (broker.VirtualHosts.Find("shop")!.MaxConnections, broker.VirtualHosts.Find("shop")!.MaxQueues, broker.VirtualHosts.Find("small")!.MaxQueues));
        Assert.Equal(("of a few", "a b"), (broker.VirtualHosts.Find("small")!.Description, string.Join(' ', broker.VirtualHosts.Find("small")!.Tags)));

        var shop = broker.FindVirtualHost("shop")!;
        var orders = shop.FindQueue("orders"u8)!;
        Assert.Equal(60000L, orders.Definition.Arguments.ToDictionary()["x-message-ttl"]);
        Assert.Equal(("dlx", "cap"), (orders.Policy!.Name, orders.Policy.OperatorName));
        Assert.Equal(5L, orders.Policy.Definition.ToDictionary()["max-length"]);
        Assert.Equal("quorum", shop.FindQueue("safe"u8)!.Definition.Arguments.ToDictionary()["x-queue-type"]);
        Assert.Equal(2, shop.FindExchange("events"u8)!.BindingCount);
    }

    [Fact]
    public async Task Definitions_Twice_ChangeNothing()
    {
        await using var broker = await StartAsync(Export);

        broker.ImportDefinitions(Encoding.UTF8.GetBytes(Export));

        Assert.Equal(2, broker.FindVirtualHost("shop")!.QueueCount);
        Assert.Equal(2, broker.FindVirtualHost("shop")!.FindExchange("events"u8)!.BindingCount);
    }

    [Fact]
    public async Task Definitions_OfThingsThatAreThereAndDiffer_LeaveThemAsTheyAre()
    {
        await using var broker = await StartAsync("""
            { "exchanges": [ { "name": "x", "type": "direct", "durable": true } ], "queues": [ { "name": "q", "durable": true, "arguments": { "x-max-length": 5 } } ] }
            """);

        broker.ImportDefinitions("""
            {
              "exchanges": [ { "name": "x", "type": "fanout", "durable": false, "auto_delete": true, "internal": true, "arguments": { "alternate-exchange": "a" } }, { "name": "y", "type": "fanout" } ],
              "queues": [ { "name": "q", "type": "quorum", "durable": true, "arguments": { "x-max-length": 6 } } ]
            }
            """u8.ToArray());

        var root = broker.FindVirtualHost("/")!;
        var kept = root.FindExchange("x"u8)!;
        Assert.Equal((Broker.Topology.ExchangeType.Direct, true, false, false), (kept.Type, kept.Durable, kept.AutoDelete, kept.Internal));
        Assert.Equal(5L, root.FindQueue("q"u8)!.Definition.Arguments.ToDictionary()["x-max-length"]);
        Assert.NotNull(root.FindExchange("y"u8));
    }

    [Theory]
    [InlineData("\"default_queue_type\": \"quorum\"")]
    [InlineData("\"metadata\": { \"default_queue_type\": \"quorum\" }")]
    public async Task Definitions_WithADefaultQueueType_GiveItToQueuesThatNameNoneAndCanBeOfIt(string said)
    {
        await using var broker = await StartAsync($$"""{ "vhosts": [ { "name": "v", {{said}} } ], "queues": [ { "vhost": "v", "name": "old", "type": "classic", "durable": true } ] }""");
        var topology = broker.FindVirtualHost("v")!;

        Declare("durable", durable: true, exclusive: false, autoDelete: false);
        Declare("transient", durable: false, exclusive: false, autoDelete: false);
        Declare("exclusive", durable: true, exclusive: true, autoDelete: false);
        Declare("auto", durable: true, exclusive: false, autoDelete: true);

        Assert.Equal("quorum", broker.VirtualHosts.Find("v")!.DefaultQueueType);
        Assert.Equal(["durable"], topology.Queues.Where(queue => queue.Settings.IsQuorum).Select(queue => Encoding.UTF8.GetString(queue.Name)));
        Assert.Null(topology.DeclareQueue("durable"u8, false, true, false, false, default, this, out _));
        Assert.Equal(
            "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'old' in vhost 'v': received 'quorum' but current is 'classic'",
            topology.DeclareQueue("old"u8, false, true, false, false, default, this, out _)!.ReplyText);
        Assert.Equal(406, topology.DeclareQueue(default, false, true, false, false, default, this, out _)!.ReplyCode); // a quorum queue has a name
        Assert.Throws<ArgumentException>(() => broker.VirtualHosts.Find("v")!.DefaultQueueType = "nosuch");

        void Declare(string name, bool durable, bool exclusive, bool autoDelete) =>
            Assert.Null(topology.DeclareQueue(Encoding.UTF8.GetBytes(name), false, durable, exclusive, autoDelete, default, this, out _));
    }

    [Fact]
    public async Task Definitions_WithWhatNobodyKnows_AreTakenWithoutIt()
    {
        await using var broker = await StartAsync("""
            {
              "rabbit_version": "9.0.0", "something_new": { "a": [ 1 ] }, "unknown_list": [ 1, 2 ],
              "global_parameters": [ { "name": "internal_cluster_id", "value": "rabbitmq-cluster-id-1" } ],
              "parameters": [ { "vhost": "/", "component": "federation-upstream", "name": "up", "value": { "uri": "amqp://elsewhere" } } ],
              "vhosts": [ { "name": "/", "protected_from_deletion": true, "metadata": { "something": "new" } } ],
              "queues": [ { "name": "q", "durable": true, "arguments": { "x-of-a-plugin": "v" }, "policy": null } ]
            }
            """);

        Assert.Equal("v", broker.FindVirtualHost("/")!.FindQueue("q"u8)!.Definition.Arguments.ToDictionary()["x-of-a-plugin"]);
    }

    [Fact]
    public async Task Definitions_ThatArePassedOver_AreToldByName()
    {
        const int PassedOver = 60;
        const int UsualPassedOver = 61;
        var log = new WarningLog();
        await using var broker = await StartAsync("{}", log);

        var passedOver = broker.ImportDefinitions("""
            {
              "global_parameters": [ { "name": "internal_cluster_id", "value": "rabbitmq-cluster-id-1" }, { "name": "mqtt_port_to_vhost_mapping", "value": {} } ],
              "parameters": [
                { "vhost": "/", "component": "federation-upstream", "name": "up", "value": { "uri": "amqp://user:secret@elsewhere" } },
                { "vhost": "unknown", "component": "shovel", "name": "dig", "value": [] },
                { "vhost": "/", "component": "vhost-limits", "name": "limits", "value": { "max-queues": 5, "max-exchanges": 1 } } ],
              "vhosts": [ { "name": "/", "metadata": { "description": "d", "protected": true }, "limits": [] } ],
              "users": [ { "name": "a", "tags": "x,y", "limits": { "max-streams": 1 } } ],
              "queues": [ { "name": "amq.gen-1", "durable": true }, { "name": "q", "durable": true, "arguments": [], "policy": null, "lazy": true } ],
              "polices": []
            }
            """u8.ToArray());

        Assert.Equal(
            [
                "'protected' in the metadata of virtual host '/'", "the limit 'max-streams' of user 'a'", "global parameter 'internal_cluster_id'", "global parameter 'mqtt_port_to_vhost_mapping'",
                "parameter 'up' of component 'federation-upstream' in virtual host '/'", "parameter 'dig' of component 'shovel' in virtual host 'unknown'", "the limit 'max-exchanges' of virtual host '/'",
                "queue 'amq.gen-1' in virtual host '/', which has its name from a broker, and its bindings", "the key 'queues[1].lazy'", "the key 'polices'",
            ],
            passedOver);
        Assert.Equal(7, log.Of(PassedOver).Count());
        Assert.All(log.Of(PassedOver), line => Assert.DoesNotContain("secret", line, StringComparison.Ordinal));
        Assert.Equal("not taken over of the definitions: global parameter 'internal_cluster_id'", Assert.Single(log.Of(UsualPassedOver)));
        Assert.Equal(5, broker.VirtualHosts.Find("/")!.MaxQueues);
        Assert.Equal(["x", "y"], broker.Users.Find("a")!.Tags);
        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("q"u8));
    }

    /// <summary>RabbitMQ leaves internal exchanges out of its exports, and their bindings in.</summary>
    [Fact]
    public async Task Definitions_WithABindingOfAnInternalExchange_AreTakenWithoutIt_WhereRabbitMqHasWrittenThem()
    {
        await using var broker = await StartAsync("{}");
        const string Bindings = """
            "bindings": [
              { "source": "inner", "vhost": "/", "destination": "amq.fanout", "destination_type": "exchange", "routing_key": "", "arguments": {} },
              { "source": "amq.direct", "vhost": "/", "destination": "inner", "destination_type": "exchange", "routing_key": "", "arguments": {} } ] }
            """;

        var passedOver = broker.ImportDefinitions(Encoding.UTF8.GetBytes($"{{ \"rabbit_version\": \"3.10.8\", {Bindings}"));

        Assert.Equal(["a binding of 'amq.fanout' to exchange 'inner'", "a binding of 'inner' to exchange 'amq.direct'"], passedOver.Select(line => line.Split(" in virtual host")[0]));
        Assert.Contains("bindings[0]: NOT_FOUND", Assert.Throws<DefinitionException>(() => broker.ImportDefinitions(Encoding.UTF8.GetBytes($"{{ {Bindings}"))).Message, StringComparison.Ordinal);
    }

    /// <summary>As RabbitMQ 3.10 writes them, in a list that is empty without any.</summary>
    [Fact]
    public async Task Definitions_WithLimitsInPairs_AreTaken()
    {
        await using var broker = await StartAsync("""{ "vhosts": [ { "name": "shop", "limits": [ [ "max-connections", 9 ], [ "max-queues", 3 ] ] } ] }""");
        broker.ImportDefinitions("""{ "vhosts": [ { "name": "shop", "limits": [] } ] }"""u8.ToArray());
        Assert.Equal((9, 3), (broker.VirtualHosts.Find("shop")!.MaxConnections, broker.VirtualHosts.Find("shop")!.MaxQueues));
    }

    [Fact]
    public async Task Definitions_WithAnyNumberOfThingsThatArePassedOver_TellTheFirstAndCountTheRest()
    {
        await using var broker = await StartAsync("{}");
        string json = $"{{ \"global_parameters\": [ {string.Join(',', Enumerable.Range(0, 1000).Select(number => $"{{ \"name\": \"p{number}\", \"value\": 1 }}"))} ] }}";

        var passedOver = broker.ImportDefinitions(Encoding.UTF8.GetBytes(json));

        Assert.Equal(201, passedOver.Count);
        Assert.Equal("and 800 more", passedOver[^1]);
    }

    /// <summary>Whatever is said wrongly of one thing: none of the others is taken over.</summary>
    [Theory]
    [InlineData("""{ "users": [ { "name": "new", "password": 5 } ] }""", "users[0]: 'password' should be text and is 5")]
    [InlineData("""{ "users": [ { "name": "new", "password_hash": true } ] }""", "users[0]: 'password_hash' should be text and is true")]
    [InlineData("""{ "users": [ { "name": "new", "tags": [ "a", 7 ] } ] }""", "users[0]: 'tags' should be list of texts and is 7")]
    [InlineData("""{ "users": [ { "name": "new", "limits": { "max-channels": 1e30 } } ] }""", "users[0]: 'max-channels' should be integer of 32 bits and is 1e30")]
    [InlineData("""{ "users": [ 5 ] }""", "users[0]: it is no object")]
    [InlineData("""{ "users": [ { "name": "new", "name": "other" } ] }""", "name")]
    [InlineData("""{ "permissions": [ { "user": "new", "vhost": "unknown", "configure": "", "write": "", "read": "" } ] }""", "permissions[0]: There is no virtual host 'unknown'")]
    [InlineData("""{ "permissions": [ { "user": "nobody", "vhost": "/", "configure": "", "write": "", "read": "" } ] }""", "permissions[0]: There is no user 'nobody'")]
    [InlineData("""{ "permissions": [ { "user": "new", "vhost": "/", "configure": "(", "write": "", "read": "" } ] }""", "permissions[0]: the configure pattern")]
    [InlineData("""{ "topic_permissions": [ { "user": "new", "vhost": "/", "exchange": "e", "write": "(", "read": "" } ] }""", "topic_permissions[0]")]
    [InlineData("""{ "vhosts": [ { "name": "other", "default_queue_type": "fast" } ] }""", "vhosts[0]: There is no queue type 'fast'")]
    [InlineData("""{ "vhosts": [ { "name": "other", "metadata": "m" } ] }""", "vhosts[0]: 'metadata' should be object and is a text")]
    [InlineData("""{ "vhosts": [ { "name": "other", "limits": [ 1 ] } ] }""", "vhosts[0]: 'limits' should be object, or list of pairs of name and number, and is an array")]
    [InlineData("""{ "policies": [ { "name": "p", "pattern": "(", "definition": { "expires": 1 } } ] }""", "policies[0]")]
    [InlineData("""{ "policies": [ { "name": "p", "pattern": ".*", "priority": 99999999999, "definition": { "expires": 1 } } ] }""", "policies[0]: 'priority' should be integer of 32 bits and is 99999999999")]
    [InlineData("""{ "policies": [ { "name": "p", "pattern": ".*", "definition": { "expires": 99999999999999999999 } } ] }""", "policies[0]: the number 99999999999999999999 is too large")]
    [InlineData("""{ "parameters": [ { "component": "operator_policy", "name": "p" } ] }""", "parameters[0]: it has no 'value'")]
    [InlineData("""{ "parameters": [ { "component": "vhost-limits", "name": "limits", "value": 5 } ] }""", "parameters[0]: 'value' should be object and is 5")]
    [InlineData("""{ "queues": [ { "name": "q", "durable": "yes" } ] }""", "queues[0]: 'durable' should be true or false and is a text")]
    [InlineData("""{ "queues": [ { "name": "q", "arguments": { "x-max-length": 1e999 } } ] }""", "queues[0]: the number 1e999 is too large")]
    [InlineData("""{ "queues": [ { "name": "q", "arguments": "none" } ] }""", "queues[0]: 'arguments' should be object and is a text")]
    [InlineData("""{ "bindings": [ { "source": "amq.direct", "destination": "q", "routing_key": 5 } ] }""", "bindings[0]: 'routing_key' should be text and is 5")]
    [InlineData("""{ "global_parameters": [ { "value": 1 } ] }""", "global_parameters[0]: it has no text 'name'")]
    public async Task Definitions_WithAMistake_ChangeNothing_AndSayWhere(string mistake, string named)
    {
        await using var broker = await StartAsync("{}");
        var before = broker.ExportDefinitions().Utf8Json.ToArray();
        string users = mistake.StartsWith("{ \"users\"", StringComparison.Ordinal) ? "" : """ "users": [ { "name": "new", "tags": [] } ], """;
        string hosts = mistake.StartsWith("{ \"vhosts\"", StringComparison.Ordinal) ? "" : """ "vhosts": [ { "name": "made" } ], """;

        var exception = Assert.Throws<DefinitionException>(() => broker.ImportDefinitions(Encoding.UTF8.GetBytes($"{{ {users} {hosts} {mistake[1..]}")));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, broker.ExportDefinitions().Utf8Json.ToArray());
    }

    [Theory]
    [InlineData(33)]
    [InlineData(1_000_000)]
    public async Task Definitions_ThatAreNestedTooDeep_AreRefusedWithTheBound(int depth)
    {
        await using var broker = await StartAsync("{}");
        string json = $"{{ \"queues\": [ {{ \"name\": \"q\", \"arguments\": {{ \"a\": {new string('[', depth)}{new string(']', depth)} }} }} ] }}";

        var exception = Assert.Throws<DefinitionException>(() => broker.ImportDefinitions(Encoding.UTF8.GetBytes(json)));

        Assert.Contains("32", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Definitions_OfASingleVirtualHost_GoWhereTheyAreTold()
    {
        await using var broker = await StartAsync("""{ "queues": [ { "name": "a", "durable": true, "arguments": {} } ] }""");
        broker.VirtualHosts.Create("other");

        broker.ImportDefinitions("""{ "queues": [ { "name": "b", "durable": true } ], "bindings": [ { "source": "amq.topic", "destination": "b", "destination_type": "queue", "routing_key": "k" } ] }"""u8.ToArray(), "other");

        Assert.NotNull(broker.FindVirtualHost("/")!.FindQueue("a"u8));
        Assert.NotNull(broker.FindVirtualHost("other")!.FindQueue("b"u8));
    }

    [Fact]
    public async Task Definitions_ThatBringGuest_LetItInFromThisMachineAlone()
    {
        await using var broker = await AmqpBroker.StartAsync(new AmqpBrokerOptions
        {
            Endpoints = [new(IPAddress.Loopback, 0)],
            Users = [],
            Definitions = """{ "users": [ { "name": "guest", "password": "guest", "tags": [] } ] }"""u8.ToArray(),
        });

        Assert.True(broker.Users.Find("guest")!.LoopbackOnly);
    }

    [Theory]
    [InlineData("", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("{ \"users\": {} }", "users")]
    [InlineData("{ \"users\": [ {} ] }", "users[0]")]
    [InlineData("{ \"users\": [ { \"name\": \"a\", \"password_hash\": \"!\" } ] }", "users[0]")]
    [InlineData("{ \"permissions\": [ { \"user\": \"nobody\", \"vhost\": \"/\", \"configure\": \"\", \"write\": \"\", \"read\": \"\" } ] }", "nobody")]
    [InlineData("{ \"permissions\": [ { \"user\": \"guest\", \"vhost\": \"/\", \"configure\": \"[\", \"write\": \"\", \"read\": \"\" } ] }", "configure")]
    [InlineData("{ \"queues\": [ { \"name\": \"a\", \"vhost\": \"nowhere\" } ] }", "nowhere")]
    [InlineData("{ \"queues\": [ { \"name\": \"a\", \"arguments\": { \"x-message-ttl\": \"soon\" } } ] }", "x-message-ttl")]
    [InlineData("{ \"exchanges\": [ { \"name\": \"a\", \"type\": \"nosuch\" } ] }", "nosuch")]
    [InlineData("{ \"bindings\": [ { \"source\": \"a\", \"destination\": \"b\", \"destination_type\": \"queue\" } ] }", "bindings[0]")]
    [InlineData("{ \"policies\": [ { \"name\": \"a\", \"pattern\": \"a\", \"apply-to\": \"foxes\", \"definition\": { \"expires\": 1 } } ] }", "foxes")]
    [InlineData("{ \"policies\": [ { \"name\": \"a\", \"pattern\": \"a\", \"priority\": \"high\", \"definition\": { \"expires\": 1 } } ] }", "policies[0]")]
    public async Task Definitions_ThatCannotBeUsed_SayWhatAndWhere(string json, string named)
    {
        await using var broker = await TestBroker.StartAsync();

        var exception = Assert.Throws<DefinitionException>(() => broker.ImportDefinitions(Encoding.UTF8.GetBytes(json)));

        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithDefinitionsThatCannotBeUsed_LeavesNothingListening() =>
        await Assert.ThrowsAsync<DefinitionException>(() => StartAsync("{"));

    private static Task<AmqpBroker> StartAsync(string definitions, WarningLog? log = null) => AmqpBroker.StartAsync(new AmqpBrokerOptions
    {
        Endpoints = [new(IPAddress.Loopback, 0)],
        Definitions = Encoding.UTF8.GetBytes(definitions),
        LoggerFactory = log ?? new WarningLog(),
    });
}
