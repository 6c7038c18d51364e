using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Routes by words parted by dots: in a binding's key "*" stands for one word and "#" for any number, none included (0-9-1 section
/// 3.1.3.3). A key without octets has no words, so that "#" matches it and "*" does not.
/// </summary>
internal sealed class TopicExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly TopicNode _root = TopicNode.CreateRoot();

    public override ExchangeType Type => ExchangeType.Topic;

    /// <summary>True when no node is left: what bindings built goes with them.</summary>
    internal bool IsTrieEmpty => _root.IsEmpty;

    public override void Match(ReadOnlySpan<byte> routingKey, TableView headers, RouteCollector collector)
    {
        new TopicWalk(routingKey, collector).Start(_root);
        collector.ForgetVisits();
    }

    protected override void Attach(Binding binding)
    {
        TopicNode node = _root;
        foreach (Range word in TopicKey.Words(binding.RoutingKey))
        {
            node = node.ChildOrNew(binding.RoutingKey.AsSpan(word));
        }

        node.Bindings.Add(binding);
    }

    protected override void Detach(Binding binding)
    {
        TopicNode node = _root;
        foreach (Range word in TopicKey.Words(binding.RoutingKey))
        {
            node = node.Child(binding.RoutingKey.AsSpan(word))!;
        }

        node.Bindings.Remove(binding);
        while (node.IsEmpty && node.Parent is { } parent)
        {
            parent.Remove(node);
            node = parent;
        }
    }
}
