using System.Collections;
using System.Text;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker;

/// <summary>The queues of a virtual host, to look at. Any thread.</summary>
public sealed class BrokerQueues : IEnumerable<BrokerQueue>
{
    private readonly VirtualHost _virtualHost;

    internal BrokerQueues(VirtualHost virtualHost) => _virtualHost = virtualHost;

    /// <summary>Queues that are there now.</summary>
    public int Count => _virtualHost.QueueCount;

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. _virtualHost.Queues.Select(static queue => Encoding.UTF8.GetString(queue.Name)).Order(StringComparer.Ordinal)];

    /// <summary>The queue with a name, whether it is there already or not.</summary>
    public BrokerQueue this[string name]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(name);
            return new BrokerQueue(_virtualHost, name);
        }
    }

    /// <summary>The queues that are there now, in the order of their names.</summary>
    public IEnumerator<BrokerQueue> GetEnumerator() => Names.Select(name => this[name]).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
