using System.Text.Json;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// Takes over what RabbitMQ exports as definitions (JSON): users, virtual hosts, permissions, topic permissions, limits, policies, operator policies, exchanges,
/// queues and bindings, in an order in which each finds what it needs. Nothing is deleted; what is there and differs stays. Other parameters are left alone.
/// </summary>
internal sealed class DefinitionsImport
{
    private const int MaxDepth = 32;

    /// <summary>Unknown keys that are told of; a file that is another thing altogether has any number.</summary>
    private const int MostUnknown = 20;

    private readonly AmqpBroker _broker;
    private readonly string _defaultVirtualHost;

    /// <summary>What queues are declared by: they belong to nobody.</summary>
    private readonly object _nobody = new();

    private DefinitionsImport(AmqpBroker broker, string defaultVirtualHost)
    {
        _broker = broker;
        _defaultVirtualHost = defaultVirtualHost;
    }

    /// <summary>Imports a file.</summary>
    /// <param name="broker">Where to.</param>
    /// <param name="utf8Json">The file.</param>
    /// <param name="defaultVirtualHost">Where things go that name no virtual host, as in the export of a single one.</param>
    /// <exception cref="DefinitionException">The file, or a thing in it, cannot be used; what came before it is there.</exception>
    public static void Run(AmqpBroker broker, ReadOnlyMemory<byte> utf8Json, string defaultVirtualHost)
    {
        if (utf8Json.Span.StartsWith<byte>([0xEF, 0xBB, 0xBF]))
        {
            utf8Json = utf8Json[3..];
        }

        try
        {
            using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DefinitionException("The definitions are no JSON object.");
            }

            foreach (string key in DefinitionKeys.FindUnknown(document.RootElement).Take(MostUnknown))
            {
                Log.DefinitionKeyUnknown(broker.Logger, key);
            }

            new DefinitionsImport(broker, defaultVirtualHost).Import(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new DefinitionException($"The definitions are no JSON: {exception.Message}", exception);
        }
    }

    private void Import(JsonElement root)
    {
        Each(root, "vhosts", ImportVirtualHost);
        Each(root, "users", ImportUser);
        Each(root, "permissions", ImportPermission);
        Each(root, "topic_permissions", ImportTopicPermission);
        Each(root, "parameters", ImportParameter);
        Each(root, "policies", policy => Policies(policy, isOperator: false).Set(ReadPolicy(policy, Text(policy, "name"))));
        Each(root, "exchanges", ImportExchange);
        Each(root, "queues", ImportQueue);
        Each(root, "bindings", ImportBinding);
    }

    private static void Each(JsonElement root, string section, Action<JsonElement> import)
    {
        if (!root.TryGetProperty(section, out var list))
        {
            return;
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new DefinitionException($"{section} is no array.");
        }

        int index = 0;
        foreach (var element in list.EnumerateArray())
        {
            try
            {
                import(element);
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or DefinitionException)
            {
                throw new DefinitionException($"{section}[{index}]: {exception.Message}", exception);
            }

            index++;
        }
    }

    private void ImportVirtualHost(JsonElement element)
    {
        var virtualHost = _broker.VirtualHosts.Create(Text(element, "name"));
        if (element.TryGetProperty("limits", out var limits))
        {
            Limit(virtualHost, limits);
        }

        var metadata = element.TryGetProperty("metadata", out var found) ? found : default;
        if ((OptionalText(element, "default_queue_type") ?? OptionalText(metadata, "default_queue_type")) is { } queueType)
        {
            virtualHost.DefaultQueueType = queueType;
        }

        // RabbitMQ writes both beside the name and among the metadata.
        virtualHost.Description = OptionalText(element, "description") ?? OptionalText(metadata, "description") ?? virtualHost.Description;
        if (element.TryGetProperty("tags", out _) || (metadata.ValueKind == JsonValueKind.Object && metadata.TryGetProperty("tags", out _)))
        {
            virtualHost.Tags = ReadTags(element.TryGetProperty("tags", out _) ? element : metadata);
        }

        if (OptionalText(element, "durability") is { } durability)
        {
            virtualHost.Durability = durability switch
            {
                "fsync" => DurabilityLevel.Fsync,
                "os" => DurabilityLevel.Os,
                "memory" => DurabilityLevel.Memory,
                _ => throw new DefinitionException($"durability '{durability}' unrecognised; should be 'fsync', 'os' or 'memory'"),
            };
        }
    }

    private void ImportUser(JsonElement element)
    {
        string name = Text(element, "name");
        var limits = element.TryGetProperty("limits", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        string? hash = OptionalText(element, "password_hash");
        _broker.Users.Set(new BrokerUser
        {
            Name = name,
            Password = string.IsNullOrEmpty(hash) ? OptionalText(element, "password") : null,
            PasswordHash = hash,
            HashingAlgorithm = OptionalText(element, "hashing_algorithm"),
            Tags = ReadTags(element),
            LoopbackOnly = _broker.Users.Find(name)?.LoopbackOnly ?? _broker.Options.LoopbackUsers.Contains(name),
            MaxConnections = Limit(limits, "max-connections"),
            MaxChannels = Limit(limits, "max-channels"),
        });
    }

    private void ImportPermission(JsonElement element) => _broker.Users.SetPermission(
        Text(element, "user"), new UserPermission(VirtualHostName(element), Text(element, "configure"), Text(element, "write"), Text(element, "read")));

    private void ImportTopicPermission(JsonElement element) => _broker.Users.SetTopicPermission(
        Text(element, "user"), new UserTopicPermission(VirtualHostName(element), Text(element, "exchange"), Text(element, "write"), Text(element, "read")));

    private void ImportParameter(JsonElement element)
    {
        if (!element.TryGetProperty("value", out var value))
        {
            return;
        }

        switch (OptionalText(element, "component"))
        {
            case "operator_policy":
                Policies(element, isOperator: true).Set(ReadPolicy(value, Text(element, "name")));
                break;
            case "policy":
                Policies(element, isOperator: false).Set(ReadPolicy(value, Text(element, "name")));
                break;
            case "vhost-limits":
                Limit(VirtualHost(element), value);
                break;
        }
    }

    private void ImportExchange(JsonElement element)
    {
        string name = Text(element, "name");
        if (name.Length == 0 || name.StartsWith("amq.", StringComparison.Ordinal))
        {
            return;
        }

        // What is there keeps its type and properties, as RabbitMQ has it.
        var topology = VirtualHost(element).Topology;
        if (topology.FindExchange(Utf8(name)) is null)
        {
            Require(topology.DeclareExchange(
                Utf8(name), Utf8(Text(element, "type")), passive: false, Flag(element, "durable", true), Flag(element, "auto_delete", false),
                Flag(element, "internal", false), Arguments(element).View));
        }
    }

    private void ImportQueue(JsonElement element)
    {
        string name = Text(element, "name");
        if (name.StartsWith("amq.", StringComparison.Ordinal))
        {
            return;
        }

        // What is there keeps its arguments, as RabbitMQ has it.
        var topology = VirtualHost(element).Topology;
        if (topology.FindQueue(Utf8(name)) is null)
        {
            Require(topology.DeclareQueue(
                Utf8(name), passive: false, Flag(element, "durable", true), exclusive: false, Flag(element, "auto_delete", false), QueueArgumentsOf(element).View, _nobody, out _));
        }
    }

    private void ImportBinding(JsonElement element)
    {
        var topology = VirtualHost(element).Topology;
        byte[] source = Utf8(Text(element, "source"));
        if (source.Length == 0)
        {
            return;
        }

        byte[] destination = Utf8(Text(element, "destination"));
        if (destination.AsSpan().StartsWith("amq."u8) && OptionalText(element, "destination_type") != "exchange" && topology.FindQueue(destination) is null)
        {
            // Of a queue that was passed over.
            return;
        }

        byte[] key = Utf8(OptionalText(element, "routing_key") ?? string.Empty);
        Require(OptionalText(element, "destination_type") == "exchange"
            ? topology.BindExchange(destination, source, key, Arguments(element).View)
            : topology.BindQueue(destination, source, key, Arguments(element).View, _nobody));
    }

    private BrokerPolicies Policies(JsonElement element, bool isOperator) =>
        isOperator ? VirtualHost(element).OperatorPolicies : VirtualHost(element).Policies;

    private static Policy ReadPolicy(JsonElement element, string name)
    {
        var definition = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (element.TryGetProperty("definition", out var keys) && keys.ValueKind == JsonValueKind.Object)
        {
            foreach (var key in keys.EnumerateObject())
            {
                definition[key.Name] = Value(key.Value);
            }
        }

        return new Policy
        {
            Name = name,
            Pattern = Text(element, "pattern"),
            ApplyTo = ReadTarget(OptionalText(element, "apply-to")),
            Priority = element.TryGetProperty("priority", out var priority) ? priority.GetInt32() : 0,
            Definition = definition,
        };
    }

    private static PolicyTarget ReadTarget(string? text) => text switch
    {
        null or "all" => PolicyTarget.All,
        "queues" => PolicyTarget.Queues,
        "classic_queues" => PolicyTarget.ClassicQueues,
        "quorum_queues" => PolicyTarget.QuorumQueues,
        "streams" => PolicyTarget.Streams,
        "exchanges" => PolicyTarget.Exchanges,
        _ => throw new DefinitionException($"apply-to '{text}' unrecognised; should be 'queues', 'classic_queues', 'quorum_queues', 'streams', 'exchanges' or 'all'"),
    };

    private static void Limit(BrokerVirtualHost virtualHost, JsonElement limits)
    {
        // An export writes no limits as an empty array.
        if (limits.ValueKind == JsonValueKind.Object)
        {
            virtualHost.MaxConnections = Limit(limits, "max-connections");
            virtualHost.MaxQueues = Limit(limits, "max-queues");
        }
    }

    private static int? Limit(JsonElement limits, string name) =>
        limits.ValueKind == JsonValueKind.Object && limits.TryGetProperty(name, out var value) && value.GetInt32() is >= 0 and var limit ? limit : null;

    private static IReadOnlyList<string> ReadTags(JsonElement element) => !element.TryGetProperty("tags", out var tags) ? []
        : tags.ValueKind == JsonValueKind.Array ? [.. tags.EnumerateArray().Select(tag => tag.GetString() ?? string.Empty)]
        : [.. (tags.GetString() ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private BrokerVirtualHost VirtualHost(JsonElement element)
    {
        string name = VirtualHostName(element);
        return _broker.VirtualHosts.Find(name) ?? throw new DefinitionException($"There is no virtual host '{name}'.");
    }

    private string VirtualHostName(JsonElement element) => OptionalText(element, "vhost") ?? _defaultVirtualHost;

    private static string Text(JsonElement element, string name) => OptionalText(element, name) ?? throw new DefinitionException($"it has no text '{name}'");

    private static string? OptionalText(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement element, string name, bool unsaid) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.ValueKind == JsonValueKind.True : unsaid;

    private static Table Arguments(JsonElement element) =>
        element.TryGetProperty("arguments", out var arguments) && arguments.ValueKind == JsonValueKind.Object ? ReadTable(arguments) : Table.Empty;

    /// <summary>The arguments, and the type where the export names it beside them.</summary>
    private Table QueueArgumentsOf(JsonElement element)
    {
        var arguments = Arguments(element);
        if (OptionalText(element, "type") is not { } type || (type is "classic" && VirtualHost(element).DefaultQueueType is null) || arguments.View.ContainsKey("x-queue-type"u8))
        {
            return arguments;
        }

        return QueueArguments.WithType(arguments.View, type);
    }

    private static Table ReadTable(JsonElement json) =>
        Table.Create(json.EnumerateObject().Select(one => KeyValuePair.Create(one.Name, Value(one.Value))));

    private static object? Value(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => json.TryGetInt64(out long number) ? (object)number : json.GetDouble(),
        JsonValueKind.Object => ReadTable(json),
        JsonValueKind.Array => json.EnumerateArray().Select(Value).ToList(),
        _ => null,
    };

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static void Require(ProtocolError? error)
    {
        if (error is not null)
        {
            throw new DefinitionException(error.ReplyText);
        }
    }
}
