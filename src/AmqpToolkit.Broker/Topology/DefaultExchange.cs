using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>The exchange without a name: every queue is bound to it by its own name, and nothing else can be (0-9-1 section 3.1.3.1).</summary>
internal sealed class DefaultExchange(VirtualHost virtualHost) : Exchange(virtualHost, [], new ExchangeProperties(Durable: true, false, false, Table.Empty))
{
    public override ExchangeType Type => ExchangeType.Direct;

    public override bool MatchesEachKey => true;

    public override void Match(ReadOnlySpan<byte> routingKey, scoped in RoutedMessage message, RouteCollector collector)
    {
        if ((DirectReplyTo.IsToken(routingKey) ? VirtualHost.FindReplyQueue(routingKey) : VirtualHost.FindQueue(routingKey)) is { } queue)
        {
            collector.Add(queue);
        }
    }

    internal override void Attach(Binding binding) => throw new System.Diagnostics.UnreachableException("nothing binds to the default exchange");

    internal override void Detach(Binding binding) => throw new System.Diagnostics.UnreachableException("nothing binds to the default exchange");
}
