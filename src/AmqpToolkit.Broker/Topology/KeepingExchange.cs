using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// An exchange that keeps messages which come by: to route them later, or to show them to who comes later. Routing only notes that it
/// wants one (<see cref="RouteCollector.AddKeeper"/>); who routes stores the message and hands it over.
/// </summary>
internal abstract class KeepingExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    /// <summary>What is kept depends on each message.</summary>
    public override bool RoutesByKeyAlone => false;

    /// <summary>Keeps a message, with a reference of its own. Any thread, no lock held.</summary>
    /// <param name="message">The message.</param>
    /// <param name="stamp">What <see cref="Exchange.Match"/> gave to the collector: which bindings the message has seen.</param>
    public abstract void Keep(MessageRef message, long stamp);

    /// <summary>Gives back what is kept, and keeps nothing any more: the exchange is deleted. Any thread, no lock held.</summary>
    internal abstract void DropKept();
}
