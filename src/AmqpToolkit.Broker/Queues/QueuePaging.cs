using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Reads messages of a queue back before they are asked for, a run at a time, on a thread of the pool. There while the queue has messages that are
/// not in memory.
/// </summary>
internal sealed class QueuePaging(MessageQueue queue) : BackgroundWork(queue.VirtualHost.Timers)
{
    private TaskCompletionSource? _read;

    private List<Consumer>? _draining;

    /// <summary>A consumer wants what there is and to hear when that was all, and the next message is not in memory. Under the queue's lock.</summary>
    public void AddDraining(Consumer consumer)
    {
        (_draining ??= []).Add(consumer);
        Start();
    }

    /// <summary>Who wants to hear when messages are in memory. Under the queue's lock.</summary>
    public List<Consumer>? TakeDraining()
    {
        var draining = _draining;
        _draining = null;
        return draining;
    }

    /// <summary>Completes when the next run is there. Under the queue's lock.</summary>
    public Task WaitAsync()
    {
        _read ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Start();
        return _read.Task;
    }

    /// <summary>Whoever waits may look again. Under the queue's lock.</summary>
    public void EndWait()
    {
        _read?.TrySetResult();
        _read = null;
    }

    protected override void DoSlice()
    {
        var turn = new Turn { MayRead = true };
        try
        {
            queue.ReadBack(this, turn);
        }
        finally
        {
            turn.End();
        }

        queue.VirtualHost.Arena.TellThread();
        queue.VirtualHost.Arena.Watermark?.Check();
    }
}
