using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What a queue does without anybody's asking: it drops what is too old or too much, counts octets for a new limit, moves what died. Called by
/// the wheel when the oldest message's time is over, and started by whoever found more to do than he may under the queue's lock.
/// </summary>
internal sealed class QueueSweep(MessageQueue queue) : BackgroundWork(queue.VirtualHost.Timers), IDeadline
{
    private TimerWheel.Entry? _rest;
    private bool _waitsForRoom;

    /// <summary>Whether the disk did not give what died a moment ago.</summary>
    private bool IsResting => queue.MovesRestUntil > queue.VirtualHost.Timers.Now;

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return -1;
    }

    /// <summary>What died may have to be read first.</summary>
    protected override void Post()
    {
        if (queue.HasDyingPagedOut && !IsResting)
        {
            queue.VirtualHost.Arena.Paging!.Threads.Queue(this);
        }
        else
        {
            base.Post();
        }
    }

    protected override void DoSlice()
    {
        if (queue.VirtualHost.Store is { IsClosed: true })
        {
            return;
        }

        // On a thread of the pool what died on the disk is left to the next slice, which gets another. With a clock that is moved by hand there is no other.
        var turn = new Turn { MayRead = ReadingThreads.IsCurrent || !queue.VirtualHost.Timers.IsOnSystemClock };
        try
        {
            if (MayMove())
            {
                queue.Sweep(turn);
            }
            else
            {
                // What died cannot be moved for now: that is nothing to consumers who have still to look at what waits.
                queue.LookOn(turn);
            }
        }
        catch (ObjectDisposedException) when (queue.VirtualHost.Store is { IsClosed: true })
        {
            // The broker has stopped meanwhile: what it did not come to is done when the journal is opened again.
        }
        finally
        {
            turn.End();
        }

        queue.VirtualHost.Arena.TellThread();
        queue.VirtualHost.Arena.Watermark?.Check();
    }

    /// <summary>Whether what died may be moved now; if not, the work goes on when it may.</summary>
    private bool MayMove()
    {
        if (queue.HasDyingPagedOut && IsResting)
        {
            _rest = queue.VirtualHost.Timers.Schedule(this, queue.MovesRestUntil, _rest);
            return false;
        }

        if (!queue.MustWaitForRoom)
        {
            return true;
        }

        if (!Interlocked.Exchange(ref _waitsForRoom, true))
        {
            _ = GoOnAsync(queue.VirtualHost.Store!.WaitForMovesAsync());
        }

        return false;
    }

    private async Task GoOnAsync(Task room)
    {
        await room.ConfigureAwait(false);
        Volatile.Write(ref _waitsForRoom, false);
        Start();
    }
}
