using System.Text.Json;

namespace AmqpToolkit.Broker.Access;

/// <summary>The keys that things in definitions may have: those of RabbitMQ's exports, also the ones that mean nothing here, and our own.</summary>
internal static class DefinitionKeys
{
    private static readonly string[] s_root =
    [
        "rabbit_version", "rabbitmq_version", "product_name", "product_version", "rabbitmq_definition_format", "original_cluster_name", "original_vhost_name", "explanation",
        "description", "metadata", "default_queue_type", "global_parameters", "users", "vhosts", "permissions", "topic_permissions", "parameters", "policies", "exchanges", "queues", "bindings",
    ];

    private static readonly Dictionary<string, string[]> s_sections = new()
    {
        ["vhosts"] = ["name", "limits", "metadata", "default_queue_type", "description", "tags", "durability", "tracing", "cluster_state", "protected_from_deletion"],
        ["users"] = ["name", "password_hash", "password", "hashing_algorithm", "tags", "limits"],
        ["permissions"] = ["user", "vhost", "configure", "write", "read"],
        ["topic_permissions"] = ["user", "vhost", "exchange", "write", "read"],
        ["parameters"] = ["vhost", "component", "name", "value"],
        ["policies"] = ["vhost", "name", "pattern", "apply-to", "definition", "priority"],
        ["exchanges"] = ["vhost", "name", "type", "durable", "auto_delete", "internal", "arguments", "policy", "user_who_performed_action"],
        ["queues"] = ["vhost", "name", "type", "durable", "auto_delete", "exclusive", "arguments", "policy", "user_who_performed_action"],
        ["bindings"] = ["vhost", "source", "destination", "destination_type", "routing_key", "arguments", "properties_key"],
    };

    /// <summary>The keys of definitions that nobody knows, the way to each.</summary>
    /// <param name="root">The definitions, an object.</param>
    public static IEnumerable<string> FindUnknown(JsonElement root)
    {
        foreach (var property in root.EnumerateObject())
        {
            if (!s_root.Contains(property.Name))
            {
                yield return property.Name;
            }
            else if (property.Value.ValueKind == JsonValueKind.Array && s_sections.TryGetValue(property.Name, out string[]? known))
            {
                foreach (string key in FindUnknown(property.Value, known))
                {
                    yield return $"{property.Name}{key}";
                }
            }
        }
    }

    private static IEnumerable<string> FindUnknown(JsonElement list, string[] known)
    {
        int index = 0;
        foreach (var element in list.EnumerateArray())
        {
            foreach (var property in element.ValueKind == JsonValueKind.Object ? [.. element.EnumerateObject()] : Array.Empty<JsonProperty>())
            {
                if (!known.Contains(property.Name))
                {
                    yield return $"[{index}].{property.Name}";
                }
            }

            index++;
        }
    }
}
