namespace AmqpToolkit.Broker.Paging;

/// <summary>
/// Threads for work that waits for the disk: one of the pool would be missing where connections are read. There are none while nothing is to be read. Any thread, under
/// any lock; its own is a leaf.
/// </summary>
internal sealed class ReadingThreads
{
    /// <summary>Threads at most: a disk that does not answer holds no more, and one that does gains little from more.</summary>
    private const int MostThreads = 4;

    /// <summary>How long a thread waits for more before it ends.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    [ThreadStatic]
    private static bool t_isOne;

    private readonly object _gate = new();
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private int _threads;
    private int _idle;

    /// <summary>Whether the thread that asks is one that may wait for the disk.</summary>
    public static bool IsCurrent => t_isOne;

    /// <summary>Has the work done by one of the threads, in its turn.</summary>
    public void Queue(IThreadPoolWorkItem work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            if (_work.Count <= _idle || _threads == MostThreads || !TryStart())
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>One more thread; where the system has none, those that there are come to the work, or the pool.</summary>
    private bool TryStart()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = "reading" }.UnsafeStart();
            _threads++;
            return true;
        }
        catch (OutOfMemoryException)
        {
            if (_threads == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(_work.Dequeue(), preferLocal: false);
            }

            return false;
        }
    }

    private void Run()
    {
        t_isOne = true;
        while (Take() is { } work)
        {
            work.Execute();
        }
    }

    private IThreadPoolWorkItem? Take()
    {
        lock (_gate)
        {
            while (_work.Count == 0)
            {
                _idle++;
                bool wasCalled = Monitor.Wait(_gate, IdleTime);
                _idle--;
                if (!wasCalled && _work.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }

            return _work.Dequeue();
        }
    }
}
