using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// What a receiver of an exchange asks of its subscription (1.0 section 3.5.3): how long it lasts without a link, and who may share it. Subscriptions that outlive a link, or have several,
/// have a queue with a name, by which they are found again.
/// </summary>
/// <param name="QueueName">The name of its queue; null where that is the link's own, and goes with it.</param>
/// <param name="IsDurable">Whether it outlives the broker.</param>
/// <param name="IsShared">Whether several links take turns at its messages.</param>
/// <param name="Policy">From when on it may expire.</param>
/// <param name="TimeoutSeconds">How long after that it does.</param>
internal sealed record SubscriptionTerms(string? QueueName, bool IsDurable, bool IsShared, TerminusExpiryPolicy.Known Policy, uint TimeoutSeconds)
{
    /// <summary>What stands behind the name of a shared subscription in that of a link, as clients of JMS have it: its links need a name each.</summary>
    private const char LinkSeparator = '|';

    /// <summary>The longest time in seconds that a queue can be told in milliseconds.</summary>
    private const uint MostSeconds = uint.MaxValue / 1000;

    /// <summary>Those of a subscription that goes with its link.</summary>
    public static SubscriptionTerms OfLink { get; } = new(null, false, false, TerminusExpiryPolicy.Known.LinkDetach, 0);

    /// <summary>The policy as a symbol.</summary>
    public string PolicyText => Policy switch
    {
        TerminusExpiryPolicy.Known.SessionEnd => TerminusExpiryPolicy.Texts.SessionEnd,
        TerminusExpiryPolicy.Known.ConnectionClose => TerminusExpiryPolicy.Texts.ConnectionClose,
        TerminusExpiryPolicy.Known.Never => TerminusExpiryPolicy.Texts.Never,
        _ => TerminusExpiryPolicy.Texts.LinkDetach,
    };

    /// <summary>The terms that a source asks for. A policy that is not said is link-detach, and so is one that nobody knows: the answer says so.</summary>
    /// <param name="source">The source.</param>
    /// <param name="container">The name of the peer's container.</param>
    /// <param name="link">The name of the link.</param>
    public static SubscriptionTerms Of(in SourceView source, string container, string link)
    {
        var policy = TerminusExpiryPolicy.Known.None;
        if (source.HasExpiryPolicy)
        {
            TerminusExpiryPolicy.TryGetKnown(source.ExpiryPolicy, out policy);
        }

        policy = policy == TerminusExpiryPolicy.Known.None ? TerminusExpiryPolicy.Known.LinkDetach : policy;
        uint seconds = policy == TerminusExpiryPolicy.Known.Never ? 0 : Math.Min(source.Timeout, MostSeconds);
        bool isDurable = source.Durable != TerminusDurability.None && (policy == TerminusExpiryPolicy.Known.Never || seconds > 0);
        if (source.Capabilities.ContainsSymbol("shared"u8))
        {
            bool isKept = isDurable && policy == TerminusExpiryPolicy.Known.Never;
            string name = SharedName(container, link, isKept, source.Capabilities.ContainsSymbol("global"u8));
            return new SubscriptionTerms(name, isKept, IsShared: true, isKept ? policy : TerminusExpiryPolicy.Known.LinkDetach, 0);
        }

        string own = NameOf(container, link);
        bool isOfLink = (policy == TerminusExpiryPolicy.Known.LinkDetach && seconds == 0) || (!isDurable && Encoding.UTF8.GetByteCount(own) > byte.MaxValue);
        return isOfLink ? OfLink : new SubscriptionTerms(own, isDurable, IsShared: false, policy, seconds);
    }

    /// <summary>What of these terms holds with a queue that is there: its time was said when it was made, and one without stays.</summary>
    /// <param name="queue">The queue.</param>
    public SubscriptionTerms GrantedBy(MessageQueue queue)
    {
        long? own = queue.Settings.ExpiresMilliseconds;
        return (own ?? 0) == TimeoutSeconds * 1000L ? this
            : own is { } milliseconds
            ? this with { Policy = Policy == TerminusExpiryPolicy.Known.Never ? TerminusExpiryPolicy.Known.LinkDetach : Policy, TimeoutSeconds = (uint)Math.Clamp(milliseconds / 1000, 1, MostSeconds) }
            : this with { Policy = TerminusExpiryPolicy.Known.Never, TimeoutSeconds = 0 };
    }

    /// <summary>The name of the queue of a subscription that one link has.</summary>
    public static string NameOf(string container, string link) => $"subscription.{Escape(container)}.{link}";

    /// <summary>The name of the queue of one that several have: of the same container, or of any.</summary>
    public static string SharedName(string container, string link, bool isDurable, bool isGlobal)
    {
        int end = link.IndexOf(LinkSeparator, StringComparison.Ordinal);
        string name = end < 0 ? link : link[..end];
        string kind = isDurable ? "shared" : "volatile";
        return isGlobal ? $"global-{kind}-subscription.{name}" : $"{kind}-subscription.{Escape(container)}.{name}";
    }

    /// <summary>A point ends the name of the container.</summary>
    private static string Escape(string container) => container.Replace("%", "%25", StringComparison.Ordinal).Replace(".", "%2E", StringComparison.Ordinal);
}
