namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A place in the trie of a topic exchange: the words from the root to here are a binding's key, or its beginning. Readers walk it
/// without a lock; the topology lock guards changes, each of which is one published reference.
/// </summary>
/// <remarks>
/// A node below which only one key goes on has no nodes for the rest of it, but that key itself and where in it the rest begins, its tail: most keys
/// part with all others at one word, and nodes of their own for the words behind it would be most of what a binding costs. A node with a tail is never
/// changed but for its bindings; when another key comes this way, a node without one takes its place.
/// </remarks>
internal sealed class TopicNode : Utf8Entry
{
    /// <summary>null, the only child, a <see cref="TopicBranches"/>, or a binding's key with the tail: most nodes have one child or none.</summary>
    private object? _next;

    /// <summary>Where the tail begins; 0 when there is none.</summary>
    private readonly byte _tailStart;

    private TopicNode(byte[] word, int hash, TopicNode? parent)
        : base(word, hash)
    {
        Kind = TopicKey.KindOf(word);
        IsBelowHash = parent is not null && (parent.Kind == TopicWordKind.Hash || parent.IsBelowHash);
    }

    private TopicNode(byte[] word, int hash, TopicNode? parent, byte[] key, int tailStart)
        : this(word, hash, parent)
    {
        _next = key;
        _tailStart = (byte)tailStart;
    }

    /// <summary>The bindings whose key ends here, or goes on with the tail.</summary>
    public BindingCell Bindings;

    public readonly TopicWordKind Kind;

    /// <summary>A "#" stands above: a walk may come here at more than one place of a key.</summary>
    public readonly bool IsBelowHash;

    /// <summary>null, the only child (a <see cref="TopicNode"/>), or a <see cref="TopicBranches"/>. Of a node without a tail.</summary>
    public object? Next => Volatile.Read(ref _next);

    /// <summary>Whether the bindings' key goes on, with words for which there are no nodes.</summary>
    public bool HasTail => _tailStart > 0;

    /// <summary>The words behind this one, of a node that has a tail.</summary>
    public ReadOnlySpan<byte> Tail => ((byte[])_next!).AsSpan(_tailStart);

    public bool IsEmpty => (_next is null || HasTail) && Bindings.IsEmpty;

    public static TopicNode CreateRoot() => new([], 0, null);

    /// <summary>The child for a word, whatever it has as its tail.</summary>
    public TopicNode? Child(ReadOnlySpan<byte> word) =>
        _next is TopicNode only ? (word.SequenceEqual(only.Key) ? only : null)
        : _next is TopicBranches branches ? branches.Child(word)
        : null;

    /// <summary>
    /// The child for the word of a key that ends at <paramref name="end"/>; made when there is none. When nobody else comes that way it
    /// has the rest of the key as its tail, which the caller finds out by <see cref="HasTail"/>.
    /// </summary>
    public TopicNode ChildOrNew(byte[] key, Range word, int end)
    {
        ReadOnlySpan<byte> octets = key.AsSpan(word);
        int tailStart = end < key.Length ? end + 1 : 0;
        if (Child(octets) is { } known)
        {
            return !known.HasTail || (tailStart > 0 && known.Tail.SequenceEqual(key.AsSpan(tailStart))) ? known : ReplaceTail(known);
        }

        int hash = Utf8Hash.Of(octets);
        byte[] shared = TopicWordPool.Take(octets, hash);
        bool mayHaveTail = tailStart > 0 && !IsBelowHash && Kind != TopicWordKind.Hash && TopicKey.KindOf(octets) != TopicWordKind.Hash
            && TopicKey.CanBeTail(key.AsSpan(tailStart));
        var child = mayHaveTail ? new TopicNode(shared, hash, this, key, tailStart) : new TopicNode(shared, hash, this);
        Add(child);
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

    private void Add(TopicNode child)
    {
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
    }

    /// <summary>Puts a node without a tail in the place of a child that has one: the first word of the tail becomes a node, and has the rest of it.</summary>
    private TopicNode ReplaceTail(TopicNode child)
    {
        var key = (byte[])child._next!;
        var replacement = new TopicNode(child.Key, child.Hash, this);
        int dot = child.Tail.IndexOf(TopicKey.Dot);
        int end = dot < 0 ? key.Length : child._tailStart + dot;
        replacement.ChildOrNew(key, child._tailStart..end, end).Bindings.TakeOver(in child.Bindings);
        if (ReferenceEquals(_next, child))
        {
            Volatile.Write(ref _next, replacement);
        }
        else
        {
            ((TopicBranches)_next!).ReplaceChild(child, replacement);
        }

        return replacement;
    }
}
