using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

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

    /// <param name="timers">The broker's wheel; null for one of its own, on the system's clock.</param>
    public VirtualHost(string name, BrokerProfile profile, MessageArena arena, TimerWheel? timers = null)
    {
        Timers = timers ?? new TimerWheel(TimeProvider.System, NullLogger.Instance);
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

    /// <summary>Where what is durable is kept; null when everything is in memory.</summary>
    public BrokerStore? Store { get; init; }

    /// <summary>Its number in the store; 0 without one.</summary>
    public uint StoreNumber { get; init; }

    /// <summary>Where the queues' messages lie.</summary>
    public MessageArena Arena { get; }

    /// <summary>Where times are waited for.</summary>
    public TimerWheel Timers { get; }

    public Exchange DefaultExchange { get; }

    /// <summary>Guards every change. Taken before a queue's lock.</summary>
    public Lock TopologyLock { get; } = new();

    /// <summary>Held while a link attaches to a subscription that another may have. Outside every other lock.</summary>
    public Lock SubscriptionLock { get; } = new();

    /// <summary>
    /// Advanced after each change of queues, exchanges or bindings. An answer of a routing holds while this stands at what
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
    public void Route(Exchange exchange, ReadOnlySpan<byte> routingKey, TableView headers, RouteCollector collector) =>
        Route(exchange, new RoutedMessage { RoutingKey = routingKey, Headers = headers }, collector);

    /// <summary>
    /// As <see cref="Route(Exchange, ReadOnlySpan{byte}, TableView, RouteCollector)"/>, for a message with more keys than one. Exchanges that want
    /// to keep the message are among the collector's keepers: who routes hands it to them.
    /// </summary>
    public void Route(Exchange exchange, scoped in RoutedMessage message, RouteCollector collector)
    {
        collector.BeginWalk(exchange);
        for (int walked = 0; walked < collector.ExchangeCount; walked++)
        {
            Exchange current = collector.ExchangeAt(walked);
            int before = collector.Matches;
            current.Match(message.RoutingKey, in message, collector);
            if (message.HasCopies && current.MatchesEachKey)
            {
                MatchCopies(current, message.Copies, in message, collector);
                MatchCopies(current, message.BlindCopies, in message, collector);
            }

            if (current.Alternate is { } name && collector.Matches == before && FindAlternate(name) is { } alternate)
            {
                collector.AddAlternate(alternate);
            }
        }
    }

    private static void MatchCopies(Exchange exchange, ArrayView keys, scoped in RoutedMessage message, RouteCollector collector)
    {
        foreach (FieldValueView key in keys)
        {
            if (key.TryGetString(out ReadOnlySpan<byte> text))
            {
                exchange.Match(text, in message, collector);
            }
        }
    }

    /// <summary>The default exchange stands in for none: RabbitMQ finds no bindings there.</summary>
    internal Exchange? FindAlternate(byte[] name) => name.Length == 0 ? null : FindExchange(name);

    private string QueueText(ReadOnlySpan<byte> name) => TopologyErrors.QueueText(Name, name);

    private string ExchangeText(ReadOnlySpan<byte> name) => TopologyErrors.ExchangeText(Name, name);

    internal void AdvanceRoutingVersion() => Interlocked.Increment(ref _routingVersion);
}
