namespace AmqpToolkit.Broker.Topology;

/// <summary>Cuts a topic key into its words.</summary>
internal static class TopicKey
{
    public const byte Dot = (byte)'.';

    /// <summary>The words of a key: one more than it has dots, none when it has no octets.</summary>
    public static MemoryExtensions.SpanSplitEnumerator<byte> Words(ReadOnlySpan<byte> key) => key.IsEmpty ? default : key.Split(Dot);

    /// <summary>
    /// Whether the rest of a binding's key can be matched word by word, without choices: "#" stands in it as the last word or not at all.
    /// </summary>
    public static bool CanBeTail(ReadOnlySpan<byte> rest)
    {
        foreach (Range word in rest.Split(Dot))
        {
            if (KindOf(rest[word]) == TopicWordKind.Hash && word.End.GetOffset(rest.Length) < rest.Length)
            {
                return false;
            }
        }

        return true;
    }

    public static TopicWordKind KindOf(ReadOnlySpan<byte> word) => word switch
    {
        [(byte)'*'] => TopicWordKind.Star,
        [(byte)'#'] => TopicWordKind.Hash,
        _ => TopicWordKind.Word,
    };
}
