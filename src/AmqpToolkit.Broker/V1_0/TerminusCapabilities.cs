using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>The capabilities of a terminus that a peer wants and that it has (1.0 section 3.5.3): what kind of node it is, as JMS tells them apart, and whether links share what it gives.</summary>
internal static class TerminusCapabilities
{
    private static readonly string[] s_queue = ["queue"];
    private static readonly string[] s_temporaryQueue = ["queue", "temporary-queue"];
    private static readonly string[] s_topic = ["topic"];
    private static readonly string[] s_sharedTopic = ["topic", "shared", "global"];

    /// <summary>Those that are wanted and there.</summary>
    /// <param name="wanted">What the peer wants.</param>
    /// <param name="isDynamic">Whether the node was made for the link.</param>
    /// <param name="isTopic">Whether it hands each message to all who listen.</param>
    /// <param name="isShared">Whether the link is one of several that have the same subscription.</param>
    public static EncodedValue Of(MultipleView wanted, bool isDynamic, bool isTopic, bool isShared = false)
    {
        var both = new List<string>();
        foreach (string one in wanted.Count == 0 ? [] : isDynamic ? s_temporaryQueue : !isTopic ? s_queue : isShared ? s_sharedTopic : s_topic)
        {
            if (wanted.ContainsSymbol(Encoding.ASCII.GetBytes(one)))
            {
                both.Add(one);
            }
        }

        return both.Count == 0 ? default : EncodedValue.Symbols([.. both]);
    }
}
