namespace AmqpToolkit.Broker.Topology;

/// <summary>Cuts a topic key into its words.</summary>
internal static class TopicKey
{
    public const byte Dot = (byte)'.';

    /// <summary>The words of a key: one more than it has dots, none when it has no octets.</summary>
    public static MemoryExtensions.SpanSplitEnumerator<byte> Words(ReadOnlySpan<byte> key) => key.IsEmpty ? default : key.Split(Dot);

    public static TopicWordKind KindOf(ReadOnlySpan<byte> word) => word switch
    {
        [(byte)'*'] => TopicWordKind.Star,
        [(byte)'#'] => TopicWordKind.Hash,
        _ => TopicWordKind.Word,
    };
}
