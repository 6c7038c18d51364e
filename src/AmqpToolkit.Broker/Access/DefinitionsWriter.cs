using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Access;

/// <summary>Writes definitions as RabbitMQ exports and imports them (JSON): users with the hashes of their passwords, virtual hosts, permissions, limits, policies, exchanges, queues and bindings. Used once.</summary>
internal sealed class DefinitionsWriter
{
    /// <summary>The release whose form it is.</summary>
    private const string Release = "3.10.8";

    private readonly Utf8JsonWriter _json;

    private DefinitionsWriter(Utf8JsonWriter json) => _json = json;

    /// <summary>Exports what of it that release takes.</summary>
    public static DefinitionsExport Run(DefinitionsSnapshot all)
    {
        // In ASCII, whatever the names are: nothing on its way can make something else of it.
        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        var selection = ExportSelection.Of(all);
        new DefinitionsWriter(json).Write(selection.Taken);
        json.Flush();
        return new DefinitionsExport(output.WrittenMemory, selection.LeftOut) { NeedsPlugins = selection.NeedsPlugins };
    }

    private void Write(DefinitionsSnapshot definitions)
    {
        var hosts = definitions.Hosts;
        var users = definitions.Users;
        _json.WriteStartObject();
        _json.WriteString("rabbit_version", Release);
        _json.WriteString("rabbitmq_version", Release);
        _json.WriteString("product_name", "RabbitMQ");
        _json.WriteString("product_version", Release);
        WriteEach("users", users, WriteUser);
        WriteEach("vhosts", hosts, WriteVirtualHost);
        WriteEach("permissions", users.SelectMany(user => user.State.Permissions.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => (user.Name, one.Key, one.Value))), WritePermission);
        WriteEach(
            "topic_permissions",
            users.SelectMany(user => (user.State.TopicPermissions ?? ImmutableDictionary<(string VirtualHost, string Exchange), TopicPatterns>.Empty).OrderBy(one => one.Key.VirtualHost, StringComparer.Ordinal).ThenBy(one => one.Key.Exchange, StringComparer.Ordinal).Select(one => (user.Name, one.Key, one.Value))),
            WriteTopicPermission);
        WriteEach("parameters", hosts, WriteParameters);
        WriteEach("global_parameters", Array.Empty<string>(), static _ => { });
        WriteEach("policies", hosts.SelectMany(host => host.Policies.Select(policy => (host, policy))), WritePolicy);
        WriteEach("queues", hosts.SelectMany(host => host.Queues.Select(queue => (host, queue))), WriteQueue);
        WriteEach("exchanges", hosts.SelectMany(host => host.Exchanges.Select(exchange => (host, exchange))), WriteExchange);
        WriteEach("bindings", hosts.SelectMany(host => host.Bindings.Select(binding => (host, binding))), WriteBinding);
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

    private void WriteUser(DefinitionsSnapshot.UserPart user)
    {
        _json.WriteStartObject();
        _json.WriteString("name", user.Name);
        _json.WriteString("password_hash", user.State.Password?.Text ?? string.Empty);
        _json.WriteString("hashing_algorithm", user.State.Password?.Algorithm ?? PasswordHash.Sha256);
        WriteTexts("tags", user.State.Tags);
        WriteLimits("limits", ("max-connections", user.State.MaxConnections), ("max-channels", user.State.MaxChannels));
        _json.WriteEndObject();
    }

    private void WriteVirtualHost(DefinitionsSnapshot.VirtualHostPart host)
    {
        _json.WriteStartObject();
        _json.WriteString("name", host.Name);
        if (host.Settings.Durability is { } durability)
        {
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
        _json.WriteString("description", host.Settings.Description);
        WriteTexts("tags", host.Settings.Tags);
        if (host.Settings.DefaultQueueType is { } type)
        {
            _json.WriteString("default_queue_type", type);
        }

        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WritePermission((string User, string VirtualHost, PermissionPatterns Patterns) one)
    {
        BeginPermission(one.User, one.VirtualHost);
        _json.WriteString("configure", one.Patterns.Configure.Text);
        EndPermission(one.Patterns.Write.Text, one.Patterns.Read.Text);
    }

    private void WriteTopicPermission((string User, (string VirtualHost, string Exchange) Key, TopicPatterns Patterns) one)
    {
        BeginPermission(one.User, one.Key.VirtualHost);
        _json.WriteString("exchange", one.Key.Exchange);
        EndPermission(one.Patterns.Write, one.Patterns.Read);
    }

    private void BeginPermission(string user, string virtualHost)
    {
        _json.WriteStartObject();
        _json.WriteString("user", user);
        _json.WriteString("vhost", virtualHost);
    }

    private void EndPermission(string write, string read)
    {
        _json.WriteString("write", write);
        _json.WriteString("read", read);
        _json.WriteEndObject();
    }

    /// <summary>Limits and operator policies stand among the parameters of plugins.</summary>
    private void WriteParameters(DefinitionsSnapshot.VirtualHostPart host)
    {
        if (host.Settings.MaxConnections >= 0 || host.Settings.MaxQueues >= 0)
        {
            BeginParameter(host, "vhost-limits", "limits");
            WriteLimits("value", ("max-connections", host.Settings.MaxConnections), ("max-queues", host.Settings.MaxQueues));
            _json.WriteEndObject();
        }

        foreach (var policy in host.OperatorPolicies)
        {
            BeginParameter(host, "operator_policy", policy.Name);
            _json.WriteStartObject("value");
            WriteRule(policy);
            _json.WriteEndObject();
            _json.WriteEndObject();
        }
    }

    private void BeginParameter(DefinitionsSnapshot.VirtualHostPart host, string component, string name)
    {
        _json.WriteStartObject();
        _json.WriteString("vhost", host.Name);
        _json.WriteString("component", component);
        _json.WriteString("name", name);
    }

    private void WritePolicy((DefinitionsSnapshot.VirtualHostPart Host, Policy Policy) one)
    {
        _json.WriteStartObject();
        _json.WriteString("vhost", one.Host.Name);
        _json.WriteString("name", one.Policy.Name);
        WriteRule(one.Policy);
        _json.WriteEndObject();
    }

    private void WriteRule(Policy policy)
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
        WriteTable("definition", policy.Definition);
    }

    private void WriteQueue((DefinitionsSnapshot.VirtualHostPart Host, DefinitionsSnapshot.QueuePart Queue) one)
    {
        var queue = one.Queue;
        _json.WriteStartObject();
        _json.WriteString("name", queue.NameText);
        _json.WriteString("vhost", one.Host.Name);
        _json.WriteString("type", queue.Type switch
        {
            QueueTypes.Quorum => "quorum",
            QueueTypes.Stream => "stream",
            _ => "classic",
        });
        _json.WriteBoolean("durable", queue.Durable);
        _json.WriteBoolean("auto_delete", queue.AutoDelete);
        WriteTable("arguments", queue.Arguments);
        _json.WriteEndObject();
    }

    private void WriteExchange((DefinitionsSnapshot.VirtualHostPart Host, DefinitionsSnapshot.ExchangePart Exchange) one)
    {
        var exchange = one.Exchange;
        _json.WriteStartObject();
        _json.WriteString("name", exchange.NameText);
        _json.WriteString("vhost", one.Host.Name);
        _json.WriteString("type", VirtualHost.TextOf(exchange.Type));
        _json.WriteBoolean("durable", exchange.Durable);
        _json.WriteBoolean("auto_delete", exchange.AutoDelete);
        _json.WriteBoolean("internal", exchange.Internal);
        WriteTable("arguments", exchange.Arguments);
        _json.WriteEndObject();
    }

    private void WriteBinding((DefinitionsSnapshot.VirtualHostPart Host, DefinitionsSnapshot.BindingPart Binding) one)
    {
        var binding = one.Binding;
        _json.WriteStartObject();
        _json.WriteString("source", binding.Source.NameText);
        _json.WriteString("vhost", one.Host.Name);
        _json.WriteString("destination", binding.Destination.NameText);
        _json.WriteString("destination_type", binding.Destination is DefinitionsSnapshot.ExchangePart ? "exchange" : "queue");
        _json.WriteString("routing_key", Encoding.UTF8.GetString(binding.RoutingKey));
        WriteTable("arguments", binding.Arguments);
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

    /// <summary>Those that there are: below 0 stands for any number.</summary>
    private void WriteLimits(string name, params ReadOnlySpan<(string Name, int Limit)> limits)
    {
        _json.WriteStartObject(name);
        foreach (var (limit, value) in limits)
        {
            if (value >= 0)
            {
                _json.WriteNumber(limit, value);
            }
        }

        _json.WriteEndObject();
    }

    private void WriteTable(string name, IReadOnlyDictionary<string, object?> table)
    {
        _json.WritePropertyName(name);
        DefinitionsJson.Write(_json, table);
    }
}
