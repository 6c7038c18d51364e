namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// The virtual host's lock of subscriptions, held by a connection's reader. Nothing is moved or sent under it, and nothing published but the history that an exchange shows to a binding: what dies in queues is moved, and messages of subscriptions that begin anew or end are given back, when it
/// was left. May be held within another of the same reader.
/// </summary>
internal readonly ref struct SubscriptionHold
{
    private readonly PeerConnection _connection;

    /// <summary>Takes the lock.</summary>
    public SubscriptionHold(PeerConnection connection)
    {
        _connection = connection;
        connection.VirtualHost.SubscriptionLock.Enter();
        connection.Turn.HoldMoves();
    }

    /// <summary>Leaves it.</summary>
    public void Dispose()
    {
        _connection.VirtualHost.SubscriptionLock.Exit();
        try
        {
            _connection.Turn.ReleaseMoves();
        }
        finally
        {
            if (!_connection.VirtualHost.SubscriptionLock.IsHeldByCurrentThread)
            {
                _connection.FinishSubscriptions();
            }
        }
    }
}
