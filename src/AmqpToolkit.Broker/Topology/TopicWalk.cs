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
            TopicBranches? branches = node.Branches;
            if (position > _key.Length)
            {
                node.Bindings.Collect(collector);
            }

            if (branches is null || Follow(branches, ref position) is not { } next)
            {
                return;
            }

            node = next;
        }
    }

    /// <summary>Takes "#" and "*"; the child for the word itself is left to the caller, with the position moved behind the word.</summary>
    private TopicNode? Follow(TopicBranches branches, ref int position)
    {
        if (branches.Hash is { } hash)
        {
            VisitHash(hash, position);
        }

        if (position > _key.Length)
        {
            return null;
        }

        int end = EndOfWord(position);
        ReadOnlySpan<byte> word = _key[position..end];
        position = end + 1;
        if (branches.Star is { } star)
        {
            Visit(star, position);
        }

        return branches.Count == 0 ? null : branches.Find(word);
    }

    private void VisitHash(TopicNode hash, int position)
    {
        int stop = int.MaxValue;
        if (hash.IsBelowHash)
        {
            stop = collector.Visit(hash, position);
            if (stop <= position)
            {
                return;
            }
        }

        if (stop == int.MaxValue)
        {
            hash.Bindings.Collect(collector);
        }

        if (hash.Branches is not { } branches)
        {
            return;
        }

        while (position < stop)
        {
            int next = position;
            if (Follow(branches, ref next) is { } child)
            {
                Visit(child, next);
            }

            if (position > _key.Length)
            {
                return;
            }

            position = next;
        }
    }

    private int EndOfWord(int position)
    {
        int length = _key[position..].IndexOf(TopicKey.Dot);
        return length < 0 ? _key.Length : position + length;
    }
}
