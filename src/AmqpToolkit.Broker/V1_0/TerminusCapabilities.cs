using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>The capabilities of a terminus that a peer wants and that it has (1.0 section 3.5.3): what kind of node it is, as JMS tells them apart.</summary>
internal static class TerminusCapabilities
{
    /// <summary>Those that are wanted and there.</summary>
    /// <param name="wanted">What the peer wants.</param>
    /// <param name="isDynamic">Whether the node was made for the link.</param>
    /// <param name="isTopic">Whether it hands each message to all who listen.</param>
    public static EncodedValue Of(MultipleView wanted, bool isDynamic, bool isTopic)
    {
        if (wanted.Count == 0)
        {
            return default;
        }

        string[] known = (isDynamic, isTopic) switch
        {
            (true, _) => ["queue", "temporary-queue"],
            (_, true) => ["topic", "temporary-topic"],
            _ => ["queue"],
        };
        var both = new List<string>();
        foreach (string one in known)
        {
            if (wanted.ContainsSymbol(System.Text.Encoding.ASCII.GetBytes(one)))
            {
                both.Add(one);
            }
        }

        return both.Count == 0 ? default : EncodedValue.Symbols([.. both]);
    }
}
