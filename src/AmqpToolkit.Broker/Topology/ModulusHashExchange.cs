namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Gives each message to one of its bindings by the hash of the routing key, modulo their number (x-modulus-hash of RabbitMQ's sharding plugin). The
/// binding keys do not count; a binding more or less moves most messages.
/// </summary>
internal sealed class ModulusHashExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly BindingList _all = new();

    public override ExchangeType Type => ExchangeType.ModulusHash;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        if (_all.Pick(StableHash.Of(routingKey)) is { } binding)
        {
            collector.Add(binding.Destination);
        }
    }

    internal override void Attach(Binding binding) => _all.Add(binding);

    internal override void Detach(Binding binding) => _all.Remove(binding);
}
