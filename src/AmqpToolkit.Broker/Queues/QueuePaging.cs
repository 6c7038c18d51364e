using System.Collections.Concurrent;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Reads messages of a queue back before they are asked for, a run at a time, on a thread that may wait for the disk. There while the queue has messages that are
/// not in memory.
/// </summary>
internal sealed class QueuePaging(MessageQueue queue) : BackgroundWork(queue.VirtualHost.Timers), IDeadline
{
    /// <summary>How long nothing is read after the disk did not answer, in milliseconds.</summary>
    internal const long FailureMilliseconds = 1000;

    /// <summary>After how long it is looked again whether there is memory, in milliseconds.</summary>
    private const long LookMilliseconds = 50;

    private TimerWheel.Entry? _entry;
    private bool _hasFailed;
    private long _restsUntil;

    /// <summary>When the timer rings; 0 when it has.</summary>
    private long _ringsAt;

    /// <summary>Whether a run is being read. Under the queue's lock.</summary>
    public bool IsAtWork { get; set; }

    /// <summary>Whether somebody waits for the next run. Under the queue's lock.</summary>
    public bool HasWaiter => _read is not null || _draining is not null;

    /// <summary>Whether nothing is to be read now: the disk did not answer a moment ago.</summary>
    public bool IsResting => Volatile.Read(ref _restsUntil) > queue.VirtualHost.Timers.Now;

    /// <summary>Looks again in a moment. Any thread.</summary>
    public void StartLater()
    {
        // A timer that is set is not put off, nor is a disk asked before it has rested.
        if (Volatile.Read(ref _ringsAt) <= queue.VirtualHost.Timers.Now)
        {
            Schedule(LookMilliseconds);
        }
    }

    /// <summary>The disk has answered: should it fail again, that is told.</summary>
    public void NoteAnswer() => _hasFailed = false;

    /// <summary>The disk did not answer: nothing is read for a while.</summary>
    /// <returns>Whether it is the first time since it did.</returns>
    public bool RestAfterFailure()
    {
        bool isFirst = !_hasFailed;
        _hasFailed = true;
        Volatile.Write(ref _restsUntil, queue.VirtualHost.Timers.Now + FailureMilliseconds);
        Schedule(FailureMilliseconds);
        return isFirst;
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        Volatile.Write(ref _ringsAt, 0);
        for (bool isOne = false; !isOne && _held.TryDequeue(out var walk);)
        {
            // While memory is short one comes after the other.
            isOne = queue.VirtualHost.Arena.Paging!.HoldsReading;
            _walks.Enqueue(walk);
        }

        StartByTimer();
        if (!_held.IsEmpty)
        {
            StartLater();
        }

        return -1;
    }

    private void Schedule(long milliseconds)
    {
        long at = queue.VirtualHost.Timers.Now + milliseconds;
        Volatile.Write(ref _ringsAt, at);
        _entry = queue.VirtualHost.Timers.Schedule(this, at, _entry);
    }

    private TaskCompletionSource? _read;

    private List<Consumer>? _draining;

    /// <summary>Consumers whose walks wait for the disk; each is out of the rotation until it was read for.</summary>
    private readonly ConcurrentQueue<QueueWalk> _walks = new();

    /// <summary>A consumer wants what there is and to hear when that was all, and the next message is not in memory. Under the queue's lock.</summary>
    public void AddDraining(Consumer consumer)
    {
        (_draining ??= []).Add(consumer);
        Start();
    }

    /// <summary>Those for which nothing is read as long as memory is so short.</summary>
    private readonly ConcurrentQueue<QueueWalk> _held = new();

    /// <summary>Whether somebody's walk has come to messages on the disk.</summary>
    public bool HasWalks => !_walks.IsEmpty || !_held.IsEmpty;

    /// <summary>Whether something is to be read for one of them now.</summary>
    public bool HasWalksToRead => !_walks.IsEmpty;

    /// <summary>A walk has come to messages on the disk. Under the queue's lock.</summary>
    public void AddWalk(QueueWalk walk)
    {
        _walks.Enqueue(walk);
        Start();
    }

    /// <summary>A walk waits until it is looked again whether there is memory. Under the queue's lock.</summary>
    public void Hold(QueueWalk walk)
    {
        walk.WasHeld = true;
        _held.Enqueue(walk);
        StartLater();
    }

    /// <summary>A walk that has just had its turn leaves it to the first that waits, and waits behind the last. Under the queue's lock.</summary>
    /// <returns>Whose turn it is.</returns>
    public QueueWalk Exchange(QueueWalk walk)
    {
        if (walk.WasHeld || !_held.TryDequeue(out var first))
        {
            return walk;
        }

        Hold(walk);
        return first;
    }

    /// <summary>The next walk that waits, if the disk answers.</summary>
    public QueueWalk? TakeWalk()
    {
        if (IsResting || !_walks.TryDequeue(out var walk))
        {
            return null;
        }

        if (HasWalksToRead)
        {
            Start();
        }

        return walk;
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

    protected override void Post() => queue.VirtualHost.Arena.Paging!.Threads.Queue(this);

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
