namespace AmqpToolkit.Broker.Topology;

/// <summary>Where the trie of a topic exchange goes on from a node: by a word, by "*", by "#".</summary>
internal sealed class TopicBranches : Utf8Table<TopicNode>
{
    private TopicNode? _star;
    private TopicNode? _hash;

    public TopicNode? Star
    {
        get => Volatile.Read(ref _star);
        set => Volatile.Write(ref _star, value);
    }

    public TopicNode? Hash
    {
        get => Volatile.Read(ref _hash);
        set => Volatile.Write(ref _hash, value);
    }

    public bool IsEmpty => Count == 0 && _star is null && _hash is null;
}
