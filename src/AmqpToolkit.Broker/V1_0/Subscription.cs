using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>A queue through which receivers read an exchange. It goes when its terms say so, or when its link is closed. Used by the connection's reader.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Terms">How long it lasts.</param>
internal sealed record Subscription(MessageQueue Queue, SubscriptionTerms Terms)
{
    /// <summary>Whether the attach at hand has made it.</summary>
    public bool IsNew { get; init; }

    /// <summary>The attach is refused: what was there before it stays.</summary>
    public void DeleteIfNew(PeerConnection connection)
    {
        if (IsNew)
        {
            Delete(connection);
        }
    }

    /// <summary>Its link is closed, and so it ends: one that is shared when nobody else has it.</summary>
    public void HandleClosed(PeerConnection connection)
    {
        if (Terms.IsShared)
        {
            DeleteIfUnused(connection);
        }
        else
        {
            Delete(connection);
        }
    }

    /// <summary>Its link is gone, however: what has no more than that ends, the rest waits for the end of what its policy names, or for its time.</summary>
    public void HandleReleased(PeerConnection connection, BrokerSession session)
    {
        switch (Terms)
        {
            case { IsShared: true, IsDurable: false }:
                DeleteIfUnused(connection);
                break;

            case { Policy: TerminusExpiryPolicy.Known.LinkDetach, TimeoutSeconds: 0 }:
                Delete(connection);
                break;

            case { Policy: TerminusExpiryPolicy.Known.SessionEnd }:
                session.Detached.Add(this);
                break;

            case { Policy: TerminusExpiryPolicy.Known.ConnectionClose }:
                connection.Detached.Add(this);
                break;
        }
    }

    /// <summary>What its policy names is over: it goes, or its time begins, unless somebody has attached to it meanwhile.</summary>
    public void HandleExpiring(PeerConnection connection)
    {
        if (Terms.TimeoutSeconds == 0)
        {
            DeleteIfUnused(connection);
        }
        else
        {
            Queue.EndHold();
        }
    }

    private void DeleteIfUnused(PeerConnection connection)
    {
        if (connection.VirtualHost.DeleteQueueIfUnused(Queue))
        {
            Queue.FinishClose(connection.Turn);
        }
    }

    private void Delete(PeerConnection connection)
    {
        if (connection.VirtualHost.DeleteQueue(Queue.Name, ifUnused: false, ifEmpty: false, connection, out _, out var deleted) is null)
        {
            deleted?.FinishClose(connection.Turn);
        }
    }
}
