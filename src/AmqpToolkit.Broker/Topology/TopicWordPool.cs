namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Lets the nodes of tries share the octets of words that many keys have: the last word of each hash is kept. Safe for any thread:
/// what is lost when two meet is a chance to share.
/// </summary>
internal static class TopicWordPool
{
    private const int Words = 256;

    private const int LongestWordOctets = 32;

    private static readonly byte[]?[] Kept = new byte[]?[Words];

    public static byte[] Take(ReadOnlySpan<byte> word, int hash)
    {
        if (word.Length > LongestWordOctets)
        {
            return word.ToArray();
        }

        ref byte[]? place = ref Kept[hash & (Words - 1)];
        byte[]? kept = Volatile.Read(ref place);
        if (kept is null || !word.SequenceEqual(kept))
        {
            Volatile.Write(ref place, kept = word.ToArray());
        }

        return kept;
    }
}
