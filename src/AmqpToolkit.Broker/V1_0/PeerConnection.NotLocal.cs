using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.V1_0;

/// <content>Subscriptions that want nothing of what comes over their own connection (the filter no-local).</content>
internal sealed partial class PeerConnection
{
    private Dictionary<MessageQueue, OutgoingLink>? _notLocal;

    /// <summary>A subscription that wants nothing of what comes over this connection (no-local). It is the connection's own, so that leaving it out of the connection's routes is all.</summary>
    private void AddNotLocal(OutgoingLink link)
    {
        (_notLocal ??= [])[link.Queue] = link;
        ForgetWays();
    }

    private void RemoveNotLocal(OutgoingLink link)
    {
        // One that took its place may want the same.
        if (_notLocal is not null && _notLocal.TryGetValue(link.Queue, out var present) && ReferenceEquals(present, link))
        {
            _notLocal.Remove(link.Queue);
            ForgetWays();
        }
    }

    /// <summary>Ways of senders are looked for anew.</summary>
    private void ForgetWays()
    {
        foreach (var session in _sessions)
        {
            foreach (object owner in session.Links)
            {
                if (owner is IncomingLink incoming)
                {
                    incoming.Way.RoutingVersion = -1;
                }
            }
        }
    }

    /// <summary>The queues of a route that want what comes over this connection.</summary>
    public ReadOnlySpan<MessageQueue> WithoutNotLocal(ReadOnlySpan<MessageQueue> queues)
    {
        if (_notLocal is not { Count: > 0 } notLocal)
        {
            return queues;
        }

        var left = new List<MessageQueue>(queues.Length);
        foreach (var queue in queues)
        {
            if (!notLocal.ContainsKey(queue))
            {
                left.Add(queue);
            }
        }

        return CollectionsMarshal.AsSpan(left);
    }
}
