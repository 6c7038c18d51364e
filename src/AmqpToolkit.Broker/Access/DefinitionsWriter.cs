using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Access;

/// <summary>
/// Writes what a broker has as the definitions (JSON) that RabbitMQ exports and imports: users with the hashes of their passwords, virtual hosts, permissions, limits, policies, exchanges, queues and bindings. What belongs
/// to one connection is left out, and what RabbitMQ 3.10 would refuse is named instead. Used once.
/// </summary>
internal sealed class DefinitionsWriter
{
    private const string NoJson = "what RabbitMQ's JSON cannot have (void, octets, text that is no UTF-8, a time)";

    /// <summary>The release whose form it is.</summary>
    private const string Release = "3.10.8";

    private readonly DefinitionsSnapshot _snapshot;
    private readonly Utf8JsonWriter _json;
    private readonly List<string> _leftOut = [];

    private DefinitionsWriter(DefinitionsSnapshot snapshot, Utf8JsonWriter json)
    {
        _snapshot = snapshot;
        _json = json;
    }

    /// <summary>Exports all of a broker.</summary>
    public static DefinitionsExport Run(AmqpBroker broker)
    {
        // In ASCII, whatever the names are: nothing on its way can make something else of it.
        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        var writer = new DefinitionsWriter(DefinitionsSnapshot.Of(broker), json);
        writer.Write();
        json.Flush();
        return new DefinitionsExport(output.WrittenMemory, writer._leftOut);
    }

    private void Write()
    {
        var hosts = _snapshot.Hosts;
        _json.WriteStartObject();
        _json.WriteString("rabbit_version", Release);
        _json.WriteString("rabbitmq_version", Release);
        _json.WriteString("product_name", "RabbitMQ");
        _json.WriteString("product_version", Release);
        WriteEach("users", _snapshot.Users, WriteUser);
        WriteEach("vhosts", hosts.Select(part => part.Host), WriteVirtualHost);
        WriteEach("permissions", _snapshot.Users.SelectMany(user => user.Permissions.Select(one => (user.User.Name, one))), WritePermission);
        WriteEach("topic_permissions", _snapshot.Users.SelectMany(user => user.TopicPermissions.Select(one => (user.User.Name, one))), WriteTopicPermission);
        WriteEach("parameters", hosts.Select(part => part.Host), WriteParameters);
        WriteEach("global_parameters", Array.Empty<string>(), static _ => { });
        WriteEach("policies", hosts.SelectMany(part => part.Host.Policies.All.OrderBy(policy => policy.Name, StringComparer.Ordinal).Select(policy => (part.Host, policy))), one => WritePolicy(one.Host, one.policy));
        WriteEach("queues", hosts.SelectMany(part => part.Queues), WriteQueue);
        WriteEach("exchanges", hosts.SelectMany(part => part.Exchanges), WriteExchange);
        WriteEach("bindings", hosts.SelectMany(part => part.Bindings), WriteBinding);
        _json.WriteEndObject();
    }

    private void WriteEach<T>(string section, IEnumerable<T> all, Action<T> write)
    {
        _json.WriteStartArray(section);
        foreach (var one in all)
        {
            write(one);
        }

        _json.WriteEndArray();
    }

    private void WriteUser(DefinitionsSnapshot.UserPart part)
    {
        var user = part.User;
        if (user.LoopbackOnly != (user.Name == "guest"))
        {
            _leftOut.Add($"user '{user.Name}' comes from {(user.LoopbackOnly ? "the broker's own machine alone" : "other machines, too")}: RabbitMQ has that in its settings (loopback_users)");
        }

        if (part.HasScram)
        {
            _leftOut.Add($"user '{user.Name}' can log in with SCRAM: of an imported hash nobody can");
        }

        _json.WriteStartObject();
        _json.WriteString("name", user.Name);
        _json.WriteString("password_hash", user.PasswordHash ?? string.Empty);
        _json.WriteString("hashing_algorithm", user.HashingAlgorithm ?? PasswordHash.Sha256);
        WriteTexts("tags", user.Tags);
        WriteLimits("limits", ("max-connections", user.MaxConnections), ("max-channels", user.MaxChannels));
        _json.WriteEndObject();
    }

    private void WriteVirtualHost(BrokerVirtualHost host)
    {
        _json.WriteStartObject();
        _json.WriteString("name", host.Name);
        if (host.Durability is { } durability)
        {
            // RabbitMQ passes over what it does not know of a virtual host; a policy with such a key it refuses.
            _leftOut.Add($"virtual host '{host.Name}': durability {durability}, which this broker alone reads in it");
            _json.WriteString("durability", durability switch
            {
                DurabilityLevel.Memory => "memory",
                DurabilityLevel.Os => "os",
                _ => "fsync",
            });
        }

        _json.WriteStartArray("limits");
        _json.WriteEndArray();
        _json.WriteStartObject("metadata");
        _json.WriteString("description", host.Description);
        WriteTexts("tags", host.Tags);
        if (host.DefaultQueueType is { } type)
        {
            _json.WriteString("default_queue_type", type);
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WritePermission((string User, UserPermission Permission) one)
    {
        _json.WriteStartObject();
        _json.WriteString("user", one.User);
        _json.WriteString("vhost", one.Permission.VirtualHost);
        _json.WriteString("configure", one.Permission.Configure);
        _json.WriteString("write", one.Permission.Write);
        _json.WriteString("read", one.Permission.Read);
        _json.WriteEndObject();
    }

    private void WriteTopicPermission((string User, UserTopicPermission Permission) one)
    {
        _json.WriteStartObject();
        _json.WriteString("user", one.User);
        _json.WriteString("vhost", one.Permission.VirtualHost);
        _json.WriteString("exchange", one.Permission.Exchange);
        _json.WriteString("write", one.Permission.Write);
        _json.WriteString("read", one.Permission.Read);
        _json.WriteEndObject();
    }

    /// <summary>Limits and operator policies stand among the parameters of plugins.</summary>
    private void WriteParameters(BrokerVirtualHost host)
    {
        if (host.MaxConnections is not null || host.MaxQueues is not null)
        {
            BeginParameter(host, "vhost-limits", "limits");
            WriteLimits("value", ("max-connections", host.MaxConnections), ("max-queues", host.MaxQueues));
            _json.WriteEndObject();
        }

        foreach (var policy in host.OperatorPolicies.All.OrderBy(policy => policy.Name, StringComparer.Ordinal))
        {
            if (Reduce(host, policy, isOperator: true) is { Count: > 0 } definition)
            {
                BeginParameter(host, "operator_policy", policy.Name);
                _json.WriteStartObject("value");
                WriteRule(host, policy, definition);
                _json.WriteEndObject();
                _json.WriteEndObject();
            }
        }
    }

    private void BeginParameter(BrokerVirtualHost host, string component, string name)
    {
        _json.WriteStartObject();
        _json.WriteString("vhost", host.Name);
        _json.WriteString("component", component);
        _json.WriteString("name", name);
    }

    private void WritePolicy(BrokerVirtualHost host, Policy policy)
    {
        if (Reduce(host, policy, isOperator: false) is not { Count: > 0 } definition)
        {
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("vhost", host.Name);
        _json.WriteString("name", policy.Name);
        WriteRule(host, policy, definition);
        _json.WriteEndObject();
    }

    /// <summary>What RabbitMQ takes of a policy; nothing when it takes none of it.</summary>
    private Dictionary<string, object?> Reduce(BrokerVirtualHost host, Policy policy, bool isOperator)
    {
        string owner = NameOf(host, policy, isOperator);
        var taken = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in policy.Definition)
        {
            if (ExportRules.TakesInPolicy(key, value, policy.Definition, isOperator))
            {
                taken.Add(key, value);
            }
            else
            {
                _leftOut.Add($"{owner}: {key} '{Show(value)}'");
            }
        }

        if (taken.Count > 0 && !ExportRules.IsSaidByKeys(policy.ApplyTo, taken))
        {
            // As one of all queues it would drop messages of others.
            _leftOut.Add($"{owner}: all of it, since it is of {policy.ApplyTo} alone and RabbitMQ has no such policies; of those that match there the next by priority counts");
            return [];
        }

        if (taken.Count == 0)
        {
            _leftOut.Add($"{owner}: all of it, since nothing else is in it; of those that match there the next by priority counts");
        }

        return taken;
    }

    private static string NameOf(BrokerVirtualHost host, Policy policy, bool isOperator) => $"{(isOperator ? "operator policy" : "policy")} '{policy.Name}' in virtual host '{host.Name}'";

    private static string Show(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;

    private void WriteRule(BrokerVirtualHost host, Policy policy, Dictionary<string, object?> definition)
    {
        _json.WriteString("pattern", policy.Pattern);
        _json.WriteString("apply-to", policy.ApplyTo switch
        {
            PolicyTarget.Exchanges => "exchanges",
            PolicyTarget.All => "all",

            // RabbitMQ 3.10 knows no types there; the keys say which.
            _ => "queues",
        });
        _json.WriteNumber("priority", policy.Priority);
        _json.WritePropertyName("definition");
        WriteTable(definition, $"policy '{policy.Name}' in virtual host '{host.Name}'");
    }

    private void WriteQueue(MessageQueue queue)
    {
        if (WhyNot(queue) is { } why)
        {
            _leftOut.Add($"{BrokerStore.NameOf(queue)}, and its bindings: {why}");
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("name", queue.NameText);
        _json.WriteString("vhost", queue.VirtualHost.Name);
        _json.WriteString("type", QueueArguments.TypeOf(queue.Definition.Arguments.View) switch
        {
            QueueTypes.Quorum => "quorum",
            QueueTypes.Stream => "stream",
            _ => "classic",
        });
        _json.WriteBoolean("durable", queue.Definition.Durable);
        _json.WriteBoolean("auto_delete", queue.Definition.AutoDelete);
        _json.WritePropertyName("arguments");
        string owner = BrokerStore.NameOf(queue);
        var arguments = queue.Definition.Arguments.ToDictionary();
        foreach (string key in arguments.Keys.Where(key => !ExportRules.TakesInQueue(key, arguments)).ToArray())
        {
            _leftOut.Add($"{owner}: {key} '{Show(arguments[key])}'");
            arguments.Remove(key);
        }

        WriteTable(arguments, owner);
        _json.WriteEndObject();
    }

    private void WriteExchange(Exchange exchange)
    {
        if (WhyNot(exchange) is { } why)
        {
            _leftOut.Add($"{BrokerStore.NameOf(exchange)}, and its bindings: {why}");
            return;
        }

        if (exchange.Type is not (ExchangeType.Direct or ExchangeType.Fanout or ExchangeType.Topic or ExchangeType.Headers))
        {
            _leftOut.Add($"exchange '{exchange.NameText}' in virtual host '{exchange.VirtualHost.Name}': RabbitMQ has the type {VirtualHost.TextOf(exchange.Type)} by a plugin, without which it takes none of the file");
        }

        _json.WriteStartObject();
        _json.WriteString("name", exchange.NameText);
        _json.WriteString("vhost", exchange.VirtualHost.Name);
        _json.WriteString("type", VirtualHost.TextOf(exchange.Type));
        _json.WriteBoolean("durable", exchange.Durable);
        _json.WriteBoolean("auto_delete", exchange.AutoDelete);
        _json.WriteBoolean("internal", exchange.Internal);
        _json.WritePropertyName("arguments");
        WriteTable(exchange.Arguments.ToDictionary(), BrokerStore.NameOf(exchange));
        _json.WriteEndObject();
    }

    /// <summary>Why a queue or an exchange cannot go along; null when it can.</summary>
    private static string? WhyNot(BindingDestination destination) =>
        !Utf8.IsValid(destination.Name) ? $"its name, 0x{Convert.ToHexString(destination.Name)}, is no UTF-8"
        : destination is Exchange { Type: ExchangeType.LocalRandom } exchange ? $"no RabbitMQ before 4.0 has the type {VirtualHost.TextOf(exchange.Type)}"
        : destination is MessageQueue && destination.Name.AsSpan().StartsWith("amq."u8) ? "a broker has given it its name, and none imports such"
        : null;

    private void WriteBinding(Binding binding)
    {
        string owner = $"a binding of '{binding.Destination.NameText}' to exchange '{binding.Source.NameText}' in virtual host '{binding.Source.VirtualHost.Name}'";
        var arguments = new Codec.TableView(binding.Arguments).ToDictionary();
        if (WhyNot(binding.Source) is not null || WhyNot(binding.Destination) is not null)
        {
            return;
        }

        // With another key, or without one of its arguments, it would be another binding.
        if (!Utf8.IsValid(binding.RoutingKey) || !IsJson(arguments))
        {
            _leftOut.Add($"{owner}: {(Utf8.IsValid(binding.RoutingKey) ? $"an argument has {NoJson}" : $"its key, 0x{Convert.ToHexString(binding.RoutingKey)}, is no UTF-8")}");
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("source", binding.Source.NameText);
        _json.WriteString("vhost", binding.Source.VirtualHost.Name);
        _json.WriteString("destination", binding.Destination.NameText);
        _json.WriteString("destination_type", binding.Destination is Exchange ? "exchange" : "queue");
        _json.WriteString("routing_key", Encoding.UTF8.GetString(binding.RoutingKey));
        _json.WritePropertyName("arguments");
        WriteTable(arguments, owner);
        _json.WriteEndObject();
    }

    private void WriteTexts(string name, IEnumerable<string> texts)
    {
        _json.WriteStartArray(name);
        foreach (string text in texts)
        {
            _json.WriteStringValue(text);
        }

        _json.WriteEndArray();
    }

    private void WriteLimits(string name, params ReadOnlySpan<(string Name, int? Limit)> limits)
    {
        _json.WriteStartObject(name);
        foreach (var (limit, value) in limits)
        {
            if (value is { } number)
            {
                _json.WriteNumber(limit, number);
            }
        }

        _json.WriteEndObject();
    }

    private void WriteTable(IEnumerable<KeyValuePair<string, object?>> table, string owner)
    {
        _json.WriteStartObject();
        foreach (var (key, value) in table)
        {
            if (!IsJson(key) || !IsJson(value))
            {
                _leftOut.Add($"{owner}: {key}, {NoJson}");
            }
            else
            {
                _json.WritePropertyName(key);
                WriteValue(value);
            }
        }

        _json.WriteEndObject();
    }

    /// <summary>With a point in it: else it would be read as an integer, which is another value.</summary>
    private void WriteFraction(double number)
    {
        string text = number.ToString("R", CultureInfo.InvariantCulture);
        int exponentAt = text.IndexOf('E', StringComparison.Ordinal);
        _json.WriteRawValue(text.Contains('.', StringComparison.Ordinal) ? text : exponentAt < 0 ? $"{text}.0" : text.Insert(exponentAt, ".0"));
    }

    private static bool IsJson(object? value) => value switch
    {
        // Octets that are no UTF-8 have become this character.
        string text => !text.Contains('\uFFFD', StringComparison.Ordinal),
        bool or sbyte or byte or short or ushort or int or uint or long => true,
        float number => float.IsFinite(number),
        double number => double.IsFinite(number),
        IReadOnlyDictionary<string, object?> table => table.All(one => IsJson(one.Key) && IsJson(one.Value)),
        IEnumerable<object?> list => list.All(IsJson),
        Codec.Table table => IsJson(table.ToDictionary()),
        _ => false,
    };

    private void WriteValue(object? value)
    {
        switch (value)
        {
            case string text:
                _json.WriteStringValue(text);
                break;
            case bool flag:
                _json.WriteBooleanValue(flag);
                break;
            case float number:
                WriteFraction(number);
                break;
            case double number:
                WriteFraction(number);
                break;
            case Codec.Table table:
                WriteValue(table.ToDictionary());
                break;
            case IReadOnlyDictionary<string, object?> table:
                _json.WriteStartObject();
                foreach (var (key, one) in table)
                {
                    _json.WritePropertyName(key);
                    WriteValue(one);
                }

                _json.WriteEndObject();
                break;
            case IEnumerable<object?> list:
                _json.WriteStartArray();
                foreach (object? one in list)
                {
                    WriteValue(one);
                }

                _json.WriteEndArray();
                break;
            default:
                _json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
