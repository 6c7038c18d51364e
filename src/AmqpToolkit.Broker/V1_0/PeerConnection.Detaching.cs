using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>Links that are detached, sessions and connections that end, and what they leave (1.0 sections 2.6.4 and 2.6.5).</content>
internal sealed partial class PeerConnection
{
    private void HandleDetached(Link link, bool isClosed)
    {
        var subscription = link.Owner is OutgoingLink { IsStolen: false, IsEndedHere: false } outgoing ? outgoing.Subscription : null;
        if (isClosed)
        {
            var session = link.Session.Owner as BrokerSession;
            ReleaseClosed(link);
            if (subscription is not null)
            {
                session?.Detached.Remove(subscription);
                Detached.Remove(subscription);
                subscription.HandleClosed(this);
            }
        }
        else
        {
            ReleaseLink(link);
        }

        lock (Output.Gate)
        {
            link.Detach(isClosed);
        }
    }

    /// <summary>Gives back what a link holds that is closed, and with it the node that was made for it.</summary>
    private void ReleaseClosed(Link link)
    {
        var dynamic = link.Owner is OutgoingLink outgoing ? outgoing.Dynamic : (link.Owner as IncomingLink)?.Dynamic;
        ReleaseLink(link);
        dynamic?.HandleClosed(this);
    }

    /// <summary>Gives back what a link holds; once.</summary>
    private void ReleaseLink(Link link)
    {
        switch (link.Owner)
        {
            case IncomingLink incoming:
                incoming.Session.Links.Remove(incoming);
                incoming.Release();
                break;

            case OutgoingLink outgoing:
                outgoing.Session.Links.Remove(outgoing);
                Release(outgoing);
                break;

            case ManagementPair pair:
                bool isLast;
                lock (Output.Gate)
                {
                    isLast = pair.Release(link);
                }

                if (isLast)
                {
                    (link.Session.Owner as BrokerSession)?.Management?.Remove(link.Name);
                }

                break;
        }

        link.Owner = null;
    }

    private void Release(OutgoingLink link)
    {
        bool isLast = link.Queue.RemoveConsumer(link, Turn);
        var returned = SettledList;
        lock (Output.Gate)
        {
            link.Session.TakeUnsettled(link, returned);
            link.Session.RemoveWaiting(link);
            link.Drop();
        }

        if (link.IsBrowsing)
        {
            // They were copies.
            returned.Clear();
        }

        Settlement.Settle(returned, link.DefaultOutcome, Turn);
        RemoveNotLocal(link);
        if (link.Subscription is { } subscription)
        {
            if (!link.IsStolen)
            {
                subscription.HandleReleased(this, link.Session);
            }
        }
        else if (isLast && VirtualHost.DeleteQueueIfUnused(link.Queue))
        {
            link.Queue.FinishClose(Turn);
        }
    }

    private void ReleaseSession(Session engine)
    {
        if (engine.Owner is not BrokerSession session)
        {
            return;
        }

        engine.Owner = null;
        foreach (object owner in session.Links.ToArray())
        {
            ReleaseLink(owner is OutgoingLink outgoing ? outgoing.Link : ((IncomingLink)owner).Link);
        }

        session.Detached.End(this);
        _sessions.Remove(session);
        _admission!.RemoveChannel();
    }

    private void ReleaseAll()
    {
        foreach (var session in _sessions.ToArray())
        {
            ReleaseSession(session.Engine);
        }

        Detached.End(this);
        if (_virtualHost is not null)
        {
            foreach (var queue in _virtualHost.DeleteExclusiveQueues(this))
            {
                queue.FinishClose(Turn);
            }
        }
    }
}
