using System.Diagnostics;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A place in the trie of a topic exchange: the words from the root to here are a binding's key. Readers walk it without a lock;
/// the topology lock guards changes, each of which is one published reference.
/// </summary>
internal sealed class TopicNode : Utf8Entry
{
    private TopicBranches? _branches;

    private TopicNode(byte[] word, TopicNode? parent)
        : base(word)
    {
        Parent = parent;
        IsHash = TopicKey.IsHash(word);
        IsBelowHash = parent is not null && (parent.IsHash || parent.IsBelowHash);
    }

    public readonly TopicNode? Parent;

    /// <summary>The bindings whose key ends here.</summary>
    public BindingCell Bindings;

    public readonly bool IsHash;

    /// <summary>A "#" stands above: a walk may come here at more than one place of a key.</summary>
    public readonly bool IsBelowHash;

    public TopicBranches? Branches => Volatile.Read(ref _branches);

    public bool IsEmpty => _branches is null && Bindings.IsEmpty;

    public static TopicNode CreateRoot() => new([], null);

    public TopicNode? Child(ReadOnlySpan<byte> word) => _branches is null ? null
        : TopicKey.IsStar(word) ? _branches.Star
        : TopicKey.IsHash(word) ? _branches.Hash
        : _branches.Find(word);

    public TopicNode ChildOrNew(ReadOnlySpan<byte> word)
    {
        if (Child(word) is { } known)
        {
            return known;
        }

        var child = new TopicNode(word.ToArray(), this);
        TopicBranches branches = _branches ?? new TopicBranches();
        if (child.IsHash)
        {
            branches.Hash = child;
        }
        else if (TopicKey.IsStar(word))
        {
            branches.Star = child;
        }
        else
        {
            branches.Add(child);
        }

        Volatile.Write(ref _branches, branches);
        return child;
    }

    public void Remove(TopicNode child)
    {
        TopicBranches branches = _branches!;
        if (ReferenceEquals(branches.Hash, child))
        {
            branches.Hash = null;
        }
        else if (ReferenceEquals(branches.Star, child))
        {
            branches.Star = null;
        }
        else
        {
            bool removed = branches.Remove(child);
            Debug.Assert(removed, "not a child");
        }

        if (branches.IsEmpty)
        {
            Volatile.Write(ref _branches, null);
        }
    }
}
