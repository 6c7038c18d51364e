using System.Globalization;
using System.Text.RegularExpressions;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>The keys that a policy may have, their values, and for which types of queues they are. In RabbitMQ's spelling.</summary>
internal static partial class PolicyDefinition
{
    private const QueueTypes Everywhere = QueueTypes.Classic | QueueTypes.Quorum | QueueTypes.Stream;
    private const QueueTypes NotStream = QueueTypes.Classic | QueueTypes.Quorum;

    private static readonly Dictionary<string, Key> Known = new(StringComparer.Ordinal)
    {
        ["alternate-exchange"] = new(Everywhere, IsText, "alternate exchange name"),
        ["consumer-timeout"] = new(Everywhere, value => IsInteger(value, 0), "consumer timeout"),
        ["consumer-disconnected-timeout"] = new(Everywhere, value => IsInteger(value, 0), "consumer disconnected timeout"),
        ["dead-letter-exchange"] = new(NotStream, IsText, "dead letter exchange name"),
        ["dead-letter-routing-key"] = new(NotStream, IsText, "dead letter routing key"),
        ["dead-letter-strategy"] = new(QueueTypes.Quorum, value => IsWord(value, "at-most-once", "at-least-once"), "dead letter strategy"),
        ["delayed-retry-max"] = new(Everywhere, value => IsInteger(value, 1), "delayed retry time") { IsForOperators = true },
        ["delayed-retry-min"] = new(Everywhere, value => IsInteger(value, 1), "delayed retry time") { IsForOperators = true },
        ["delayed-retry-type"] = new(Everywhere, value => IsWord(value, "all", "failed", "returned", "disabled"), "delayed retry type") { IsForOperators = true },
        ["delivery-limit"] = new(QueueTypes.Quorum, value => IsInteger(value, long.MinValue), "delivery limit") { IsForOperators = true },
        ["durability"] = new(Everywhere, value => IsWord(value, "fsync", "os", "memory"), "durability"),
        ["expires"] = new(NotStream, value => IsInteger(value, 1), "queue expiry") { IsForOperators = true },
        ["max-age"] = new(QueueTypes.Stream, value => value is string text && Age().IsMatch(text), "max age"),
        ["max-in-memory-bytes"] = new(QueueTypes.Quorum, value => IsInteger(value, 0), "maximum memory in bytes") { IsForOperators = true },
        ["max-in-memory-length"] = new(QueueTypes.Quorum, value => IsInteger(value, 0), "maximum memory in bytes") { IsForOperators = true },
        ["max-length"] = new(NotStream, value => IsInteger(value, 0), "maximum length") { IsForOperators = true },
        ["max-length-bytes"] = new(Everywhere, value => IsInteger(value, 0), "maximum length in bytes") { IsForOperators = true },
        ["message-ttl"] = new(NotStream, value => IsInteger(value, 0), "message TTL") { IsForOperators = true },
        ["overflow"] = new(NotStream, value => IsWord(value, "drop-head", "reject-publish", "reject-publish-dlx"), "overflow value") { IsForOperators = true, IsTheOperators = true },
        ["queue-leader-locator"] = new(Everywhere, value => IsWord(value, "client-local", "balanced", "random", "least-leaders"), "queue leader locator value"),
        ["queue-mode"] = new(QueueTypes.Classic, value => IsWord(value, "default", "lazy"), "queue-mode value"),
        ["queue-version"] = new(Everywhere, value => IsInteger(value, 1) && !IsInteger(value, 3), "queue version") { IsForOperators = true, IsTheOperators = true },
        ["stream-filter-size-bytes"] = new(QueueTypes.Stream, value => IsInteger(value, 16) && !IsInteger(value, 256), "filter size"),
        ["stream-max-segment-size-bytes"] = new(QueueTypes.Stream, value => IsInteger(value, 0), "segment size"),
        ["initial-cluster-size"] = new(QueueTypes.Stream, value => IsInteger(value, 0), "cluster size"),

        // What a cluster of 3.13 and others' plugins had: one broker takes it and has no use for it.
        ["ha-mode"] = Unused with { IsForOperators = true },
        ["ha-params"] = Unused with { IsForOperators = true },
        ["ha-sync-mode"] = Unused with { IsForOperators = true },
        ["ha-sync-batch-size"] = Unused,
        ["ha-promote-on-shutdown"] = Unused,
        ["ha-promote-on-failure"] = Unused,
        ["queue-master-locator"] = Unused with { IsForOperators = true },
        ["target-group-size"] = Unused with { IsForOperators = true },
        ["federation-upstream"] = Unused,
        ["federation-upstream-pattern"] = Unused,
        ["federation-upstream-set"] = Unused,
        ["shards-per-node"] = Unused,
        ["routing-key"] = Unused,
    };

    /// <summary>The keys that a policy, or an operator policy, may have.</summary>
    internal static IEnumerable<string> KeysOf(bool isOperator) => Known.Where(pair => pair.Value.IsForOperators || !isOperator).Select(pair => pair.Key);

    private static Key Unused => new(Everywhere, static _ => true, "value");

    /// <summary>Refuses a definition that no policy can have, with RabbitMQ's words where there are some.</summary>
    /// <exception cref="ArgumentException">A key is unknown, or its value is none for it, or there is no key at all.</exception>
    public static void Validate(IReadOnlyDictionary<string, object?> definition, bool isOperator)
    {
        if (definition.Count == 0)
        {
            throw new ArgumentException("no policy provided");
        }

        foreach (var (name, value) in definition)
        {
            if (!Known.TryGetValue(name, out var key) || (isOperator && !key.IsForOperators))
            {
                throw new ArgumentException($"'{name}' is not a recognised {(isOperator ? "operator policy" : "policy")} setting");
            }

            if (!key.Takes(value))
            {
                throw new ArgumentException($"{Show(value)} is not a valid {key.What} ({name})");
            }
        }
    }

    /// <summary>Whether all its keys are for queues of this type; RabbitMQ applies a policy whole or not at all.</summary>
    public static bool IsFor(IReadOnlyDictionary<string, object?> definition, QueueTypes type) =>
        definition.Keys.All(name => !Known.TryGetValue(name, out var key) || key.Types.HasFlag(type));

    /// <summary>Puts a policy and an operator policy together: of what both limit, the smaller counts; what is no number is the operator's to say.</summary>
    public static Table Merge(IReadOnlyDictionary<string, object?>? policy, IReadOnlyDictionary<string, object?>? operatorPolicy)
    {
        var merged = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in policy ?? new Dictionary<string, object?>())
        {
            merged[name] = Normalize(value);
        }

        foreach (var (name, value) in operatorPolicy ?? new Dictionary<string, object?>())
        {
            object? theirs = Normalize(value);
            merged[name] = !Known[name].IsTheOperators && merged.TryGetValue(name, out var ours) && ours is long mine && theirs is long limit && !IsStricter(limit, mine) ? ours : theirs;
        }

        return Table.Create(merged);
    }

    /// <summary>A number below 0 is no limit at all.</summary>
    private static bool IsStricter(long limit, long than) => limit >= 0 && (than < 0 || limit < than);

    private static object? Normalize(object? value) => value is int number ? (long)number : value;

    private static bool IsText(object? value) => value is string;

    private static bool IsInteger(object? value, long least) => Normalize(value) is long number && number >= least;

    private static bool IsWord(object? value, params ReadOnlySpan<string> words) => value is string word && words.Contains(word);

    private static string Show(object? value) => value switch
    {
        null => "nothing",
        string text => $"'{text}'",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    [GeneratedRegex("^[0-9]+[YMDhms]$", RegexOptions.CultureInvariant)]
    private static partial Regex Age();

    private sealed record Key(QueueTypes Types, Func<object?, bool> Takes, string What)
    {
        /// <summary>Whether operators may limit it.</summary>
        public bool IsForOperators { get; init; }

        /// <summary>Whether what an operator says goes before what a policy says, instead of the smaller of both.</summary>
        public bool IsTheOperators { get; init; }
    }
}
