using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>The arguments of queue.declare that the broker knows: which values they may have, and that a redeclaration must repeat them.</summary>
internal static class QueueArguments
{
    /// <summary>The longest time to live and expiry, in milliseconds: what a 32-bit timer holds.</summary>
    private const long MaxMilliseconds = uint.MaxValue;

    /// <summary>x-max-priority goes no higher: the priority property is one octet.</summary>
    private const long MaxPriority = byte.MaxValue;

    private const string DeadLetterExchange = "x-dead-letter-exchange";

    /// <summary>Says what is wrong with a value, null when nothing is.</summary>
    private delegate string? Check(FieldValueView value, TableView arguments);

    private static readonly KnownArgument[] Known =
    [
        new("x-expires", static (value, _) => MillisecondsMistake(value, 1)),
        new("x-message-ttl", static (value, _) => MillisecondsMistake(value, 0)),
        new(DeadLetterExchange, static (value, _) => TextMistake(value)),
        new("x-dead-letter-routing-key", DeadLetterRoutingKeyMistake),
        new("x-dead-letter-strategy", static (value, _) => WordMistake(value, "invalid_dlx_strategy", "at-most-once", "at-least-once")),
        new("x-max-length", static (value, _) => CountMistake(value)),
        new("x-max-length-bytes", static (value, _) => CountMistake(value)),
        new("x-max-in-memory-length", static (value, _) => CountMistake(value)),
        new("x-max-in-memory-bytes", static (value, _) => CountMistake(value)),
        new("x-max-priority", static (value, _) => MaxPriorityMistake(value)),
        new("x-overflow", static (value, _) => WordMistake(value, "invalid_overflow", "drop-head", "reject-publish", "reject-publish-dlx")),
        new("x-queue-mode", static (value, _) => WordMistake(value, "invalid_queue_mode", "default", "lazy")),
        new("x-queue-version", static (value, _) => VersionMistake(value)),
        new("x-single-active-consumer", static (value, _) => value.TryGetBoolean(out bool _) ? null : UnacceptableType(value)),
        new("x-queue-type", static (value, _) => QueueTypeMistake(value)),
        new("x-quorum-initial-group-size", static (value, _) => CountMistake(value)),
        new("x-max-age", static (value, _) => TextMistake(value)),
        new("x-stream-max-segment-size-bytes", static (value, _) => CountMistake(value)),
        new("x-initial-cluster-size", static (value, _) => CountMistake(value)),
        new("x-queue-leader-locator", static (value, _) => TextMistake(value)),
    ];

    /// <summary>Refuses values that no queue can have; arguments that are not known are accepted (RabbitMQ's mistakes table, rows 69 to 74).</summary>
    public static ProtocolError? Validate(TableView arguments, string resource)
    {
        foreach (KnownArgument known in Known)
        {
            if (arguments.TryGetValue(known.Key, out FieldValueView value) && known.Check(value, arguments) is { } mistake)
            {
                return TopologyErrors.InvalidArgument(known.Name, resource, mistake);
            }
        }

        return null;
    }

    /// <summary>Compares what a redeclaration says with what the queue has (row 65).</summary>
    public static ProtocolError? Compare(TableView received, TableView current, string resource)
    {
        foreach (KnownArgument known in Known)
        {
            if (TopologyErrors.InequivalentUnlessSame(known.Key, resource, received, current) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static string? MillisecondsMistake(FieldValueView value, long least)
    {
        if (!value.TryGetInt64(out long milliseconds))
        {
            return UnacceptableType(value);
        }

        return milliseconds == 0 && least > 0 ? "{value_zero,0}"
            : milliseconds < 0 ? $"{{value_negative,{milliseconds}}}"
            : milliseconds > MaxMilliseconds ? $"{{value_too_big,{milliseconds}}}"
            : null;
    }

    private static string? CountMistake(FieldValueView value) =>
        !value.TryGetInt64(out long count) ? UnacceptableType(value)
        : count < 0 ? $"{{value_negative,{count}}}"
        : null;

    private static string? MaxPriorityMistake(FieldValueView value) =>
        CountMistake(value) ?? (value.TryGetInt64(out long priority) && priority > MaxPriority ? $"{{max_value_exceeded,{priority}}}" : null);

    private static string? TextMistake(FieldValueView value) => value.Type == FieldType.LongString ? null : UnacceptableType(value);

    private static string? DeadLetterRoutingKeyMistake(FieldValueView value, TableView arguments) =>
        TextMistake(value) ?? (arguments.ContainsKey("x-dead-letter-exchange"u8) ? null : "routing_key_but_no_dlx_defined");

    private static string? WordMistake(FieldValueView value, string mistake, params ReadOnlySpan<string> words)
    {
        if (value.Type != FieldType.LongString)
        {
            return UnacceptableType(value);
        }

        return words.Contains(Encoding.UTF8.GetString(value.Payload)) ? null : mistake;
    }

    private static string? VersionMistake(FieldValueView value) =>
        !value.TryGetInt64(out long version) ? UnacceptableType(value)
        : version is 1 or 2 ? null
        : $"{{unsupported_version,{version}}}";

    private static string? QueueTypeMistake(FieldValueView value) => WordMistake(value, "invalid_queue_type", "classic", "quorum", "stream");

    private static string UnacceptableType(FieldValueView value) => $"{{unacceptable_type,{FieldText.TypeOf(value)}}}";

    private sealed class KnownArgument(string name, Check check)
    {
        public string Name { get; } = name;

        public byte[] Key { get; } = Encoding.UTF8.GetBytes(name);

        public Check Check { get; } = check;
    }
}
