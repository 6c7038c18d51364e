namespace AmqpToolkit.Broker.Topology;

/// <summary>Gives each message to one of its bindings by chance (RabbitMQ's x-random). A destination that is bound twice has two chances.</summary>
internal sealed class RandomExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private readonly BindingList _all = new();

    public override ExchangeType Type => ExchangeType.Random;

    public override bool RoutesByKeyAlone => false;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        if (_all.Pick((ulong)Random.Shared.NextInt64()) is { } binding)
        {
            collector.Add(binding.Destination);
        }
    }

    internal override void Attach(Binding binding) => _all.Add(binding);

    internal override void Detach(Binding binding) => _all.Remove(binding);
}
