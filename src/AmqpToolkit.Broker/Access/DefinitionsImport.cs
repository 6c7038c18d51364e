using System.Globalization;
using System.Text;
using System.Text.Json;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using static AmqpToolkit.Broker.Access.DefinitionElement;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// Takes over what RabbitMQ exports as definitions (JSON): users, virtual hosts, permissions, topic permissions, limits, policies, operator policies, exchanges,
/// queues and bindings, in an order in which each finds what it needs. Nothing is deleted; what is there and differs stays. All of it is read, and checked as far as that
/// needs no exchange and no queue, before any of it is done. What is passed over is told. Used once.
/// </summary>
internal sealed class DefinitionsImport
{
    private const int MaxDepth = 32;

    /// <summary>Global parameters of every export: names of a cluster.</summary>
    private static readonly string[] s_usual = ["cluster_name", "internal_cluster_id"];

    private readonly AmqpBroker _broker;
    private readonly string _defaultVirtualHost;
    private readonly PassedOver _passedOver;

    /// <summary>What queues are declared by: they belong to nobody.</summary>
    private readonly object _nobody = new();

    /// <summary>Virtual hosts and users that the definitions bring.</summary>
    private readonly HashSet<string> _virtualHosts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _users = new(StringComparer.Ordinal);

    /// <summary>Whether RabbitMQ has written it, which leaves internal exchanges out and their bindings in.</summary>
    private bool _isExport;

    private bool _isDoing;

    /// <summary>Whether what is being done turned out to be something that is passed over.</summary>
    private bool _isLeftOut;

    /// <summary>How many things of each section there are now, in the order of the sections.</summary>
    private readonly List<(string Section, int Count)> _taken = [];

    private DefinitionsImport(AmqpBroker broker, string defaultVirtualHost)
    {
        _broker = broker;
        _defaultVirtualHost = defaultVirtualHost;
        _passedOver = new PassedOver(broker.Logger);
    }

    /// <summary>Imports a file.</summary>
    /// <param name="broker">Where to.</param>
    /// <param name="utf8Json">The file.</param>
    /// <param name="defaultVirtualHost">Where things go that name no virtual host, as in the export of a single one.</param>
    /// <returns>What was passed over, a line each.</returns>
    /// <exception cref="DefinitionException">The file, or a thing in it, cannot be used. Nothing is changed, unless it is an exchange, a queue or a binding that cannot be made: then what came before it is there.</exception>
    public static IReadOnlyList<string> Run(AmqpBroker broker, ReadOnlyMemory<byte> utf8Json, string defaultVirtualHost)
    {
        if (utf8Json.Span.StartsWith<byte>([0xEF, 0xBB, 0xBF]))
        {
            utf8Json = utf8Json[3..];
        }

        try
        {
            using var document = JsonDocument.Parse(utf8Json, new JsonDocumentOptions { MaxDepth = MaxDepth, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DefinitionException("The definitions are no JSON object.");
            }

            var import = new DefinitionsImport(broker, defaultVirtualHost);
            import.Import(document.RootElement);
            return import._passedOver.All;
        }
        catch (JsonException exception)
        {
            throw new DefinitionException($"The definitions are no JSON: {exception.Message}", exception);
        }
    }

    private void Import(JsonElement root)
    {
        _isExport = root.TryGetProperty("rabbit_version", out _) || root.TryGetProperty("rabbitmq_version", out _);
        ImportSections(root);
        foreach (string key in DefinitionKeys.FindUnknown(root))
        {
            _passedOver.AddKey(key);
        }

        _isDoing = true;
        ImportSections(root);
        _passedOver.End();
        Log.DefinitionsTakenOver(_broker.Logger, _taken.Count == 0 ? "nothing" : string.Join(", ", _taken.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Section}: {one.Count}"))));
    }

    private void ImportSections(JsonElement root)
    {
        Each(root, "vhosts", ReadVirtualHost);
        Each(root, "users", ReadUser);
        Each(root, "permissions", ReadPermission);
        Each(root, "topic_permissions", ReadTopicPermission);
        Each(root, "global_parameters", ReadGlobalParameter);
        Each(root, "parameters", ReadParameter);
        Each(root, "policies", policy => ReadPolicy(policy, policy, isOperator: false));
        Each(root, "exchanges", ReadExchange);
        Each(root, "queues", ReadQueue);
        Each(root, "bindings", ReadBinding);
    }

    /// <summary>Reads each thing of a section, and does what that says when it is time.</summary>
    private void Each(JsonElement root, string section, Func<JsonElement, Action?> read)
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
        int count = 0;
        foreach (var element in list.EnumerateArray())
        {
            try
            {
                var act = element.ValueKind == JsonValueKind.Object ? read(element) : throw new DefinitionException("it is no object");
                if (_isDoing && act is not null)
                {
                    _isLeftOut = false;
                    act();
                    count += _isLeftOut ? 0 : 1;
                }
            }
            catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException or DefinitionException)
            {
                throw new DefinitionException($"{section}[{index}]: {exception.Message}", exception);
            }

            index++;
        }

        if (count > 0)
        {
            _taken.Add((section, count));
        }
    }

    private Action ReadVirtualHost(JsonElement element)
    {
        string name = Text(element, "name");
        BrokerVirtualHosts.CheckName(name, nameof(name));
        _virtualHosts.Add(name);
        var limits = ReadLimits(OptionalNumbers(element, "limits"), $"virtual host '{name}'", "max-queues");

        // RabbitMQ writes these beside the name and among the metadata.
        var metadata = OptionalObject(element, "metadata");
        string? queueType = OptionalText(element, "default_queue_type") ?? OptionalText(metadata, "default_queue_type");
        string? description = OptionalText(element, "description") ?? OptionalText(metadata, "description");
        var tags = OptionalTexts(element, "tags") ?? OptionalTexts(metadata, "tags");
        if (queueType is not null)
        {
            _ = BrokerVirtualHost.CheckQueueType(queueType);
        }

        DurabilityLevel? durability = OptionalText(element, "durability") switch
        {
            null => null,
            "fsync" => DurabilityLevel.Fsync,
            "os" => DurabilityLevel.Os,
            "memory" => DurabilityLevel.Memory,
            var other => throw new DefinitionException($"durability '{other}' unrecognised; should be 'fsync', 'os' or 'memory'"),
        };
        foreach (var key in KeysOf(metadata).Where(key => key.Name is not ("description" or "tags" or "default_queue_type")))
        {
            PassOver($"'{key.Name}' in the metadata of virtual host '{name}'");
        }

        return () =>
        {
            var virtualHost = _broker.VirtualHosts.Create(name);
            Limit(virtualHost, limits);
            virtualHost.DefaultQueueType = queueType ?? virtualHost.DefaultQueueType;
            virtualHost.Description = description ?? virtualHost.Description;
            virtualHost.Tags = tags ?? virtualHost.Tags;
            virtualHost.Durability = durability ?? virtualHost.Durability;
        };
    }

    private Action ReadUser(JsonElement element)
    {
        string name = Text(element, "name");
        BrokerVirtualHosts.CheckName(name, nameof(name));
        _users.Add(name);
        string? hash = OptionalText(element, "password_hash");
        string? algorithm = OptionalText(element, "hashing_algorithm");
        string? password = OptionalText(element, "password");
        if (!string.IsNullOrEmpty(hash))
        {
            _ = PasswordHash.Parse(hash, algorithm);
        }

        var limits = ReadLimits(OptionalNumbers(element, "limits"), $"user '{name}'", "max-channels");
        var tags = OptionalTexts(element, "tags") ?? [];
        return () => _broker.Users.Set(new BrokerUser
        {
            Name = name,
            Password = string.IsNullOrEmpty(hash) ? password : null,
            PasswordHash = hash,
            HashingAlgorithm = algorithm,
            Tags = tags,
            LoopbackOnly = _broker.Users.Find(name)?.LoopbackOnly ?? _broker.Options.LoopbackUsers.Contains(name),
            MaxConnections = limits?.Connections,
            MaxChannels = limits?.Others,
        });
    }

    private Action ReadPermission(JsonElement element)
    {
        string user = UserName(element);
        var permission = new UserPermission(VirtualHostName(element), Text(element, "configure"), Text(element, "write"), Text(element, "read"));
        _ = PermissionPatterns.Parse(permission.Configure, permission.Write, permission.Read);
        return () => _broker.Users.SetPermission(user, permission);
    }

    private Action ReadTopicPermission(JsonElement element)
    {
        string user = UserName(element);
        var permission = new UserTopicPermission(VirtualHostName(element), Text(element, "exchange"), Text(element, "write"), Text(element, "read"));
        _ = new TopicPatterns(permission.Write, permission.Read, user, permission.VirtualHost);
        return () => _broker.Users.SetTopicPermission(user, permission);
    }

    private Action? ReadGlobalParameter(JsonElement element)
    {
        string name = Text(element, "name");
        if (!_isDoing && s_usual.Contains(name))
        {
            _passedOver.AddUsual($"global parameter '{name}'");
        }
        else
        {
            PassOver($"global parameter '{name}'");
        }

        return null;
    }

    private Action? ReadParameter(JsonElement element)
    {
        string component = Text(element, "component");
        string name = Text(element, "name");
        if (component is not ("operator_policy" or "policy" or "vhost-limits"))
        {
            PassOver($"parameter '{name}' of component '{component}' in virtual host '{OptionalText(element, "vhost") ?? _defaultVirtualHost}'");
            return null;
        }

        if (!element.TryGetProperty("value", out _))
        {
            throw new DefinitionException("it has no 'value'");
        }

        if (component != "vhost-limits")
        {
            return ReadPolicy(element, OptionalObject(element, "value"), isOperator: component == "operator_policy");
        }

        string host = VirtualHostName(element);
        var limits = ReadLimits(OptionalNumbers(element, "value"), $"virtual host '{host}'", "max-queues");
        return () => Limit(Find(host), limits);
    }

    private Action ReadPolicy(JsonElement element, JsonElement rule, bool isOperator)
    {
        string host = VirtualHostName(element);
        var definition = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var key in KeysOf(OptionalObject(rule, "definition")))
        {
            definition[key.Name] = Value(key.Value);
        }

        var policy = new Policy
        {
            Name = Text(element, "name"),
            Pattern = Text(rule, "pattern"),
            ApplyTo = ReadTarget(OptionalText(rule, "apply-to")),
            Priority = OptionalNumber(rule, "priority") ?? 0,
            Definition = definition,
        };
        _ = new PolicyRule(policy, isOperator);
        return () => (isOperator ? Find(host).OperatorPolicies : Find(host).Policies).Set(policy);
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

    private Action? ReadExchange(JsonElement element)
    {
        string name = Text(element, "name");
        string host = VirtualHostName(element);
        if (name.Length == 0 || name.StartsWith("amq.", StringComparison.Ordinal))
        {
            // Every virtual host has its own.
            return null;
        }

        string type = Text(element, "type");
        bool durable = Flag(element, "durable", true);
        bool autoDelete = Flag(element, "auto_delete", false);
        bool isInternal = Flag(element, "internal", false);
        var arguments = ReadTable(OptionalObject(element, "arguments"));
        return () =>
        {
            // What is there keeps its type and properties, as RabbitMQ has it.
            var topology = Find(host).Topology;
            if (topology.FindExchange(Utf8(name)) is null)
            {
                Require(topology.DeclareExchange(Utf8(name), Utf8(type), passive: false, durable, autoDelete, isInternal, arguments.View));
            }
        };
    }

    private Action? ReadQueue(JsonElement element)
    {
        string name = Text(element, "name");
        string host = VirtualHostName(element);
        if (name.StartsWith("amq.", StringComparison.Ordinal))
        {
            PassOver($"queue '{name}' in virtual host '{host}', which has its name from a broker, and its bindings");
            return null;
        }

        string? type = OptionalText(element, "type");
        bool durable = Flag(element, "durable", true);
        bool autoDelete = Flag(element, "auto_delete", false);
        var arguments = ReadTable(OptionalObject(element, "arguments"));
        return () =>
        {
            // What is there keeps its arguments, as RabbitMQ has it.
            var virtualHost = Find(host);
            if (virtualHost.Topology.FindQueue(Utf8(name)) is null)
            {
                Require(virtualHost.Topology.DeclareQueue(Utf8(name), passive: false, durable, exclusive: false, autoDelete, WithType(arguments, type, virtualHost).View, _nobody, out _));
            }
        };
    }

    /// <summary>The arguments, and the type where the export names it beside them.</summary>
    private static Table WithType(Table arguments, string? type, BrokerVirtualHost virtualHost) =>
        type is null || (type is "classic" && virtualHost.DefaultQueueType is null) || arguments.View.ContainsKey("x-queue-type"u8) ? arguments : QueueArguments.WithType(arguments.View, type);

    private Action? ReadBinding(JsonElement element)
    {
        string host = VirtualHostName(element);
        byte[] source = Utf8(Text(element, "source"));
        byte[] destination = Utf8(Text(element, "destination"));
        bool isToExchange = OptionalText(element, "destination_type") == "exchange";
        byte[] key = Utf8(OptionalText(element, "routing_key") ?? string.Empty);
        var arguments = ReadTable(OptionalObject(element, "arguments"));
        if (source.Length == 0)
        {
            return null;
        }

        return () =>
        {
            var topology = Find(host).Topology;
            if (_isExport && (topology.FindExchange(source) is null || (isToExchange && topology.FindExchange(destination) is null)))
            {
                _isLeftOut = true;
                _passedOver.Add($"a binding of '{Encoding.UTF8.GetString(destination)}' to exchange '{Encoding.UTF8.GetString(source)}' in virtual host '{host}': RabbitMQ exports no internal exchanges");
            }
            else if (isToExchange)
            {
                Require(topology.BindExchange(destination, source, key, arguments.View));
            }
            else if (!destination.AsSpan().StartsWith("amq."u8) || topology.FindQueue(destination) is not null)
            {
                Require(topology.BindQueue(destination, source, key, arguments.View, _nobody));
            }
            else
            {
                // Of a queue that was passed over.
                _isLeftOut = true;
            }
        };
    }

    /// <summary>The limits that there are; null when nothing is said of any, which is another thing than that there is none.</summary>
    private (int? Connections, int? Others)? ReadLimits(Dictionary<string, int>? limits, string owner, string others)
    {
        if (limits is null)
        {
            return null;
        }

        foreach (string key in limits.Keys.Where(key => key != "max-connections" && key != others))
        {
            PassOver($"the limit '{key}' of {owner}");
        }

        return (Limit("max-connections"), Limit(others));

        int? Limit(string name) => limits.TryGetValue(name, out int limit) && limit >= 0 ? limit : null;
    }

    private static void Limit(BrokerVirtualHost virtualHost, (int? Connections, int? Queues)? limits)
    {
        if (limits is var (connections, queues))
        {
            virtualHost.MaxConnections = connections;
            virtualHost.MaxQueues = queues;
        }
    }

    /// <summary>Once, though all is read twice.</summary>
    private void PassOver(string what)
    {
        if (!_isDoing)
        {
            _passedOver.Add(what);
        }
    }

    private BrokerVirtualHost Find(string name) => _broker.VirtualHosts.Find(name) ?? throw new DefinitionException($"There is no virtual host '{name}'.");

    private string VirtualHostName(JsonElement element)
    {
        string name = OptionalText(element, "vhost") ?? _defaultVirtualHost;
        return _virtualHosts.Contains(name) ? name : Find(name).Name;
    }

    private string UserName(JsonElement element)
    {
        string name = Text(element, "user");
        return _users.Contains(name) || _broker.Users.Find(name) is not null ? name : throw new DefinitionException($"There is no user '{name}'.");
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static void Require(ProtocolError? error)
    {
        if (error is not null)
        {
            throw new DefinitionException(error.ReplyText);
        }
    }
}
