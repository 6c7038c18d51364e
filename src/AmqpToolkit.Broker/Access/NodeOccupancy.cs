namespace AmqpToolkit.Broker.Access;

/// <summary>Open connections and channels of the whole broker, and their limits. Any thread.</summary>
internal sealed class NodeOccupancy(int maxConnections, int maxChannels)
{
    private int _connections;
    private int _channels;

    public int ConnectionCount => Volatile.Read(ref _connections);

    public int ChannelCount => Volatile.Read(ref _channels);

    public bool TryAddConnection() => Occupancy.TryAdd(ref _connections, maxConnections);

    public void RemoveConnection() => Interlocked.Decrement(ref _connections);

    public bool TryAddChannel() => Occupancy.TryAdd(ref _channels, maxChannels);

    public void RemoveChannels(int count) => Interlocked.Add(ref _channels, -count);
}
