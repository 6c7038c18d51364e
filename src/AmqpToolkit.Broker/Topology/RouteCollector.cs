using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Where a message goes: the queues, each once, and the exchanges that were passed on the way. Reused from message to message, so
/// that routing allocates nothing. Owned by one reading task.
/// </summary>
internal sealed class RouteCollector
{
    /// <summary>Room, in queues, that <see cref="Clear"/> keeps; what a larger fan-out took goes back.</summary>
    private const int KeptQueues = 65_536;

    private DistinctList<MessageQueue> _queues;
    private DistinctList<Exchange> _exchanges;
    private readonly List<(KeepingExchange Keeper, long Stamp)> _keepers = [];
    private Dictionary<TopicNode, int>? _visits;

    public int Count => _queues.Count;

    /// <summary>The queues; valid until the next <see cref="Clear"/> or routing.</summary>
    public ReadOnlySpan<MessageQueue> Queues => _queues.Items;

    public MessageQueue this[int index] => _queues[index];

    /// <summary>Whether exchanges on the way keep the message.</summary>
    public bool HasKeepers => _keepers.Count > 0;

    /// <summary>Whether an exchange holds the message to route it later: it is not lost although no queue gets it now.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>How many bindings matched, repeats included. An exchange that left it unchanged matched nothing.</summary>
    internal int Matches { get; private set; }

    internal int ExchangeCount => _exchanges.Count;

    public void Clear()
    {
        _queues.Clear();
        _queues.Trim(KeptQueues);
        _keepers.Clear();
        IsHeld = false;
    }

    /// <summary>Hands a stored message, with all that it came with, to the exchanges on its way that keep it. No lock held.</summary>
    /// <param name="arena">Where the message is.</param>
    /// <param name="message">The message.</param>
    /// <param name="turn">Whose thread it is: what this causes besides is done by it, and not before it has ended what it is about.</param>
    /// <param name="group">The group of the journal that this belongs to, or 0.</param>
    /// <returns>When what they have written of it counts as kept; null when they wrote nothing.</returns>
    public CommitLevel? HandToKeepers(MessageArena arena, MessageRef message, Turn turn, uint group = 0)
    {
        CommitLevel? written = null;
        foreach (var (keeper, stamp) in _keepers)
        {
            arena.Retain(message);
            written = keeper.Keep(message, stamp, turn, group) is { } level && !(written > level) ? level : written;
        }

        return written;
    }

    /// <summary>Starts a walk over exchanges. The queues of earlier walks stay: a message may have several keys.</summary>
    internal void BeginWalk(Exchange first)
    {
        _exchanges.Clear();
        _exchanges.Add(first);
    }

    internal Exchange ExchangeAt(int index) => _exchanges[index];

    internal void Add(BindingDestination destination)
    {
        Matches++;
        if (destination is MessageQueue queue)
        {
            _queues.Add(queue);
        }
        else
        {
            _exchanges.Add((Exchange)destination);
        }
    }

    /// <summary>The message is to be handed to an exchange that keeps it.</summary>
    /// <param name="keeper">The exchange.</param>
    /// <param name="isRouted">Whether it holds the message to route it later, which counts as a match.</param>
    /// <param name="stamp">What the keeper wants to be told with the message.</param>
    internal void AddKeeper(KeepingExchange keeper, bool isRouted, long stamp = 0)
    {
        // An exchange is met once a walk, or once a key.
        if (!_keepers.Exists(one => ReferenceEquals(one.Keeper, keeper)))
        {
            _keepers.Add((keeper, stamp));
        }

        if (isRouted)
        {
            Matches++;
            IsHeld = true;
        }
    }

    internal void AddAlternate(Exchange exchange) => _exchanges.Add(exchange);

    /// <summary>
    /// Notes that a topic walk stands at a node with word <paramref name="position"/> next. The earliest position of an earlier
    /// visit, or <see cref="int.MaxValue"/>.
    /// </summary>
    internal int Visit(TopicNode node, int position)
    {
        _visits ??= [];
        int earliest = _visits.GetValueOrDefault(node, int.MaxValue);
        if (position < earliest)
        {
            _visits[node] = position;
        }

        return earliest;
    }

    internal void ForgetVisits()
    {
        if (_visits is { Count: > 0 })
        {
            _visits.Clear();
        }
    }
}
