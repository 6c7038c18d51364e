namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A place in the trie of a topic exchange: the words from the root to here are a binding's key, or its beginning. Readers walk it
/// without a lock; the topology lock guards changes, each of which is one published reference.
/// </summary>
internal sealed class TopicNode : Utf8Entry
{
    /// <summary>null, the only child, or a <see cref="TopicBranches"/>: most nodes have one child or none.</summary>
    private object? _next;

    private TopicNode(byte[] word, int hash, TopicNode? parent)
        : base(word, hash)
    {
        Kind = TopicKey.KindOf(word);
        IsBelowHash = parent is not null && (parent.Kind == TopicWordKind.Hash || parent.IsBelowHash);
    }

    /// <summary>The bindings whose key ends here.</summary>
    public BindingCell Bindings;

    public readonly TopicWordKind Kind;

    /// <summary>A "#" stands above: a walk may come here at more than one place of a key.</summary>
    public readonly bool IsBelowHash;

    /// <summary>null, the only child (a <see cref="TopicNode"/>), or a <see cref="TopicBranches"/>.</summary>
    public object? Next => Volatile.Read(ref _next);

    public bool IsEmpty => _next is null && Bindings.IsEmpty;

    public static TopicNode CreateRoot() => new([], 0, null);

    public TopicNode? Child(ReadOnlySpan<byte> word) =>
        _next is TopicNode only ? (word.SequenceEqual(only.Key) ? only : null)
        : _next is TopicBranches branches ? branches.Child(word)
        : null;

    public TopicNode ChildOrNew(ReadOnlySpan<byte> word)
    {
        if (Child(word) is { } known)
        {
            return known;
        }

        int hash = Utf8Hash.Of(word);
        var child = new TopicNode(TopicWordPool.Take(word, hash), hash, this);
        switch (_next)
        {
            case null:
                Volatile.Write(ref _next, child);
                break;
            case TopicNode only:
                var branches = new TopicBranches();
                branches.AddChild(only);
                branches.AddChild(child);
                Volatile.Write(ref _next, branches);
                break;
            case TopicBranches several:
                several.AddChild(child);
                break;
        }

        return child;
    }

    public void Remove(TopicNode child)
    {
        if (ReferenceEquals(_next, child))
        {
            Volatile.Write(ref _next, null);
            return;
        }

        var branches = (TopicBranches)_next!;
        branches.RemoveChild(child);
        if (branches.Only is { } only)
        {
            Volatile.Write(ref _next, only);
        }
    }
}
