using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What a queue does beyond keeping messages, from the arguments of its declaration and the policies that match it. Of numbers that both give the
/// smaller counts; of dead-letter keys the argument's. Immutable; a queue that does nothing beyond has none.
/// </summary>
internal sealed record QueueSettings
{
    /// <summary>Those of a queue that was asked for nothing.</summary>
    public static readonly QueueSettings None = new();

    /// <summary>How long a message may wait in milliseconds (x-message-ttl); null for ever.</summary>
    public long? MessageTtlMilliseconds { get; init; }

    /// <summary>After how many milliseconds without use the queue goes (x-expires); null for never.</summary>
    public long? ExpiresMilliseconds { get; init; }

    /// <summary>Ready messages that the queue holds at most (x-max-length).</summary>
    public long? MaxLength { get; init; }

    /// <summary>Octets of bodies of ready messages that the queue holds at most (x-max-length-bytes).</summary>
    public long? MaxLengthOctets { get; init; }

    /// <summary>What happens to a message too many (x-overflow).</summary>
    public OverflowPolicy Overflow { get; init; }

    /// <summary>Where messages go that die (x-dead-letter-exchange), UTF-8; null for nowhere, empty for the default exchange.</summary>
    public byte[]? DeadLetterExchange { get; init; }

    /// <summary>The routing key that they go with (x-dead-letter-routing-key), UTF-8; null for their own.</summary>
    public byte[]? DeadLetterRoutingKey { get; init; }

    /// <summary>The highest priority that is told apart (x-max-priority); 0 for no priorities.</summary>
    public byte MaxPriority { get; init; }

    /// <summary>The priority of a message that says nothing of it.</summary>
    public byte UsualPriority { get; init; }

    /// <summary>The priority from which on a message of a quorum queue with two levels counts as high.</summary>
    private const byte HighPriority = 5;

    /// <summary>Whether there are two levels, and the higher does not always go first but twice in three times.</summary>
    public bool SharesTurns => IsQuorum && MaxPriority == 1;

    /// <summary>Whether one consumer gets everything, and the others wait to take its place (x-single-active-consumer).</summary>
    public bool SingleActiveConsumer { get; init; }

    /// <summary>How often the delivery of a message may fail (x-delivery-limit); null for any number.</summary>
    public long? DeliveryLimit { get; init; }

    /// <summary>How long a delivery may stay unsettled in milliseconds (x-consumer-timeout); null for the broker's own.</summary>
    public long? ConsumerTimeoutMilliseconds { get; init; }

    /// <summary>Whether this is a quorum queue: it counts failed deliveries, and tells consumers how many there were.</summary>
    public bool IsQuorum { get; init; }

    /// <summary>Whether a limit is set.</summary>
    public bool HasLimit => MaxLength is not null || MaxLengthOctets is not null;

    /// <summary>The level of a message that says a priority.</summary>
    public byte LevelOf(byte priority) => SharesTurns ? (byte)(priority >= HighPriority ? 1 : 0) : Math.Min(priority, MaxPriority);

    /// <summary>The settings of a queue; null when nothing was asked for.</summary>
    public static QueueSettings? From(QueueDefinition definition, EffectivePolicy? policy, ProfileRules rules)
    {
        var arguments = definition.Arguments.View;
        var definedByPolicy = policy is null ? default : policy.Definition.View;
        if (arguments.IsEmpty && definedByPolicy.IsEmpty)
        {
            return null;
        }

        if (QueueArguments.TypeOf(arguments) == QueueTypes.Stream)
        {
            // All else that can be said of a stream is its log's.
            return SmallerTime(arguments, "x-consumer-timeout"u8, definedByPolicy) is { } timeout ? new QueueSettings { ConsumerTimeoutMilliseconds = timeout } : null;
        }

        bool isQuorum = QueueArguments.TypeOf(arguments) == QueueTypes.Quorum;
        var settings = new QueueSettings
        {
            MessageTtlMilliseconds = SmallerTime(arguments, "x-message-ttl"u8, definedByPolicy),
            ExpiresMilliseconds = SmallerTime(arguments, "x-expires"u8, definedByPolicy),
            MaxLength = Smaller(arguments, "x-max-length"u8, definedByPolicy),
            MaxLengthOctets = Smaller(arguments, "x-max-length-bytes"u8, definedByPolicy),
            Overflow = OverflowOf(arguments, definedByPolicy, isQuorum),
            DeadLetterExchange = Text(arguments, "x-dead-letter-exchange"u8, definedByPolicy),
            DeadLetterRoutingKey = Text(arguments, "x-dead-letter-routing-key"u8, definedByPolicy),
            MaxPriority = isQuorum ? rules.QuorumMaxPriority : MaxPriorityOf(arguments),
            UsualPriority = isQuorum ? rules.QuorumUsualPriority : (byte)0,
            SingleActiveConsumer = arguments.TryGetValue("x-single-active-consumer"u8, out var single) && single.TryGetBoolean(out bool isSingle) && isSingle,
            DeliveryLimit = isQuorum ? LimitOf(arguments, definedByPolicy, rules) : null,
            ConsumerTimeoutMilliseconds = SmallerTime(arguments, "x-consumer-timeout"u8, definedByPolicy),
            IsQuorum = isQuorum,
        };
        return settings == None ? null : settings;
    }

    private static byte MaxPriorityOf(TableView arguments) =>
        arguments.TryGetValue("x-max-priority"u8, out var priority) && priority.TryGetInt64(out long max) ? (byte)Math.Clamp(max, 0, byte.MaxValue) : (byte)0;

    /// <summary>A negative limit is none, and gives way to one that is; where nothing is said the release decides.</summary>
    private static long? LimitOf(TableView arguments, TableView policy, ProfileRules rules)
    {
        var (argument, defined) = Both(arguments, "x-delivery-limit"u8, policy);
        long? limit = argument < 0 || defined < 0 ? Larger(argument, defined) : Smaller(argument, defined);
        limit ??= rules.DefaultDeliveryLimit;
        return limit < 0 ? null : limit;
    }

    /// <summary>A quorum queue has no way to dead-letter what it never took: it drops its head instead. There the policy goes first, elsewhere the argument.</summary>
    private static OverflowPolicy OverflowOf(TableView arguments, TableView policy, bool isQuorum)
    {
        byte[]? word = (isQuorum && policy.TryGetValue("overflow"u8, out _)) ? Text(default, "x-overflow"u8, policy) : Text(arguments, "x-overflow"u8, policy);
        return word.AsSpan().SequenceEqual("reject-publish"u8) ? OverflowPolicy.RejectPublish
            : word.AsSpan().SequenceEqual("reject-publish-dlx"u8) && !isQuorum ? OverflowPolicy.RejectPublishDeadLetter
            : OverflowPolicy.DropHead;
    }

    /// <summary>A time in milliseconds: no longer than any that a queue can be declared with, so that it can be added to the time of day.</summary>
    private static long? SmallerTime(TableView arguments, ReadOnlySpan<byte> key, TableView policy) =>
        Smaller(arguments, key, policy) is { } time ? Math.Min(time, QueueArguments.MaxMilliseconds) : null;

    private static long? Smaller(TableView arguments, ReadOnlySpan<byte> key, TableView policy)
    {
        var (argument, defined) = Both(arguments, key, policy);
        return Smaller(argument, defined);
    }

    private static long? Smaller(long? argument, long? defined) =>
        argument is null ? defined : defined is null ? argument : Math.Min(argument.Value, defined.Value);

    private static long? Larger(long? argument, long? defined) =>
        argument is null ? defined : defined is null ? argument : Math.Max(argument.Value, defined.Value);

    private static (long? Argument, long? Defined) Both(TableView arguments, ReadOnlySpan<byte> key, TableView policy) => (
        arguments.TryGetValue(key, out var value) && value.TryGetInt64(out long argument) ? argument : null,
        policy.TryGetValue(key[2..], out value) && value.TryGetInt64(out long defined) ? defined : null);

    private static byte[]? Text(TableView arguments, ReadOnlySpan<byte> key, TableView policy) =>
        (arguments.TryGetValue(key, out var value) || policy.TryGetValue(key[2..], out value)) && value.TryGetString(out var text) ? text.ToArray() : null;
}
