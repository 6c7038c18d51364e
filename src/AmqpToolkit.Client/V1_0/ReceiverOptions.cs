using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>How messages are received over a link. What of it the peer does not grant fails the attempt (<c>amqp:not-implemented</c>). Immutable.</summary>
public sealed record ReceiverOptions
{
    /// <summary>The name of the link, unique among those of this container that receive; null for one that is made up.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Messages that may wait here until somebody takes them: the credit that the sender is given. How many octets that may be at worst is <see cref="AmqpConnectionOptions.MaxMessageOctets"/> times as much.
    /// </summary>
    public int Credit
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 100;

    /// <summary>
    /// Octets of messages that may wait here, a batch that is out included: past them the sender has no credit until somebody takes some, and only what is on its way still comes. 64 MiB by default, a gibioctet at most.
    /// </summary>
    public int BufferedBoundOctets
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 1024 * 1024 * 1024);
            field = value;
        }
    } = 64 * 1024 * 1024;

    /// <summary>Whether messages are to come settled: none need be accepted, and none can be given back.</summary>
    public bool IsSettled { get; init; }

    /// <summary>Whether copies are wanted, and the messages are to stay (distribution-mode copy).</summary>
    public bool IsBrowsing { get; init; }

    /// <summary>Which messages are wanted, as JMS has it; null for all (<c>apache.org:selector-filter:string</c>).</summary>
    public string? Selector { get; init; }

    /// <summary>The source's filter in full, where <see cref="Selector"/> is not enough: null or a map. One of the two, not both.</summary>
    public EncodedValue Filter { get; init; }

    /// <summary>
    /// Whether the source is to outlive the link: a subscription (durable, and never to expire). The peer finds it again by <see cref="Name"/> and <see cref="AmqpConnectionOptions.ContainerId"/>, and both
    /// must be given. It goes, with all that waits there, by <see cref="AmqpLink.CloseAsync"/> alone: disposing of the link, a mistake and an attempt that was given up leave it.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>Whether the peer is to make a node for this link (1.0 section 3.5.3, dynamic); the address is the peer's to choose then.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Whether messages that come unsettled will do, though settled ones were asked for.</summary>
    internal bool TakesUnsettled { get; init; }

    /// <summary>What attach.properties says: null or a map.</summary>
    public EncodedValue Properties { get; init; }
}
