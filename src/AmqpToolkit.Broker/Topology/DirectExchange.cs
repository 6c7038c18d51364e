namespace AmqpToolkit.Broker.Topology;

/// <summary>Routes to the bindings whose key equals the message's (0-9-1 section 3.1.3.1).</summary>
internal sealed class DirectExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly Utf8Table<BoundKey> _keys = new();

    public override ExchangeType Type => ExchangeType.Direct;

    public override bool MatchesEachKey => true;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector) =>
        _keys.Find(routingKey)?.Bindings.Collect(collector);

    internal override void Attach(Binding binding)
    {
        if (_keys.Find(binding.RoutingKey) is { } key)
        {
            key.Bindings.Add(binding);
            return;
        }

        key = new BoundKey(binding.RoutingKey);
        key.Bindings.Add(binding);
        _keys.Add(key);
    }

    internal override void Detach(Binding binding)
    {
        BoundKey key = _keys.Find(binding.RoutingKey)!;
        key.Bindings.Remove(binding);
        if (key.Bindings.IsEmpty)
        {
            _keys.Remove(key);
        }
    }

    /// <summary>The bindings of one key.</summary>
    private sealed class BoundKey(byte[] key) : Utf8Entry(key)
    {
        public BindingCell Bindings;
    }
}
