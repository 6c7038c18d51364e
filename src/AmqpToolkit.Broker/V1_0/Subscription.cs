using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A queue through which receivers read an exchange. It goes when its terms say so, or when its link is closed; not while another link has it. Used by the connection's reader; what ends it is done under the virtual
/// host's lock of subscriptions, so that nobody finds one that is about to go.
/// </summary>
/// <param name="Queue">The queue.</param>
/// <param name="Terms">How long it lasts.</param>
internal sealed record Subscription(MessageQueue Queue, SubscriptionTerms Terms)
{
    private int _use;

    /// <summary>Whether the attach at hand has made it.</summary>
    public bool IsNew { get; init; }

    /// <summary>A link has attached to it: what others waited for, who had it before, does not end it any more. Under the lock of subscriptions.</summary>
    public void BeginUse() => _use = ++Queue.Uses;

    /// <summary>The attach is refused: what it has made goes, and what was there before it is as it was.</summary>
    public void GiveUp(PeerConnection connection)
    {
        if (IsNew && !Queue.IsFound)
        {
            DeleteIfUnused(connection);
        }
    }

    /// <summary>Its link is closed, and so it ends, unless somebody else has it.</summary>
    public void HandleClosed(PeerConnection connection) => DeleteIfUnused(connection);

    /// <summary>Its link is gone, however: what has no more than that ends, the rest waits for the end of what its policy names, or for its time.</summary>
    public void HandleReleased(PeerConnection connection, BrokerSession session)
    {
        switch (Terms)
        {
            case { IsShared: true, IsDurable: false }:
            case { IsShared: false, Policy: TerminusExpiryPolicy.Known.LinkDetach, TimeoutSeconds: 0 }:
                DeleteIfUnused(connection);
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
        if (Terms.TimeoutSeconds > 0)
        {
            Queue.EndHold();
            return;
        }

        using (connection.HoldSubscriptions())
        {
            if (_use == Queue.Uses)
            {
                DeleteIfUnused(connection);
            }
        }
    }

    private void DeleteIfUnused(PeerConnection connection)
    {
        using (connection.HoldSubscriptions())
        {
            if (connection.VirtualHost.DeleteQueueIfUnused(Queue))
            {
                connection.FinishLater(Queue);
            }
        }
    }
}
