namespace AmqpToolkit.Broker;

/// <summary>In what the releases of RabbitMQ differ: all of it stands here, and whoever behaves differently asks here. Immutable.</summary>
internal sealed record ProfileRules
{
    private static readonly ProfileRules V3_13 = new()
    {
        Version = "3.13.7",
        MinFrameMax = 4096,
        UnknownExchangeTypeClosesConnection = true,
        TrustsDeathsOfClients = true,
        DefaultDeliveryLimit = null,
        QuorumMaxPriority = 0,
        RefusesGetOfClassicSingleActive = false,
        ReturnsMandatoryReplies = true,
        NamesStreamsAsQueues = true,
        MaxMessageOctets = 128 * 1024 * 1024,
        OffersAnonymous = false,
        TakesLocalRandom = false,
        NamesQueueTypes = false,
        JudgesSenderFirst = true,
        KnowsStreamFilters = false,
    };

    private static readonly ProfileRules V4_2 = new();

    private static readonly ProfileRules V4_3 = new()
    {
        Version = "4.3.0",
        AllowsTransientQueues = false,
        SharesGlobalPrefetch = false,
        CountsReleasesAsFailures = false,
        TimeoutCancelsConsumer = true,
        QuorumMaxPriority = 31,
        PassiveDeclareNeedsPermission = true,
        MaxTopicHashes = 2,
        TakesNamePrefix = true,
        RefusesReplyQueueBindings = true,
        KnowsTimeoutAndRetryArguments = true,
        AllowsMasterLocator = false,
        TakesQueueVersion1 = false,
    };

    private ProfileRules()
    {
    }

    /// <summary>The version that clients are told.</summary>
    public string Version { get; private init; } = "4.2.0";

    /// <summary>The smallest frame_max that a client may ask for, in octets (row 9 of RabbitMQ's mistakes).</summary>
    public uint MinFrameMax { get; private init; } = 8192;

    /// <summary>An unknown exchange type is 503 on the connection instead of 406 on the channel (row 53).</summary>
    public bool UnknownExchangeTypeClosesConnection { get; private init; }

    /// <summary>Refusals of a stream speak of it as of any queue (row 99).</summary>
    public bool NamesStreamsAsQueues { get; private init; }

    /// <summary>A queue may be neither durable nor exclusive; else 541 (row 78).</summary>
    public bool AllowsTransientQueues { get; private init; } = true;

    /// <summary>basic.qos with global = true limits all consumers of the channel together; else it is taken as global = false.</summary>
    public bool SharesGlobalPrefetch { get; private init; } = true;

    /// <summary>The deaths that a client's x-death header tells are counted on; else they are forgotten.</summary>
    public bool TrustsDeathsOfClients { get; private init; }

    /// <summary>After how many failed deliveries a quorum queue gives a message up that says nothing of it; null for never.</summary>
    public long? DefaultDeliveryLimit { get; private init; } = 20;

    /// <summary>In a quorum queue each return counts as a failed delivery; else those by basic.nack and basic.recover do not.</summary>
    public bool CountsReleasesAsFailures { get; private init; } = true;

    /// <summary>
    /// A delivery that nobody settles in its time ends its consumer, if its queue is a quorum queue, and no other; else, of any queue, its
    /// channel (row 108).
    /// </summary>
    public bool TimeoutCancelsConsumer { get; private init; }

    /// <summary>
    /// The highest priority that quorum queues tell apart. 0 for none; 1 for two levels, of which the higher gets two turns of three; else the highest
    /// goes first, and a message that says nothing has <see cref="QuorumUsualPriority"/>.
    /// </summary>
    public byte QuorumMaxPriority { get; private init; } = 1;

    /// <summary>The priority of a message in a quorum queue that says nothing of it.</summary>
    public byte QuorumUsualPriority => (byte)(QuorumMaxPriority > 1 ? 4 : 0);

    /// <summary>basic.get is refused by every queue with a single active consumer; else by quorum queues alone (row 102).</summary>
    public bool RefusesGetOfClassicSingleActive { get; private init; } = true;

    /// <summary>x-queue-version may be 1; else 2 alone (row 74).</summary>
    public bool TakesQueueVersion1 { get; private init; } = true;

    /// <summary>x-queue-master-locator is taken; else 541 (row 73b).</summary>
    public bool AllowsMasterLocator { get; private init; } = true;

    /// <summary>A passive declare needs some permission on what it asks for.</summary>
    public bool PassiveDeclareNeedsPermission { get; private init; }

    /// <summary>How many words of a topic binding's key may be # (row 86).</summary>
    public int MaxTopicHashes { get; private init; } = int.MaxValue;

    /// <summary>A mandatory message to a direct reply queue comes back although it was delivered: the queue counts as none.</summary>
    public bool ReturnsMandatoryReplies { get; private init; }

    /// <summary>A direct reply queue cannot be bound: 403; else it is missing (row 87).</summary>
    public bool RefusesReplyQueueBindings { get; private init; }

    /// <summary>x-name-prefix chooses how a server's name for a queue begins (row 77).</summary>
    public bool TakesNamePrefix { get; private init; }

    /// <summary>The largest body of a message in octets, unless a setting says otherwise (row 45).</summary>
    public long MaxMessageOctets { get; private init; } = 16 * 1024 * 1024;

    /// <summary>Who names nobody (SASL ANONYMOUS) is guest.</summary>
    public bool OffersAnonymous { get; private init; } = true;

    /// <summary>There are exchanges of the type x-local-random.</summary>
    public bool TakesLocalRandom { get; private init; } = true;

    /// <summary>Each queue has a type by name, said or not: that is what a redeclaration is compared with (row 65).</summary>
    public bool NamesQueueTypes { get; private init; } = true;

    /// <summary>
    /// Whether a publisher may use a key is asked before its properties are read, and its user-id before the others; else both last, and a copy's key
    /// (CC, BCC) as well as the message's own.
    /// </summary>
    public bool JudgesSenderFirst { get; private init; }

    /// <summary>The consumer's filters of streams are refused by other queues (row 98); else they mean nothing there.</summary>
    public bool KnowsStreamFilters { get; private init; } = true;

    /// <summary>A quorum queue knows its consumer timeout and how it delays retries as arguments, its consumers theirs; else a queue has x-consumer-timeout unchecked.</summary>
    public bool KnowsTimeoutAndRetryArguments { get; private init; }

    /// <summary>The rules of a release.</summary>
    public static ProfileRules Of(BrokerProfile profile) => profile switch
    {
        BrokerProfile.V3_13 => V3_13,
        BrokerProfile.V4_3 => V4_3,
        _ => V4_2,
    };

    /// <summary>The text of 541 for a feature that the release no longer has (cut by the reply's 255 octets, as RabbitMQ's own is).</summary>
    public static string Deprecation(string feature) =>
        $"Feature `{feature}` is deprecated.\nBy default, this feature is not permitted anymore.\nThe feature will be removed from a future major RabbitMQ version, "
        + $"regardless of the configuration; actual version to be determined.\nTo continue using this feature when it is not permitted by default, set the following "
        + $"parameter in your configuration:\n    \"deprecated_features.permit.{feature} = true\"";
}
