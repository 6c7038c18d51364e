using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The arguments of queue.declare: which values they may have, which queue types know them, and that a redeclaration must repeat
/// them. Arguments that no type knows are kept and otherwise ignored. Order of the checks and texts are RabbitMQ's.
/// </summary>
internal static class QueueArguments
{
    /// <summary>The longest x-message-ttl and x-expires in milliseconds: ten years of 365 days.</summary>
    internal const long MaxMilliseconds = 315_360_000_000;

    /// <summary>The largest x-max-priority: the priority property is one octet.</summary>
    private const long MaxPriority = byte.MaxValue;

    /// <summary>The largest x-stream-max-segment-size-bytes.</summary>
    private const long MaxSegmentOctets = 3_000_000_000;

    private const QueueTypes AllTypes = QueueTypes.Classic | QueueTypes.Quorum | QueueTypes.Stream;
    private const QueueTypes NotStream = QueueTypes.Classic | QueueTypes.Quorum;

    private const string TypeArgument = "x-queue-type";

    private static readonly QueueArgument[] Known =
    [
        new("x-expires", NotStream, static value => MillisecondsMistake(value, 1)),
        new("x-message-ttl", NotStream, static value => MillisecondsMistake(value, 0)),
        new("x-dead-letter-exchange", NotStream, TextMistake),
        new("x-dead-letter-routing-key", NotStream, TextMistake),
        new("x-dead-letter-strategy", QueueTypes.Quorum, static value => WordMistake(value, "invalid_dlx_strategy", "at-most-once", "at-least-once")),
        new("x-max-length", NotStream, static value => IntegerMistake(value, 0)),
        new("x-max-length-bytes", AllTypes, static value => IntegerMistake(value, 0)),
        new("x-max-in-memory-length", QueueTypes.Quorum, static value => IntegerMistake(value, 0)),
        new("x-max-in-memory-bytes", QueueTypes.Quorum, static value => IntegerMistake(value, 0)),
        new("x-max-priority", QueueTypes.Classic, MaxPriorityMistake),
        new("x-overflow", NotStream, static value => WordMistake(value, "invalid_overflow", "drop-head", "reject-publish", "reject-publish-dlx")),
        new("x-queue-mode", QueueTypes.Classic, static value => WordMistake(value, $"\"unsupported queue mode '{FieldText.Of(value)}'\"", "default", "lazy")),
        new("x-queue-version", QueueTypes.Classic, VersionMistake),
        new("x-single-active-consumer", NotStream, static value => value.TryGetBoolean(out bool _) ? null : UnacceptableType(value)),
        new(TypeArgument, AllTypes, static value => WordMistake(value, $"\"unsupported queue type '{FieldText.Of(value)}'\"", "classic", "quorum", "stream")),
        Since43("x-consumer-timeout", static value => IntegerMistake(value, 0)),
        Since43("x-consumer-disconnected-timeout", static value => IntegerMistake(value, 0)),
        Since43("x-delayed-retry-type", static _ => null),
        Since43("x-delayed-retry-min", static _ => null),
        Since43("x-delayed-retry-max", static _ => null),
        new("x-delivery-limit", QueueTypes.Quorum, static value => IntegerMistake(value, long.MinValue)),
        new("x-quorum-initial-group-size", QueueTypes.Quorum, static value => IntegerMistake(value, 1)),
        new("x-max-age", QueueTypes.Stream, AgeMistake),
        new("x-stream-max-segment-size-bytes", QueueTypes.Stream, static value => IntegerMistake(value, 0)),
        new("x-stream-filter-size-bytes", QueueTypes.Stream, static value => IntegerMistake(value, 0)),
        new("x-initial-cluster-size", QueueTypes.Stream, static value => IntegerMistake(value, 1)),
        new("x-queue-leader-locator", AllTypes, static value => WordMistake(value, "invalid_queue_locator_arg", "client-local", "balanced", "random", "least-leaders")),
        new("x-queue-master-locator", QueueTypes.Classic, TextMistake),
        new("x-durability", AllTypes, static value => WordMistake(value, "invalid_durability", "fsync", "os", "memory")),
    ];

    /// <summary>Refuses a dead letter exchange that is no name: told before anything else of the arguments.</summary>
    public static ProtocolError? CheckDeadLetterExchange(TableView arguments, string resource) =>
        arguments.TryGetValue("x-dead-letter-exchange"u8, out FieldValueView exchange) && exchange.Type != FieldType.LongString
            ? TopologyErrors.WrongType("x-dead-letter-exchange", resource, exchange)
            : null;

    private static QueueArgument Since43(string name, QueueArgument.Mistake mistakeOf) =>
        new(name, QueueTypes.Quorum, mistakeOf) { IsKnown = static rules => rules.KnowsTimeoutAndRetryArguments };

    /// <summary>Refuses what no queue can be (RabbitMQ's mistakes table, rows 69 to 75).</summary>
    public static ProtocolError? Validate(QueueDefinition definition, string resource, ProfileRules rules)
    {
        TableView arguments = definition.Arguments.View;
        if (CheckDeadLetterExchange(arguments, resource) is { } wrongType)
        {
            return wrongType;
        }

        foreach (QueueArgument known in Known)
        {
            if (arguments.TryGetValue(known.Key, out FieldValueView value) && known.Types.HasFlag(TypeOf(arguments)) && known.IsKnown(rules)
                && known.MistakeOf(value) is { } mistake)
            {
                return TopologyErrors.InvalidArgument(known.Name, resource, mistake);
            }
        }

        return arguments.ContainsKey("x-dead-letter-routing-key"u8) && !arguments.ContainsKey("x-dead-letter-exchange"u8)
            ? TopologyErrors.InvalidArgument("x-dead-letter-routing-key", resource, "routing_key_but_no_dlx_defined")
            : RefuseArgumentsOfOtherTypes(arguments, resource, rules) ?? RefuseProperties(definition, resource) ?? RefuseStreamSizes(arguments);
    }

    /// <summary>Compares what a redeclaration says with what the queue has (row 65).</summary>
    public static ProtocolError? Compare(TableView received, TableView current, string resource, ProfileRules rules)
    {
        QueueTypes type = TypeOf(current);
        foreach (QueueArgument known in Known)
        {
            if (known.Name == TypeArgument && rules.NamesQueueTypes)
            {
                if (TopologyErrors.InequivalentUnlessSame(known.Name, resource, TypeText(received), TypeText(current)) is { } other)
                {
                    return other;
                }

                continue;
            }

            bool isClassicUnsaid = known.Name == TypeArgument && type == QueueTypes.Classic && SaysClassic(received);
            if (known.Types.HasFlag(type) && !isClassicUnsaid && known.IsKnown(rules)
                && TopologyErrors.InequivalentUnlessSame(known.Key, resource, received, current) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>A queue that copies and logs are kept of has a name that its users chose (row 76).</summary>
    public static ProtocolError? RefuseServerName(TableView arguments)
    {
        QueueTypes type = TypeOf(arguments);
        return type == QueueTypes.Classic
            ? null
            : ProtocolError.PreconditionFailed($"Cannot declare a server-named queue for type {ModuleOf(type)}");
    }

    /// <summary>The type that the arguments ask for; classic when they name none or none that exists.</summary>
    public static QueueTypes TypeOf(TableView arguments) =>
        !arguments.TryGetValue("x-queue-type"u8, out FieldValueView value) || !value.TryGetString(out ReadOnlySpan<byte> word) ? QueueTypes.Classic
        : word.SequenceEqual("quorum"u8) ? QueueTypes.Quorum
        : word.SequenceEqual("stream"u8) ? QueueTypes.Stream
        : QueueTypes.Classic;

    /// <summary>The arguments with a type that they do not name.</summary>
    public static Table WithType(TableView arguments, string type)
    {
        var all = arguments.ToOwned().ToDictionary();
        all[TypeArgument] = type;
        return Table.Create(all);
    }

    /// <summary>Whether a queue with these properties can be of a type.</summary>
    public static bool IsCompatible(string type, bool durable, bool exclusive, bool autoDelete) => type == "classic" || (durable && !exclusive && !autoDelete);

    /// <summary>The type's name, said or not.</summary>
    private static string TypeText(TableView arguments) => arguments.TryGetValue("x-queue-type"u8, out FieldValueView value) ? FieldText.Of(value) : "classic";

    /// <summary>"classic" said and not said are the same.</summary>
    private static bool SaysClassic(TableView arguments) =>
        !arguments.TryGetValue("x-queue-type"u8, out FieldValueView value) || value.Payload.SequenceEqual("classic"u8);

    private static ProtocolError? RefuseArgumentsOfOtherTypes(TableView arguments, string resource, ProfileRules rules)
    {
        QueueTypes type = TypeOf(arguments);
        foreach (QueueArgument known in Known)
        {
            if (!known.Types.HasFlag(type) && known.IsKnown(rules) && arguments.ContainsKey(known.Key))
            {
                return TopologyErrors.ArgumentOfAnotherType(known.Name, resource, type);
            }
        }

        return null;
    }

    /// <summary>Sizes of a stream that are numbers, but none that it can have. Both texts are RabbitMQ's to the blank.</summary>
    private static ProtocolError? RefuseStreamSizes(TableView arguments) =>
        TypeOf(arguments) != QueueTypes.Stream ? null
        : arguments.TryGetValue("x-stream-max-segment-size-bytes"u8, out FieldValueView value) && value.TryGetInt64(out long octets) && octets > MaxSegmentOctets
            ? ProtocolError.PreconditionFailed("Exceeded max value for x-stream-max-segment-size-bytes")
        : arguments.TryGetValue("x-stream-filter-size-bytes"u8, out value) && value.TryGetInt64(out octets) && octets is < 16 or > byte.MaxValue
            ? ProtocolError.PreconditionFailed("Invalid value for  x-stream-filter-size-bytes")
        : null;

    private static ProtocolError? RefuseProperties(QueueDefinition definition, string resource)
    {
        if (TypeOf(definition.Arguments.View) == QueueTypes.Classic)
        {
            return null;
        }

        string? property = definition.Exclusive ? "exclusive-owner"
            : !definition.Durable ? "non-durable"
            : definition.AutoDelete ? "auto-delete"
            : null;
        return property is null ? null : ProtocolError.PreconditionFailed($"invalid property '{property}' for {resource}");
    }

    /// <summary>The type as RabbitMQ's texts call it.</summary>
    public static string ModuleOf(QueueTypes type) => type switch
    {
        QueueTypes.Quorum => "rabbit_quorum_queue",
        QueueTypes.Stream => "rabbit_stream_queue",
        _ => "rabbit_classic_queue",
    };

    private static string? MillisecondsMistake(FieldValueView value, long least) =>
        IntegerMistake(value, least)
        ?? (value.TryGetInt64(out long milliseconds) && milliseconds > MaxMilliseconds ? $"{{value_too_large,{milliseconds}}}" : null);

    private static string? MaxPriorityMistake(FieldValueView value) =>
        IntegerMistake(value, 0)
        ?? (value.TryGetInt64(out long priority) && priority > MaxPriority ? $"{{max_value_exceeded,{priority}}}" : null);

    private static string? VersionMistake(FieldValueView value) =>
        !value.TryGetInt64(out long version) ? ExpectedInteger(value)
        : version is 1 or 2 ? null
        : $"\"unsupported queue version '{version}'\"";

    private static string? IntegerMistake(FieldValueView value, long least) =>
        !value.TryGetInt64(out long number) ? ExpectedInteger(value)
        : number >= least ? null
        : number == 0 ? "{value_zero,0}"
        : $"{{value_negative,{number}}}";

    private static string? TextMistake(FieldValueView value) => value.Type == FieldType.LongString ? null : UnacceptableType(value);

    private static string? AgeMistake(FieldValueView value) =>
        TextMistake(value) ?? (StreamAge.TryParse(value.Payload, out _) ? null : "invalid_max_age");

    private static string? WordMistake(FieldValueView value, string mistake, params ReadOnlySpan<string> words) =>
        value.Type != FieldType.LongString ? UnacceptableType(value)
        : words.Contains(Encoding.UTF8.GetString(value.Payload)) ? null
        : mistake;

    private static string ExpectedInteger(FieldValueView value) => $"\"expected integer, got {FieldText.TypeOf(value)}\"";

    private static string UnacceptableType(FieldValueView value) => $"{{unacceptable_type,{FieldText.TypeOf(value)}}}";
}
