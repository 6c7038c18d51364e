namespace AmqpToolkit.Broker.Testing;

/// <summary>
/// A clock that stands still until a test moves it. It goes from deadline to deadline: each timer rings at its own time, on the thread that moves the clock, and what it causes there has
/// happened before the clock goes on. A timer that is set to no time at all rings at the next <see cref="Advance"/>, if only by zero; one whose callback throws ends the advance there. Any thread; one at a time moves it.
/// </summary>
/// <param name="start">What the clock shows first; null for the first of January 2030, midnight UTC.</param>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    private readonly DateTimeOffset _start = start ?? new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Lock _gate = new();
    private readonly Lock _moving = new();
    private readonly PriorityQueue<(Timer Timer, int Version), (long Due, long Order)> _deadlines = new();
    private long _elapsedTicks;
    private long _order;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>What was advanced in all.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <summary>How long it is to the next deadline; null when nobody waits for a time.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            lock (_gate)
            {
                return TryPeek(out long due) ? TimeSpan.FromTicks(Math.Max(0, due - _elapsedTicks)) : null;
            }
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _elapsedTicks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(GetTimestamp());

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on, from deadline to deadline.</summary>
    /// <param name="time">By how much.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        lock (_moving)
        {
            long end = checked(_elapsedTicks + time.Ticks);
            while (TryTakeDue(end) is { } timer)
            {
                timer.Ring();
            }
        }
    }

    /// <summary>Moves the clock to the next deadline, and lets it ring.</summary>
    /// <returns>False when nobody waits for a time: the clock stays.</returns>
    public bool AdvanceToNextDeadline()
    {
        lock (_moving)
        {
            if (NextDeadline is not { } wait)
            {
                return false;
            }

            Advance(wait);
            return true;
        }
    }

    /// <summary>Moves the clock to the next deadline up to an end, or to the end.</summary>
    private Timer? TryTakeDue(long end)
    {
        lock (_gate)
        {
            if (!TryPeek(out long due) || due > end)
            {
                // A callback may have moved it further.
                Volatile.Write(ref _elapsedTicks, Math.Max(_elapsedTicks, end));
                return null;
            }

            Volatile.Write(ref _elapsedTicks, Math.Max(_elapsedTicks, due));
            var (timer, _) = _deadlines.Dequeue();
            if (timer.Period > 0)
            {
                Add(timer, due + timer.Period);
            }

            return timer;
        }
    }

    /// <summary>The next deadline; what was set anew meanwhile is passed over. Under the gate.</summary>
    private bool TryPeek(out long due)
    {
        while (_deadlines.TryPeek(out var deadline, out var priority))
        {
            if (deadline.Version == deadline.Timer.Version)
            {
                due = priority.Due;
                return true;
            }

            _deadlines.Dequeue();
        }

        due = long.MaxValue;
        return false;
    }

    /// <summary>Under the gate.</summary>
    private void Add(Timer timer, long due) => _deadlines.Enqueue((timer, timer.Version), (due, _order++));

    private sealed class Timer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private bool _isDisposed;

        /// <summary>Advanced when the timer is set anew: older deadlines of it count no more. Under the clock's gate.</summary>
        public int Version { get; private set; }

        /// <summary>Ticks from ring to ring; 0 for one ring. Under the clock's gate.</summary>
        public long Period { get; private set; }

        public void Ring() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, TimeSpan.Zero);
            }

            lock (clock._gate)
            {
                if (_isDisposed)
                {
                    return false;
                }

                Version++;
                Period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    clock.Add(this, clock._elapsedTicks + dueTime.Ticks);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                _isDisposed = true;
                Version++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
