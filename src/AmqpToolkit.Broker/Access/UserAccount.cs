namespace AmqpToolkit.Broker.Access;

/// <summary>A user, and what of it is in use. Any thread.</summary>
internal sealed class UserAccount(string name, UserState state)
{
    private UserState? _state = state;
    private int _connectionCount;
    private int _channelCount;

    public string Name => name;

    /// <summary>What is known now; null once the user is deleted.</summary>
    public UserState? State
    {
        get => Volatile.Read(ref _state);
        set => Volatile.Write(ref _state, value);
    }

    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    public int ChannelCount => Volatile.Read(ref _channelCount);

    /// <summary>Counts a connection, unless there are as many as there may be.</summary>
    public bool TryAddConnection() => Occupancy.TryAdd(ref _connectionCount, State?.MaxConnections ?? 0);

    public void RemoveConnection() => Interlocked.Decrement(ref _connectionCount);

    /// <summary>Counts a channel, unless there are as many as there may be.</summary>
    public bool TryAddChannel() => Occupancy.TryAdd(ref _channelCount, State?.MaxChannels ?? 0);

    public void RemoveChannels(int count) => Interlocked.Add(ref _channelCount, -count);
}
