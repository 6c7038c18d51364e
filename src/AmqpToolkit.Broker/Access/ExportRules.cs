using System.Collections.Frozen;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Access;

/// <summary>What RabbitMQ 3.10.8, as it comes without plugins, takes of policies and of queues' arguments: a file of definitions with one that it refuses it refuses whole.</summary>
internal static class ExportRules
{
    private const long MaxSegmentOctets = 3_000_000_000;

    /// <summary>The keys that its policies may have (asked of it: <c>rabbit_registry:lookup_all(policy_validator)</c>).</summary>
    private static readonly FrozenSet<string> s_policyKeys = FrozenSet.Create(
        "alternate-exchange", "dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy", "delivery-limit", "expires", "ha-mode", "ha-params", "ha-promote-on-failure", "ha-promote-on-shutdown",
        "ha-sync-batch-size", "ha-sync-mode", "initial-cluster-size", "max-age", "max-in-memory-bytes", "max-in-memory-length", "max-length", "max-length-bytes", "message-ttl", "overflow", "queue-leader-locator",
        "queue-master-locator", "queue-mode", "queue-version", "stream-max-segment-size-bytes");

    /// <summary>The keys that its operator policies may have.</summary>
    private static readonly FrozenSet<string> s_operatorKeys = FrozenSet.Create(
        "delivery-limit", "expires", "max-in-memory-bytes", "max-in-memory-length", "max-length", "max-length-bytes", "message-ttl");

    /// <summary>Arguments of queues that it does not know, and that mean something here: a queue that has them there would not do what they say.</summary>
    private static readonly FrozenSet<string> s_laterArguments = FrozenSet.Create(
        "x-consumer-disconnected-timeout", "x-consumer-timeout", "x-delayed-retry-max", "x-delayed-retry-min", "x-delayed-retry-type", "x-durability", "x-stream-filter-size-bytes");

    /// <summary>Keys that it applies to queues of one type alone: with one of them a policy is of no others (<c>unsupported_policies</c> of its queue types).</summary>
    private static readonly Dictionary<PolicyTarget, string[]> s_keysOfOneType = new()
    {
        [PolicyTarget.ClassicQueues] = ["ha-mode", "ha-params", "ha-promote-on-failure", "ha-promote-on-shutdown", "ha-sync-mode", "queue-master-locator", "queue-mode"],
        [PolicyTarget.QuorumQueues] = ["dead-letter-strategy", "delivery-limit"],
        [PolicyTarget.Streams] = ["initial-cluster-size", "max-age", "stream-max-segment-size-bytes"],
    };

    /// <summary>The plugin of RabbitMQ that has a type of exchanges; null when each has it, or none.</summary>
    public static string? PluginOf(ExchangeType type) => type switch
    {
        ExchangeType.Delayed => "rabbitmq_delayed_message_exchange",
        ExchangeType.ConsistentHash => "rabbitmq_consistent_hash_exchange",
        ExchangeType.Random => "rabbitmq_random_exchange",
        ExchangeType.ModulusHash => "rabbitmq_sharding",
        ExchangeType.RecentHistory => "rabbitmq_recent_history_exchange",
        _ => null,
    };

    /// <summary>Whether a policy is of the same queues there, where it cannot say of which type.</summary>
    public static bool IsSaidByKeys(PolicyTarget target, IReadOnlyDictionary<string, object?> definition) => !s_keysOfOneType.TryGetValue(target, out string[]? keys) || keys.Any(definition.ContainsKey);

    /// <summary>Whether a policy of it may say this.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">What it says.</param>
    /// <param name="definition">All that the policy says.</param>
    /// <param name="isOperator">Whether it is an operator policy.</param>
    public static bool TakesInPolicy(string key, object? value, IReadOnlyDictionary<string, object?> definition, bool isOperator) =>
        (isOperator ? s_operatorKeys : s_policyKeys).Contains(key) && key switch
        {
            "delivery-limit" => Number(value) >= 0,
            "stream-max-segment-size-bytes" => Number(value) <= MaxSegmentOctets,
            "queue-master-locator" => value is "min-masters" or "client-local" or "random",
            "ha-mode" or "ha-params" => Mirrors(definition),
            "ha-sync-mode" => Mirrors(definition) && value is "manual" or "automatic",
            "ha-sync-batch-size" => Mirrors(definition) && Number(value) > 0,
            "ha-promote-on-shutdown" or "ha-promote-on-failure" => Mirrors(definition) && value is "always" or "when-synced",
            _ => true,
        };

    /// <summary>Whether a queue of it may have this argument, and does what it says.</summary>
    /// <param name="key">The key.</param>
    /// <param name="arguments">All arguments of the queue.</param>
    public static bool TakesInQueue(string key, IReadOnlyDictionary<string, object?> arguments) => key switch
    {
        "x-queue-leader-locator" => arguments.GetValueOrDefault("x-queue-type") is "quorum" or "stream",
        "x-delivery-limit" => Number(arguments[key]) >= 0,
        _ => !s_laterArguments.Contains(key),
    };

    /// <summary>Whether a policy says of mirrors what it can say; nothing else of them counts without that.</summary>
    private static bool Mirrors(IReadOnlyDictionary<string, object?> definition) => definition.GetValueOrDefault("ha-mode") switch
    {
        "all" => !definition.ContainsKey("ha-params"),
        "exactly" => Number(definition.GetValueOrDefault("ha-params")) > 0,
        "nodes" => definition.GetValueOrDefault("ha-params") is IEnumerable<object?> nodes && nodes.Any() && nodes.All(node => node is string { Length: > 0 }),
        _ => false,
    };

    private static long Number(object? value) => value switch
    {
        long number => number,
        int number => number,
        short number => number,
        sbyte number => number,
        byte number => number,
        ushort number => number,
        uint number => number,
        _ => -1,
    };
}
