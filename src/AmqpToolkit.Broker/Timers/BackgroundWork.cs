using AmqpToolkit.Broker.Diagnostics;

namespace AmqpToolkit.Broker.Timers;

/// <summary>
/// Work that a timer, or whoever holds a lock, leaves to a thread of the pool, a slice at a time, so that others get their turn between. One thread
/// does it at a time; who starts it meanwhile has it done once more. Any thread, under any lock.
/// </summary>
/// <remarks>
/// With a clock that is not the system's, what a timer starts is done before the timer's callback returns: all that a moment causes has happened
/// before the clock goes on to the next.
/// </remarks>
internal abstract class BackgroundWork(TimerWheel timers) : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Asked = 2;

    private int _state;

    /// <summary>Has the work done on another thread, soon.</summary>
    public void Start()
    {
        if (Interlocked.Exchange(ref _state, Asked) == Idle)
        {
            Post();
        }
    }

    /// <summary>The same, from a callback of the wheel.</summary>
    public void StartByTimer()
    {
        if (timers.IsOnSystemClock)
        {
            Start();
        }
        else if (Interlocked.Exchange(ref _state, Asked) == Idle)
        {
            Execute();
        }
    }

    /// <inheritdoc/>
    public void Execute()
    {
        while (true)
        {
            Volatile.Write(ref _state, Running);
            try
            {
                DoSlice();
            }
#pragma warning disable CA1031 // Whoever's defect it is: the pool's thread must go on.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Log.Defect(timers.Logger, exception, "background work");
            }

            if (Interlocked.CompareExchange(ref _state, Idle, Running) == Running)
            {
                return;
            }

            if (timers.IsOnSystemClock)
            {
                Post();
                return;
            }
        }
    }

    /// <summary>Has another thread call <see cref="Execute"/>: one of the pool, unless the work is to wait for the disk.</summary>
    protected virtual void Post() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>Does a bounded part of the work, outside every lock; calls <see cref="Start"/> when some is left.</summary>
    protected abstract void DoSlice();
}
