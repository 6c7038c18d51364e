namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// How many queues and exchanges the virtual hosts of a broker may have together. Counted under the lock of the one that grows, so that two that grow at the same moment may
/// both find room for the last.
/// </summary>
/// <param name="maxQueues">Null for any number.</param>
/// <param name="maxExchanges">Null for any number.</param>
/// <param name="virtualHosts">All of them.</param>
internal sealed class TopologyLimits(int? maxQueues, int? maxExchanges, Func<IEnumerable<VirtualHost>> virtualHosts)
{
    public int? MaxQueues => maxQueues;

    public int? MaxExchanges => maxExchanges;

    public bool HasRoomForQueue => maxQueues is not { } max || virtualHosts().Sum(host => host.QueueCount) < max;

    public bool HasRoomForExchange => maxExchanges is not { } max || virtualHosts().Sum(host => host.ExchangeCount) < max;
}
