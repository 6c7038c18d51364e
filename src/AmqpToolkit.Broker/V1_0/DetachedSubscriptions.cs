using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>Subscriptions whose links are gone and that wait for the end of their session, or connection. Used by the connection's reader.</summary>
internal sealed class DetachedSubscriptions
{
    private readonly List<Subscription> _subscriptions = [];

    /// <summary>One waits from now on.</summary>
    public void Add(Subscription subscription)
    {
        Remove(subscription);
        if (subscription.Terms.TimeoutSeconds > 0)
        {
            subscription.Queue.BeginHold();
        }

        _subscriptions.Add(subscription);
    }

    /// <summary>Somebody has attached to it again.</summary>
    public void Remove(Subscription attached)
    {
        for (int index = _subscriptions.Count - 1; index >= 0; index--)
        {
            if (ReferenceEquals(_subscriptions[index].Queue, attached.Queue))
            {
                if (_subscriptions[index].Terms.TimeoutSeconds > 0)
                {
                    attached.Queue.EndHold();
                }

                _subscriptions.RemoveAt(index);
            }
        }
    }

    /// <summary>The terms of the one with that queue; null when it is not among them.</summary>
    public SubscriptionTerms? TermsOf(MessageQueue queue) => _subscriptions.Find(subscription => ReferenceEquals(subscription.Queue, queue))?.Terms;

    /// <summary>What they waited for is over.</summary>
    public void End(PeerConnection connection)
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.HandleExpiring(connection);
        }

        _subscriptions.Clear();
    }
}
