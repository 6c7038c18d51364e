using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What a queue does without anybody's asking: it drops what is too old or too much, counts octets for a new limit, moves what died. Called by
/// the wheel when the oldest message's time is over, and started by whoever found more to do than he may under the queue's lock.
/// </summary>
internal sealed class QueueSweep(MessageQueue queue) : BackgroundWork(queue.VirtualHost.Timers), IDeadline
{
    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return -1;
    }

    protected override void DoSlice()
    {
        var turn = new Turn();
        try
        {
            queue.Sweep(turn);
        }
        finally
        {
            turn.End();
        }

        queue.VirtualHost.Arena.TellThread();
        queue.VirtualHost.Arena.Watermark?.Check();
    }
}
