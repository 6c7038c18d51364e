using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Routes by words parted by dots: in a binding's key "*" stands for one word and "#" for any number, none included (0-9-1 section
/// 3.1.3.3). A key without octets has no words, so that "#" matches it and "*" does not.
/// </summary>
internal sealed class TopicExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly TopicNode _root = TopicNode.CreateRoot();

    public override ExchangeType Type => ExchangeType.Topic;

    public override bool MatchesEachKey => true;

    /// <summary>True when no node is left: what bindings built goes with them.</summary>
    internal bool IsTrieEmpty => _root.IsEmpty;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        new TopicWalk(routingKey, collector).Start(_root);
        collector.ForgetVisits();
    }

    /// <summary>Where releases bound the cost of a walk, a key with more "#" than that is refused (RabbitMQ's mistakes table, row 86).</summary>
    public override ProtocolError? Validate(ReadOnlySpan<byte> routingKey, TableView arguments)
    {
        int hashes = 0;
        foreach (Range word in TopicKey.Words(routingKey))
        {
            hashes += TopicKey.KindOf(routingKey[word]) == TopicWordKind.Hash ? 1 : 0;
        }

        int most = VirtualHost.Rules.MaxTopicHashes;
        return hashes <= most
            ? null
            : ProtocolError.PreconditionFailed($"Topic binding key '{System.Text.Encoding.UTF8.GetString(routingKey)}' uses {hashes} '#' wildcards, at most {most} are allowed");
    }

    internal override void Attach(Binding binding)
    {
        TopicNode node = _root;
        byte[] key = binding.RoutingKey;
        foreach (Range word in TopicKey.Words(key))
        {
            node = node.ChildOrNew(key, word, word.End.GetOffset(key.Length));
            if (node.HasTail)
            {
                break;
            }
        }

        node.Bindings.Add(binding);
    }

    internal override void Detach(Binding binding)
    {
        // A node does not know the one above it: with a million patterns each reference counts.
        var path = new List<TopicNode> { _root };
        foreach (Range word in TopicKey.Words(binding.RoutingKey))
        {
            path.Add(path[^1].Child(binding.RoutingKey.AsSpan(word))!);
            if (path[^1].HasTail)
            {
                break;
            }
        }

        path[^1].Bindings.Remove(binding);
        for (int depth = path.Count - 1; depth > 0 && path[depth].IsEmpty; depth--)
        {
            path[depth - 1].Remove(path[depth]);
        }
    }
}
