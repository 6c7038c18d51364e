using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// A virtual host (0-9-1 section 3.1.1): its exchanges, queues and bindings. Lookups and routing take no lock; each change is made
/// under <see cref="TopologyLock"/>, and within it a queue's own lock may be taken, never the other way round.
/// </summary>
internal sealed partial class VirtualHost
{
    private readonly Utf8Table<Exchange> _exchanges = new();
    private readonly Utf8Table<MessageQueue> _queues = new();
    private int _routingVersion;

    public VirtualHost(string name, BrokerProfile profile, MessageArena arena)
    {
        Name = name;
        Rules = ProfileRules.Of(profile);
        Arena = arena;
        DefaultExchange = new DefaultExchange(this);
        _exchanges.Add(DefaultExchange);
        AddPredeclaredExchanges();
    }

    public string Name { get; }

    /// <summary>The release whose behaviour is shown where no connection says otherwise.</summary>
    public ProfileRules Rules { get; }

    /// <summary>Where the queues' messages lie.</summary>
    public MessageArena Arena { get; }

    public Exchange DefaultExchange { get; }

    /// <summary>Guards every change. Taken before a queue's lock.</summary>
    public Lock TopologyLock { get; } = new();

    /// <summary>
    /// Advanced after each change of queues, exchanges or bindings. An answer of <see cref="Route"/> holds while this stands at what
    /// it was before the question.
    /// </summary>
    public int RoutingVersion => Volatile.Read(ref _routingVersion);

    public int QueueCount => _queues.Count;

    public int ExchangeCount => _exchanges.Count;

    /// <summary>All queues; those that come or go meanwhile may or may not be among them.</summary>
    public IEnumerable<MessageQueue> Queues => _queues.Entries();

    /// <summary>All exchanges; those that come or go meanwhile may or may not be among them.</summary>
    public IEnumerable<Exchange> Exchanges => _exchanges.Entries();

    public MessageQueue? FindQueue(ReadOnlySpan<byte> name) => _queues.Find(name);

    public Exchange? FindExchange(ReadOnlySpan<byte> name) => _exchanges.Find(name);

    /// <summary>
    /// Adds the queues of a message to the collector: those of the exchange, and of exchanges bound to it or standing in for it,
    /// each exchange and each queue once. Takes no lock and allocates nothing but the collector's growth.
    /// </summary>
    /// <param name="headers">The headers property; may be empty when the exchange depends on the key alone.</param>
    public void Route(Exchange exchange, ReadOnlySpan<byte> routingKey, TableView headers, RouteCollector collector)
    {
        collector.BeginWalk(exchange);
        for (int walked = 0; walked < collector.ExchangeCount; walked++)
        {
            Exchange current = collector.ExchangeAt(walked);
            int before = collector.Matches;
            current.Match(routingKey, headers, collector);
            if (current.Alternate is not null && collector.Matches == before && FindAlternate(current.Alternate) is { } alternate)
            {
                collector.AddAlternate(alternate);
            }
        }
    }

    /// <summary>The default exchange stands in for none: RabbitMQ finds no bindings there.</summary>
    internal Exchange? FindAlternate(byte[] name) => name.Length == 0 ? null : FindExchange(name);

    private string QueueText(ReadOnlySpan<byte> name) => TopologyErrors.QueueText(Name, name);

    private string ExchangeText(ReadOnlySpan<byte> name) => TopologyErrors.ExchangeText(Name, name);

    private void AdvanceRoutingVersion() => Interlocked.Increment(ref _routingVersion);
}
