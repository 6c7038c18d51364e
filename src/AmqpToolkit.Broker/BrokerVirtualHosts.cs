using System.Collections.Concurrent;
using System.Text;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker;

/// <summary>The virtual hosts of a broker. Any thread.</summary>
public sealed class BrokerVirtualHosts
{
    private readonly ConcurrentDictionary<string, BrokerVirtualHost> _all = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly AmqpBroker _broker;
    private readonly TopologyLimits? _limits;

    internal BrokerVirtualHosts(AmqpBroker broker)
    {
        _broker = broker;
        _limits = broker.Options.QueueMax is null && broker.Options.ExchangeMax is null
            ? null
            : new TopologyLimits(broker.Options.QueueMax, broker.Options.ExchangeMax, () => Topologies);
    }

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _all.Keys.Order(StringComparer.Ordinal)];

    internal IEnumerable<VirtualHost> Topologies => _all.Values.Select(one => one.Topology);

    /// <summary>The virtual host with the name; null when there is none.</summary>
    public BrokerVirtualHost? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _all.GetValueOrDefault(name);
    }

    /// <summary>Makes a virtual host with the predeclared exchanges; one that is there stays as it is. Nobody may use it until permissions are set.</summary>
    /// <exception cref="ArgumentException">The name has more octets than connection.open can carry: 255.</exception>
    public BrokerVirtualHost Create(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_gate)
        {
            if (_all.TryGetValue(name, out var present))
            {
                return present;
            }

            CheckName(name, nameof(name));

            var created = new BrokerVirtualHost(Make(name, _broker.Store?.NextNumber() ?? 0));
            _broker.Store?.DefineVirtualHost(created.Topology);
            _all[name] = created;
            return created;
        }
    }

    /// <summary>Deletes a virtual host with all that is in it, and closes its connections with 320.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        BrokerVirtualHost? deleted;
        lock (_gate)
        {
            if (!_all.TryRemove(name, out deleted))
            {
                return false;
            }

            deleted.Topology.MarkDeleted();
            _broker.Users.Forget(name);
        }

        _broker.CloseConnections(
            connection => ReferenceEquals(connection.OpenedVirtualHost, deleted.Topology), ProtocolError.ConnectionForced($"vhost '{name}' is deleted"));
        deleted.Topology.DeleteAll();
        return true;
    }

    /// <summary>Names of virtual hosts and users are short strings, and the journal has a bound for names.</summary>
    internal static void CheckName(string name, string parameter)
    {
        if (Encoding.UTF8.GetByteCount(name) is > byte.MaxValue and var octets)
        {
            throw new ArgumentException($"The name has {octets} octets; it may have {byte.MaxValue}.", parameter);
        }
    }

    /// <summary>Puts a virtual host back that the store has kept. While the broker starts.</summary>
    internal BrokerVirtualHost Restore(string name, uint number) => _all[name] = new BrokerVirtualHost(Make(name, number));

    private VirtualHost Make(string name, uint number) => new(name, _broker.Options.Profile, _broker.Arena, _broker.Timers)
    {
        Limits = _limits,
        MaxPropertyOctets = (int)_broker.Options.FrameMax - 20,
        Store = _broker.Store,
        StoreNumber = number,
        BrokersDurability = _broker.Options.Durability,
    };
}
