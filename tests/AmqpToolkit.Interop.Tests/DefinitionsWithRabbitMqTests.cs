using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;

namespace AmqpToolkit.Interop.Tests;

/// <summary>Definitions go to RabbitMQ 3.10 and come back from it.</summary>
[Collection(RabbitMqCollection.Name)]
public sealed class DefinitionsWithRabbitMqTests(RabbitMqServer server) : IDisposable
{
    private const string Definitions = """
        {
          "users": [ { "name": "app", "password": "secret", "tags": ["monitoring"], "limits": { "max-connections": 7 } }, { "name": "bare", "tags": [] } ],
          "vhosts": [ { "name": "shop", "description": "of a few", "tags": ["a"], "default_queue_type": "quorum" } ],
          "permissions": [ { "user": "app", "vhost": "shop", "configure": "^app-", "write": ".*", "read": ".*" } ],
          "topic_permissions": [ { "user": "app", "vhost": "shop", "exchange": "events", "write": "^{username}", "read": "" } ],
          "parameters": [
            { "vhost": "shop", "component": "operator_policy", "name": "cap", "value": { "pattern": ".*", "apply-to": "queues", "priority": 1, "definition": { "max-length": 5 } } },
            { "vhost": "shop", "component": "operator_policy", "name": "most", "value": { "pattern": "^never", "apply-to": "queues", "priority": 0, "definition": {
              "delayed-retry-max": 2, "delayed-retry-min": 1, "delayed-retry-type": "all", "delivery-limit": 3, "expires": 1000, "max-in-memory-bytes": 1, "max-in-memory-length": 1, "max-length": 1,
              "max-length-bytes": 1, "message-ttl": 1000, "overflow": "reject-publish", "queue-version": 2, "ha-mode": "all", "ha-sync-mode": "manual", "queue-master-locator": "random", "target-group-size": 3 } } },
            { "vhost": "shop", "component": "operator_policy", "name": "none", "value": { "pattern": "^never", "apply-to": "queues", "priority": 0, "definition": { "overflow": "reject-publish" } } },
            { "vhost": "shop", "component": "vhost-limits", "name": "limits", "value": { "max-connections": 9 } }
          ],
          "policies": [
            { "vhost": "shop", "name": "every", "pattern": "^never", "apply-to": "all", "priority": 0, "definition": {
              "alternate-exchange": "x", "consumer-timeout": 1000, "consumer-disconnected-timeout": 1000, "dead-letter-exchange": "x", "dead-letter-routing-key": "x", "dead-letter-strategy": "at-least-once",
              "delayed-retry-max": 2, "delayed-retry-min": 1, "delayed-retry-type": "all", "delivery-limit": 3, "durability": "os", "expires": 1000, "max-age": "1h", "max-in-memory-bytes": 1,
              "max-in-memory-length": 1, "max-length": 1, "max-length-bytes": 1, "message-ttl": 1000, "overflow": "reject-publish", "queue-leader-locator": "balanced", "queue-mode": "lazy", "queue-version": 2,
              "stream-filter-size-bytes": 16, "stream-max-segment-size-bytes": 1000, "initial-cluster-size": 1, "ha-mode": "exactly", "ha-params": 2, "ha-sync-mode": "automatic", "ha-sync-batch-size": 2,
              "ha-promote-on-shutdown": "always", "ha-promote-on-failure": "when-synced", "queue-master-locator": "random", "target-group-size": 3, "federation-upstream": "u",
              "federation-upstream-pattern": "u", "federation-upstream-set": "u", "shards-per-node": 2, "routing-key": "k" } },
            { "vhost": "shop", "name": "retries", "pattern": "^(safe|orders)$", "apply-to": "quorum_queues", "priority": 9, "definition": { "delivery-limit": 3, "max-length": 7 } },
            { "vhost": "shop", "name": "unlimited", "pattern": "^never", "apply-to": "queues", "priority": 0, "definition": { "delivery-limit": -1 } },
            { "vhost": "shop", "name": "dlx", "pattern": "^orders", "apply-to": "queues", "definition": { "dead-letter-exchange": "dead", "max-length": 10 }, "priority": 2 }
          ],
          "queues": [
            { "name": "orders", "vhost": "shop", "type": "classic", "durable": true, "auto_delete": false, "arguments": { "x-message-ttl": 60000, "x-max-priority": 5 } },
            { "name": "safe", "vhost": "shop", "durable": true, "auto_delete": false, "arguments": { "x-queue-type": "quorum", "x-consumer-timeout": 5000, "x-delivery-limit": -1, "x-durability": "os" } },
            { "name": "placed", "vhost": "shop", "durable": true, "auto_delete": false, "type": "classic", "arguments": { "x-queue-leader-locator": "balanced", "x-of-our-own": 1, "x-half": 5.0, "x-void": null } },
            { "name": "log", "vhost": "shop", "durable": true, "auto_delete": false, "arguments": { "x-queue-type": "stream", "x-max-age": "1h", "x-max-length-bytes": 1000000, "x-stream-max-segment-size-bytes": 500000 } },
            { "name": "every", "vhost": "shop", "type": "classic", "durable": true, "auto_delete": false, "arguments": {
              "x-expires": 3600000, "x-max-length": 5, "x-max-length-bytes": 500, "x-dead-letter-exchange": "dead", "x-dead-letter-routing-key": "k", "x-overflow": "reject-publish", "x-queue-mode": "lazy", "x-single-active-consumer": true } },
            { "name": "group", "vhost": "shop", "type": "quorum", "durable": true, "auto_delete": false, "arguments": { "x-queue-type": "quorum", "x-delivery-limit": 4, "x-quorum-initial-group-size": 1, "x-dead-letter-strategy": "at-least-once", "x-dead-letter-exchange": "dead", "x-overflow": "reject-publish" } },
            { "name": "r\u00e9ponses \u65e5\u672c", "vhost": "shop", "type": "classic", "durable": true, "auto_delete": false, "arguments": {} }
          ],
          "exchanges": [
            { "name": "inner", "vhost": "shop", "type": "headers", "durable": true, "auto_delete": false, "internal": true, "arguments": {} },
            { "name": "brief", "vhost": "shop", "type": "fanout", "durable": true, "auto_delete": true, "internal": false, "arguments": { "of-our-own": [ 1, "two", { "three": true } ] } },
            { "name": "events", "vhost": "shop", "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": { "alternate-exchange": "dead" } }
          ],
          "bindings": [
            { "source": "events", "vhost": "shop", "destination": "orders", "destination_type": "queue", "routing_key": "order.#", "arguments": {} },
            { "source": "amq.headers", "vhost": "shop", "destination": "safe", "destination_type": "queue", "routing_key": "", "arguments": { "x-match": "any", "kind": "new", "count": 3 } },
            { "source": "inner", "vhost": "shop", "destination": "every", "destination_type": "queue", "routing_key": "", "arguments": { "x-match": "all", "half": 0.5, "yes": true, "list": [ 1, "a" ], "table": { "deep": -1 } } },
            { "source": "events", "vhost": "shop", "destination": "amq.fanout", "destination_type": "exchange", "routing_key": "#", "arguments": {} }
          ]
        }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("amqp-definitions");

    public void Dispose() => _folder.Delete(recursive: true);

    [RabbitMqServerFact]
    public async Task Definitions_ThatRabbitMqHasImportedAndExported_AreTheSame()
    {
        string given = Write("given.json", Definitions);
        string ours = Write("ours.json", await ExportAsync(given, "first"));
        string theirs = Path.Combine(_folder.FullName, "theirs.json");

        await server.ControlAsync("import_definitions", ours);

        // It has no policies of quorum queues alone: this one's keys say of which it is.
        string[] policies = (await server.ControlAsync("list_queues", "-q", "-p", "shop", "name", "policy")).Split('\n', StringSplitOptions.TrimEntries);
        Assert.Contains("safe\tretries", policies);
        Assert.Contains("orders\tdlx", policies);
        await server.ControlAsync("export_definitions", theirs);
        string again = await ExportAsync(theirs, "second");

        var before = JsonNode.Parse(await File.ReadAllTextAsync(ours))!;
        var after = JsonNode.Parse(again)!;
        foreach (string section in new[] { "users", "permissions", "topic_permissions", "parameters", "policies", "queues", "exchanges", "bindings" })
        {
            // RabbitMQ has a guest and a virtual host / of its own as well, and those that other tests have made.
            Assert.NotEmpty(before[section]!.AsArray());
            Assert.Equal(Ours(before[section]!).Where(one => !IsInternal(one)), Ours(after[section]!));
        }

        Assert.Equal(Normal(Metadata(before)), Normal(Metadata(after)));

        // It takes internal exchanges, and exports none.
        static bool IsInternal(string one) => one.Contains("name:\"inner\"", StringComparison.Ordinal) || one.Contains("source:\"inner\"", StringComparison.Ordinal);

        static IEnumerable<string> Ours(JsonNode section) =>
            section.AsArray().Where(one => one!["vhost"] is { } host ? (string)host! == "shop" : (string)one["name"]! is "app" or "bare").Select(Normal).Order(StringComparer.Ordinal);

        static JsonNode Metadata(JsonNode definitions) => definitions["vhosts"]!.AsArray().Single(host => (string)host!["name"]! == "shop")!["metadata"]!;
    }

    /// <summary>In one order of keys.</summary>
    private static string Normal(JsonNode? node) => node switch
    {
        JsonObject one => $"{{{string.Join(',', one.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}:{Normal(pair.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Normal))}]",
        null => "null",
        _ => node.ToJsonString(),
    };

    /// <summary>Has a broker import a file into a new folder, and exports the folder.</summary>
    private async Task<string> ExportAsync(string definitions, string name)
    {
        string executable = typeof(BrokerFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "BrokerExecutable").Value!;
        string data = Path.Combine(_folder.FullName, name);
        using (var process = Process.Start(new ProcessStartInfo("dotnet", [executable, "--port", "0", "--listen", "127.0.0.1", "--data", data, "--definitions", definitions])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        })!)
        {
            var error = process.StandardError.ReadToEndAsync();
            using var limit = new CancellationTokenSource(Patience);
            string? line = await process.StandardOutput.ReadLineAsync(limit.Token);
            Assert.True(line is not null, line is null ? await error : null);
            await ForeignProgram.RunAsync("kill", ["-TERM", $"{process.Id}"]);
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal(0, process.ExitCode);
        }

        return await ForeignProgram.RunAsync("dotnet", [executable, "export", data, "--accept-left-out"]);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
