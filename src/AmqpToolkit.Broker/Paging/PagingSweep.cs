using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Paging;

/// <summary>
/// Pages messages out that wait in memory, queue by queue, when it is not enough that those which come do not stay there: many queues of which each has a
/// little, or queues that nobody touches.
/// </summary>
internal sealed class PagingSweep(AmqpBroker broker) : BackgroundWork(broker.Timers)
{
    /// <summary>Messages for which a queue is locked at once.</summary>
    private const int MessagesAtOnce = 256;

    /// <summary>Queues and rows of messages after which others get the thread.</summary>
    private const int StepsAtOnce = 64;

    /// <summary>How long it rests after a walk, in milliseconds, and after one that was in vain.</summary>
    private const long RestMilliseconds = 50;
    private const long LongRestMilliseconds = 1000;

    private IEnumerator<MessageQueue>? _walk;
    private bool _isQueueDone = true;
    private bool _hasDone;
    private volatile bool _isWaiting;
    private long _restsUntil;

    /// <summary>Starts unless it rests.</summary>
    public void StartUnlessResting()
    {
        if (Volatile.Read(ref _restsUntil) <= broker.Timers.Now)
        {
            Start();
        }
    }

    protected override void DoSlice()
    {
        var paging = broker.Arena.Paging!;
        if (paging.BeginReading() is not { } reader)
        {
            return;
        }

        try
        {
            if (_walk is null)
            {
                (_walk, _isQueueDone, _hasDone) = (AllQueues().GetEnumerator(), true, false);
            }

            Walk(paging);
        }
        finally
        {
            paging.EndReading(reader);
        }

        broker.Memory.Check();
    }

    private void Walk(MessagePaging paging)
    {
        for (int step = 0; step < StepsAtOnce; step++)
        {
            if (paging.HasRoom())
            {
                _walk = null;
                return;
            }

            if (paging.IsSaturated)
            {
                // Faster than the disk takes it would only move it from one place in memory to another.
                if (!_isWaiting)
                {
                    _isWaiting = true;
                    _ = GoOnAsync(paging.WaitForRoomAsync());
                }

                return;
            }

            if (_isQueueDone && !_walk!.MoveNext())
            {
                Volatile.Write(ref _restsUntil, broker.Timers.Now + (_hasDone ? RestMilliseconds : LongRestMilliseconds));
                _walk = null;
                return;
            }

            int done = _walk!.Current.PageOut(MessagesAtOnce);
            broker.Arena.TellThread();
            _hasDone |= done > 0;
            _isQueueDone = done == 0;
        }

        Start();
    }

    private async Task GoOnAsync(Task room)
    {
        await room.ConfigureAwait(false);
        _isWaiting = false;
        Start();
    }

    private IEnumerable<MessageQueue> AllQueues()
    {
        foreach (var virtualHost in broker.VirtualHosts.Topologies)
        {
            foreach (var queue in virtualHost.Queues)
            {
                yield return queue;
            }
        }
    }
}
