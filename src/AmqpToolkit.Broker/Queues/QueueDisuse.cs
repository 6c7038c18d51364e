using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>The end of a queue that nobody uses (x-expires). Called by the wheel; its messages are given back on another thread.</summary>
internal sealed class QueueDisuse(MessageQueue queue) : BackgroundWork(queue.VirtualHost.Timers), IDeadline
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
            queue.EndIfDisused(turn);
        }
        finally
        {
            turn.End();
        }

        queue.VirtualHost.Arena.TellThread();
        queue.VirtualHost.Arena.Watermark?.Check();
    }
}
