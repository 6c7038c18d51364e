using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Queues;

/// <summary>Settles deliveries of any queues with one outcome: each queue's lock is taken once.</summary>
internal static class Settlement
{
    /// <summary>Settlements that are gathered at most.</summary>
    public const int MaxGathered = 1024;

    /// <summary>Settles and empties the list, on whosever turn it is, within its transaction if there is one.</summary>
    public static void Settle(List<Unsettled> settled, Outcome outcome, Turn turn)
    {
        var all = CollectionsMarshal.AsSpan(settled);
        if (outcome != Outcome.Accept && all.Length > 1)
        {
            GroupByQueue(all);
        }

        try
        {
            for (int start = 0; start < all.Length;)
            {
                var queue = all[start].Queue;
                int end = start + 1;
                while (end < all.Length && ReferenceEquals(all[end].Queue, queue))
                {
                    end++;
                }

                queue.Settle(all[start..end], outcome, turn, turn.Group);
                start = end;
            }
        }
        finally
        {
            // Also after an exception: the list is the thread's, and the next connection's deliveries are not these.
            settled.Clear();
            if (settled.Capacity > MaxGathered * 16)
            {
                settled.Capacity = MaxGathered;
            }
        }

        // What goes back to a queue goes in one step: between two, younger messages would overtake.
        static void GroupByQueue(Span<Unsettled> all)
        {
            var byQueue = new Dictionary<MessageQueue, List<Unsettled>>();
            foreach (ref readonly var delivery in all)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(byQueue, delivery.Queue, out _) ??= []).Add(delivery);
            }

            int at = 0;
            foreach (var deliveries in byQueue.Values)
            {
                CollectionsMarshal.AsSpan(deliveries).CopyTo(all[at..]);
                at += deliveries.Count;
            }
        }
    }
}
