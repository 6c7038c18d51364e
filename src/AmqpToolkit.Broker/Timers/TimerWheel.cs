using System.Numerics;
using AmqpToolkit.Broker.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Timers;

/// <summary>
/// The broker's one timer: whoever waits for a time stands on this wheel, and the clock is asked to ring for the nearest. Any thread; callbacks
/// run one after the other, on the thread that the clock rings on, outside the lock. To set, to move and to cancel costs the same however many
/// stand there, what is cancelled leaves nothing, and without entries nothing runs.
/// </summary>
/// <remarks>
/// A hierarchy of wheels of 64 slots each: a slot of the first is a millisecond, one of the next 64 of them, and so on. An entry lies in the
/// wheel of the highest digit (base 64) in which its time differs from the current one, and moves down as that digit is reached.
/// <code>
///   time = ... | digit 2 | digit 1 | digit 0 |      level 0: 64 slots of 1 ms
///               6 bits    6 bits    6 bits          level 1: 64 slots of 64 ms
///                                                   level 2: 64 slots of 4 s ...
/// </code>
/// </remarks>
internal sealed class TimerWheel : IDisposable
{
    /// <summary>Bits of a digit of the time.</summary>
    private const int DigitBits = 6;

    private const int Slots = 1 << DigitBits;

    /// <summary>Digits of the longest time, some 139 years; what lies beyond waits for its end and is put back.</summary>
    private const int Levels = 7;

    private const long LongestMilliseconds = (1L << (Levels * DigitBits)) - 1;

    /// <summary>The longest time that a clock's timer takes at once.</summary>
    private const long LongestRingMilliseconds = int.MaxValue;

    private readonly Lock _gate = new();
    private readonly Entry?[] _slots = new Entry?[Levels * Slots];
    private readonly ulong[] _used = new ulong[Levels];
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly long _startedAt;
    private readonly ITimer _timer;
    private long _current;
    private long _armedFor = long.MaxValue;
    private bool _isRinging;
    private bool _isDisposed;

    public TimerWheel(TimeProvider timeProvider, ILogger logger)
    {
        _logger = logger;
        _timeProvider = timeProvider;
        _startedAt = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateTimer(static wheel => ((TimerWheel)wheel!).Ring(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => _timeProvider;

    /// <summary>Whether the clock is the system's; another may be moved by hand.</summary>
    public bool IsOnSystemClock => ReferenceEquals(_timeProvider, TimeProvider.System);

    /// <summary>Where defects of callbacks are told.</summary>
    internal ILogger Logger => _logger;

    /// <summary>Milliseconds since the wheel was made; they only rise.</summary>
    public long Now => (long)_timeProvider.GetElapsedTime(_startedAt).TotalMilliseconds;

    /// <summary>How many entries stand on the wheel.</summary>
    public int Count { get; private set; }

    /// <summary>Calls <paramref name="deadline"/> at <paramref name="due"/>, or at once when that has passed.</summary>
    /// <param name="deadline">Who is called.</param>
    /// <param name="due">Milliseconds of <see cref="Now"/>.</param>
    /// <param name="replaced">An entry of the same deadline that is moved to the new time, wherever it stands; null to make one.</param>
    /// <returns>The entry: <paramref name="replaced"/> if there was one.</returns>
    public Entry Schedule(IDeadline deadline, long due, Entry? replaced = null)
    {
        var entry = replaced ?? new Entry(this, deadline);
        lock (_gate)
        {
            entry.Version++;
            if (_isDisposed)
            {
                return entry;
            }

            if (entry.Slot >= 0)
            {
                Unlink(entry);
            }

            if (Count == 0 && !_isRinging)
            {
                // Nobody looked while the wheel was empty.
                _current = Now;
            }

            entry.Due = due;
            Link(entry);
            Arm();
        }

        return entry;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Array.Clear(_slots);
            Array.Clear(_used);
            Count = 0;
        }

        _timer.Dispose();
    }

    private void Cancel(Entry entry)
    {
        lock (_gate)
        {
            entry.Version++;
            if (entry.Slot >= 0 && !_isDisposed)
            {
                Unlink(entry);
            }
        }
    }

    private void Ring()
    {
        lock (_gate)
        {
            if (_isRinging)
            {
                // A clock may ring on two threads; one of them works, and looks again before it goes.
                return;
            }

            _isRinging = true;
            _armedFor = long.MaxValue;
        }

        while (TakeDue() is var (entry, version))
        {
            long next = Call(entry.Deadline);
            lock (_gate)
            {
                // Who was moved or cancelled meanwhile has said so himself.
                if (next >= 0 && entry.Version == version && !_isDisposed)
                {
                    entry.Due = next;
                    Link(entry);
                }
            }
        }
    }

    private long Call(IDeadline deadline)
    {
        try
        {
            return deadline.HandleDeadline(Now);
        }
#pragma warning disable CA1031 // Whoever's defect it is: the others' times must come.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Defect(_logger, exception, "timer");
            return -1;
        }
    }

    /// <summary>The next entry whose time has come; null, with the clock set, when there is none.</summary>
    private (Entry Entry, int Version)? TakeDue()
    {
        lock (_gate)
        {
            long now = Now;
            while (!_isDisposed && TryFindFirst(out int slot, out long start) && start <= now)
            {
                _current = Math.Max(_current, start);
                if (slot < Slots)
                {
                    var entry = _slots[slot]!;
                    Unlink(entry);
                    return (entry, entry.Version);
                }

                MoveDown(slot);
            }

            if (Count > 0)
            {
                // All that is left lies behind this time, so it lies where it lay.
                _current = Math.Max(_current, now);
            }

            _isRinging = false;
            Arm();
            return null;
        }
    }

    /// <summary>The digit of a higher wheel is reached: what lies there differs from the time in lower digits only.</summary>
    private void MoveDown(int slot)
    {
        while (_slots[slot] is { } entry)
        {
            Unlink(entry);
            Link(entry);
        }
    }

    /// <summary>The first slot with entries, and the time at which it begins.</summary>
    private bool TryFindFirst(out int slot, out long start)
    {
        for (int level = 0; level < Levels; level++)
        {
            if (_used[level] == 0)
            {
                continue;
            }

            // All entries of a level lie ahead of the current digit, within one turn of the next higher one.
            int digit = BitOperations.TrailingZeroCount(_used[level]);
            slot = (level * Slots) + digit;
            long turn = _current >> ((level + 1) * DigitBits) << ((level + 1) * DigitBits);
            start = turn + ((long)digit << (level * DigitBits));
            return true;
        }

        slot = -1;
        start = long.MaxValue;
        return false;
    }

    private void Link(Entry entry)
    {
        // What is late is due now; what is too far away is looked at again on the way.
        long due = Math.Clamp(entry.Due, _current, _current | LongestMilliseconds);
        int level = due == _current ? 0 : BitOperations.Log2((ulong)(due ^ _current)) / DigitBits;
        int digit = (int)(due >> (level * DigitBits)) & (Slots - 1);
        int slot = (level * Slots) + digit;
        ref var first = ref _slots[slot];
        if (first is null)
        {
            first = entry.Next = entry.Previous = entry;
            _used[level] |= 1UL << digit;
        }
        else
        {
            // At the end of the ring, so that those of one time are called in the order in which they asked.
            entry.Next = first;
            entry.Previous = first.Previous;
            first.Previous!.Next = entry;
            first.Previous = entry;
        }

        entry.Slot = slot;
        Count++;
    }

    private void Unlink(Entry entry)
    {
        int slot = entry.Slot;
        if (ReferenceEquals(entry.Next, entry))
        {
            _slots[slot] = null;
            _used[slot / Slots] &= ~(1UL << (slot % Slots));
        }
        else
        {
            entry.Next!.Previous = entry.Previous;
            entry.Previous!.Next = entry.Next;
            if (ReferenceEquals(_slots[slot], entry))
            {
                _slots[slot] = entry.Next;
            }
        }

        entry.Next = entry.Previous = null;
        entry.Slot = -1;
        Count--;
    }

    /// <summary>Asks the clock to ring for the first slot, unless it will ring before.</summary>
    private void Arm()
    {
        if (_isDisposed || _isRinging || !TryFindFirst(out _, out long start) || start >= _armedFor)
        {
            return;
        }

        long wait = Math.Clamp(start - Now, 0, LongestRingMilliseconds);
        _armedFor = wait == LongestRingMilliseconds ? long.MaxValue : start;
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    /// <summary>One wish to be called: whoever made it moves it with <see cref="Schedule"/>, or cancels it.</summary>
    internal sealed class Entry(TimerWheel wheel, IDeadline deadline)
    {
        /// <summary>Advanced with each wish of the owner, so that a callback on its way does not undo it.</summary>
        internal int Version { get; set; }

        internal IDeadline Deadline => deadline;

        internal long Due { get; set; }

        internal int Slot { get; set; } = -1;

        internal Entry? Next { get; set; }

        internal Entry? Previous { get; set; }

        /// <summary>Takes the wish off the wheel. A call that has begun goes on; it is not called again.</summary>
        public void Cancel() => wheel.Cancel(this);
    }
}
