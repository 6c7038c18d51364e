namespace AmqpToolkit.Broker.Topology;

/// <summary>Where the trie of a topic exchange goes on from a node that has several children: by a word, by "*", by "#".</summary>
internal sealed class TopicBranches : Utf8Table<TopicNode>
{
    private TopicNode? _star;
    private TopicNode? _hash;

    public TopicNode? Star => Volatile.Read(ref _star);

    public TopicNode? Hash => Volatile.Read(ref _hash);

    /// <summary>The child, when one is left. Under the topology lock.</summary>
    public TopicNode? Only => (Count, _star, _hash) switch
    {
        (1, null, null) => Entries().First(),
        (0, { } star, null) => star,
        (0, null, { } hash) => hash,
        _ => null,
    };

    public TopicNode? Child(ReadOnlySpan<byte> word) => TopicKey.KindOf(word) switch
    {
        TopicWordKind.Star => _star,
        TopicWordKind.Hash => _hash,
        _ => Find(word),
    };

    public void AddChild(TopicNode child)
    {
        switch (child.Kind)
        {
            case TopicWordKind.Star:
                Volatile.Write(ref _star, child);
                break;
            case TopicWordKind.Hash:
                Volatile.Write(ref _hash, child);
                break;
            default:
                Add(child);
                break;
        }
    }

    /// <summary>Puts a child for the same word in the place of another.</summary>
    public void ReplaceChild(TopicNode child, TopicNode replacement)
    {
        if (child.Kind == TopicWordKind.Star)
        {
            Volatile.Write(ref _star, replacement);
        }
        else
        {
            Replace(child, replacement);
        }
    }

    public void RemoveChild(TopicNode child)
    {
        switch (child.Kind)
        {
            case TopicWordKind.Star:
                Volatile.Write(ref _star, null);
                break;
            case TopicWordKind.Hash:
                Volatile.Write(ref _hash, null);
                break;
            default:
                Remove(child);
                break;
        }
    }
}
