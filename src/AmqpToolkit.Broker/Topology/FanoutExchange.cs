namespace AmqpToolkit.Broker.Topology;

/// <summary>Routes to all bindings, whatever the key (0-9-1 section 3.1.3.2).</summary>
internal sealed class FanoutExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private BindingCell _all;

    public override ExchangeType Type => ExchangeType.Fanout;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector) => _all.Collect(collector);

    internal override void Attach(Binding binding) => _all.Add(binding);

    internal override void Detach(Binding binding) => _all.Remove(binding);
}
