namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// One key's way through the trie of a topic exchange. A position is the octet at which the next word begins; after the last
/// word it is the key's length plus one.
/// </summary>
/// <remarks>
/// A "#" takes the rest of the key word by word, so a walk that came to one at some word has been to it at all later words. Below
/// another "#" that is remembered; so each node is visited at most once a word, however many "#" stand in the bindings' keys.
/// </remarks>
internal readonly ref struct TopicWalk(ReadOnlySpan<byte> key, RouteCollector collector)
{
    private readonly ReadOnlySpan<byte> _key = key;

    public void Start(TopicNode root) => Visit(root, _key.IsEmpty ? 1 : 0);

    private void Visit(TopicNode node, int position)
    {
        while (true)
        {
            if (node.HasTail)
            {
                if (MatchesTail(node.Tail, position))
                {
                    node.Bindings.Collect(collector);
                }

                return;
            }

            if (position > _key.Length)
            {
                node.Bindings.Collect(collector);
            }

            if (Follow(node, ref position) is not { } next)
            {
                return;
            }

            node = next;
        }
    }

    /// <summary>Visits the children but one, which is left to the caller, with the position moved behind the word that led to it.</summary>
    private TopicNode? Follow(TopicNode node, ref int position)
    {
        object? next = node.Next;
        if (next is TopicNode only)
        {
            return FollowOnly(only, ref position);
        }

        return next is TopicBranches branches ? FollowBranches(branches, ref position) : null;
    }

    private TopicNode? FollowOnly(TopicNode only, ref int position)
    {
        if (only.Kind == TopicWordKind.Hash)
        {
            VisitHash(only, position);
            return null;
        }

        if (position > _key.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> word = TakeWord(ref position);
        return only.Kind == TopicWordKind.Star || word.SequenceEqual(only.Key) ? only : null;
    }

    private TopicNode? FollowBranches(TopicBranches branches, ref int position)
    {
        if (branches.Hash is { } hash)
        {
            VisitHash(hash, position);
        }

        if (position > _key.Length)
        {
            return null;
        }

        ReadOnlySpan<byte> word = TakeWord(ref position);
        if (branches.Star is { } star)
        {
            Visit(star, position);
        }

        return branches.Find(word);
    }

    private void VisitHash(TopicNode hash, int position)
    {
        int stop = hash.IsBelowHash ? collector.Visit(hash, position) : int.MaxValue;
        if (stop == int.MaxValue)
        {
            hash.Bindings.Collect(collector);
        }

        if (hash.Next is null)
        {
            return;
        }

        while (position < stop)
        {
            int behind = position;
            if (Follow(hash, ref behind) is { } child)
            {
                Visit(child, behind);
            }

            if (position > _key.Length)
            {
                return;
            }

            TakeWord(ref position);
        }
    }

    /// <summary>Whether the rest of the key is what the tail asks for: the same number of words, or more where it ends with "#".</summary>
    private bool MatchesTail(ReadOnlySpan<byte> tail, int position)
    {
        while (true)
        {
            int dot = tail.IndexOf(TopicKey.Dot);
            ReadOnlySpan<byte> asked = dot < 0 ? tail : tail[..dot];
            TopicWordKind kind = TopicKey.KindOf(asked);
            if (kind == TopicWordKind.Hash)
            {
                return true;
            }

            if (position > _key.Length)
            {
                return false;
            }

            ReadOnlySpan<byte> word = TakeWord(ref position);
            if (kind != TopicWordKind.Star && !word.SequenceEqual(asked))
            {
                return false;
            }

            if (dot < 0)
            {
                return position > _key.Length;
            }

            tail = tail[(dot + 1)..];
        }
    }

    private ReadOnlySpan<byte> TakeWord(ref int position)
    {
        ReadOnlySpan<byte> rest = _key[position..];
        int length = rest.IndexOf(TopicKey.Dot);
        if (length >= 0)
        {
            rest = rest[..length];
        }

        position += rest.Length + 1;
        return rest;
    }
}
