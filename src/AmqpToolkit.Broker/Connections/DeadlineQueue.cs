namespace AmqpToolkit.Broker.Connections;

/// <summary>Something that wants to be called at a time.</summary>
internal interface IDeadline
{
    /// <summary>The time has come.</summary>
    /// <param name="now">Milliseconds of the queue's clock.</param>
    /// <returns>When to call next, in the same milliseconds; -1 for never.</returns>
    long HandleDeadline(long now);
}

/// <summary>
/// The broker's one timer: whoever waits for a time stands here, and the clock is asked to ring for the nearest. Any thread; callbacks run one
/// after the other on the timer's thread and outside the lock.
/// </summary>
internal sealed class DeadlineQueue : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Entry, long> _entries = new();
    private readonly TimeProvider _timeProvider;
    private readonly long _startedAt;
    private readonly ITimer _timer;
    private long _armedFor = long.MaxValue;
    private bool _isDisposed;

    public DeadlineQueue(TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _startedAt = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateTimer(static queue => ((DeadlineQueue)queue!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Milliseconds since the queue was made; they only rise.</summary>
    public long Now => (long)_timeProvider.GetElapsedTime(_startedAt).TotalMilliseconds;

    /// <summary>How many wishes stand.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Calls <paramref name="deadline"/> at <paramref name="due"/>; an earlier wish that is returned by this token is void.</summary>
    public Entry Schedule(IDeadline deadline, long due, Entry? replaced = null)
    {
        var entry = new Entry(deadline);
        lock (_gate)
        {
            replaced?.Cancel();
            _entries.Enqueue(entry, due);
            Arm();
        }

        return entry;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            _entries.Clear();
        }

        _timer.Dispose();
    }

    private void Ring()
    {
        while (true)
        {
            Entry entry;
            lock (_gate)
            {
                _armedFor = long.MaxValue;
                if (_isDisposed || !_entries.TryPeek(out entry!, out long due) || due > Now)
                {
                    Arm();
                    return;
                }

                _entries.Dequeue();
            }

            if (entry.Take() is not { } deadline)
            {
                continue;
            }

            long next = deadline.HandleDeadline(Now);
            if (next >= 0)
            {
                lock (_gate)
                {
                    if (entry.TryRenew(deadline))
                    {
                        _entries.Enqueue(entry, next);
                    }
                }
            }
        }
    }

    private void Arm()
    {
        if (_isDisposed || !_entries.TryPeek(out _, out long due) || due >= _armedFor)
        {
            return;
        }

        _armedFor = due;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, due - Now)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>One wish to be called.</summary>
    internal sealed class Entry(IDeadline deadline)
    {
        private IDeadline? _deadline = deadline;
        private bool _isCancelled;

        /// <summary>Makes the wish void. A call that has begun goes on.</summary>
        public void Cancel()
        {
            _isCancelled = true;
            _deadline = null;
        }

        internal IDeadline? Take() => Interlocked.Exchange(ref _deadline, null);

        internal bool TryRenew(IDeadline deadline)
        {
            if (_isCancelled)
            {
                return false;
            }

            _deadline = deadline;
            return true;
        }
    }
}
