using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <content>Limits, and the end of the virtual host.</content>
internal sealed partial class VirtualHost
{
    private VirtualHostSettings _settings = VirtualHostSettings.None;
    private int _connectionCount;
    private bool _isDeleted;

    /// <summary>What was said of the virtual host itself.</summary>
    public VirtualHostSettings Settings => Volatile.Read(ref _settings);

    /// <summary>What all virtual hosts of the broker share; null for no limits.</summary>
    public TopologyLimits? Limits { get; init; }

    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    /// <summary>Whether nobody may enter any more.</summary>
    public bool IsDeleted => Volatile.Read(ref _isDeleted);

    /// <summary>Counts a connection, unless there are as many as there may be.</summary>
    public bool TryAddConnection() => Occupancy.TryAdd(ref _connectionCount, Settings.MaxConnections);

    public void RemoveConnection() => Interlocked.Decrement(ref _connectionCount);

    /// <summary>Answers of the routing are asked for anew: something else than the topology has changed what they depend on.</summary>
    public void ForgetRoutes() => AdvanceRoutingVersion();

    /// <summary>Lets nobody enter any more.</summary>
    public void MarkDeleted()
    {
        lock (TopologyLock)
        {
            Volatile.Write(ref _isDeleted, true);
            Store?.RemoveVirtualHost(this);
        }

        Interlocked.MemoryBarrier();
    }

    /// <summary>Says something else of the virtual host itself, and has the store keep it. Queues heed it at once.</summary>
    public void ChangeSettings(Func<VirtualHostSettings, VirtualHostSettings> change)
    {
        lock (TopologyLock)
        {
            var before = _settings;
            var now = change(before);
            if (now == before)
            {
                return;
            }

            Volatile.Write(ref _settings, now);
            if (!IsDeleted)
            {
                Store?.DefineVirtualHost(this);
            }

            if (now.Durability != before.Durability)
            {
                foreach (MessageQueue queue in Queues)
                {
                    queue.FindDurability();
                }
            }
        }
    }

    /// <summary>Deletes every queue, and every exchange with what it keeps: nobody may enter the virtual host any more.</summary>
    public void DeleteAll()
    {
        MessageQueue[] queues;
        Exchange[] exchanges;
        lock (TopologyLock)
        {
            // Nothing is added from here on: whoever declares looks under the lock whether the virtual host is there.
            (queues, exchanges) = ([.. Queues], [.. Exchanges]);
        }

        var turn = new Turn();
        foreach (var some in queues.Chunk(QueuesAtOnce))
        {
            foreach (var (queue, removal) in CloseAndRemove(some))
            {
                removal.Finish();
                queue.FinishClose(turn);
            }

            turn.End();
        }

        foreach (var exchange in exchanges)
        {
            DeleteExchange(exchange);
        }

        foreach (bool isOperator in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var rule in Policies(isOperator))
            {
                Store?.RemovePolicy(this, rule.Policy.Name, isOperator);
            }
        }
    }

    private void DeleteExchange(Exchange exchange)
    {
        TopologyRemoval removed;
        lock (TopologyLock)
        {
            if (exchange.IsDeleted || exchange.IsDefault)
            {
                return;
            }

            removed = Remove(exchange);
        }

        removed.Finish();
    }

    /// <summary>The refusal of one who is late.</summary>
    private ProtocolError NoLongerThere() => ProtocolError.NotAllowed($"vhost '{Name}' is deleted");

    /// <summary>Refuses one more queue than may be there (row 79). Under the topology lock.</summary>
    private ProtocolError? CheckQueueLimit(ReadOnlySpan<byte> name)
    {
        int max = Settings.MaxQueues;
        return max >= 0 && QueueCount >= max ? Refuse(name, $"in vhost '{Name}' ({max})")
            : Limits is { HasRoomForQueue: false } limits ? Refuse(name, $"in cluster ({limits.MaxQueues})")
            : null;

        static ProtocolError Refuse(ReadOnlySpan<byte> name, string limit) =>
            ProtocolError.PreconditionFailed($"cannot declare queue '{System.Text.Encoding.UTF8.GetString(name)}': queue limit {limit} is reached");
    }

    /// <summary>Refuses one more exchange than may be there (row 63). Under the topology lock.</summary>
    private ProtocolError? CheckExchangeLimit(ReadOnlySpan<byte> name) =>
        Limits is { HasRoomForExchange: false } limits
            ? ProtocolError.PreconditionFailed($"cannot declare {TopologyErrors.ExchangeText(Name, name)}: exchange limit of {limits.MaxExchanges} is reached")
            : null;
}
