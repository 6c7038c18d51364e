using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What a queue holds that does more than keep messages: its settings, messages with a priority, messages that died, times. A plain queue has
/// none. Used under the queue's lock.
/// </summary>
internal sealed class QueueExtension(QueueSettings settings)
{
    private MessageLine?[]? _levels;
    private UInt128 _usedLow;
    private UInt128 _usedHigh;
    private TaskCompletionSource? _moves;
    private List<ulong>? _returned;
    private ulong _lowestReturned = ulong.MaxValue;

    public QueueSettings Settings { get; set; } = settings;

    /// <summary>The time of what is being done, in milliseconds of the wheel.</summary>
    public long Now { get; set; }

    /// <summary>Messages with a priority above 0.</summary>
    public int HigherCount { get; private set; }

    /// <summary>Octets of bodies of ready messages, as far as they are counted: only where they are limited.</summary>
    public long ReadyOctets { get; set; }

    /// <summary>Whether octets of bodies are counted when messages come and go.</summary>
    public bool CountsOctets { get; set; }

    /// <summary>Whether messages that came before octets were counted are to be counted still.</summary>
    public bool IsCounting { get; set; }

    /// <summary>Messages that the operation at hand may still drop or count: nobody holds the lock for longer.</summary>
    public int Budget { get; set; }

    /// <summary>Does what is left, on another thread.</summary>
    public QueueSweep? Sweep { get; set; }

    /// <summary>Whether the sweep waits for what died to be moved.</summary>
    public bool IsSweepDue { get; set; }

    /// <summary>The ways of consumers that do not take messages in turn; null for none.</summary>
    public List<QueueWalk>? Walks { get; set; }

    /// <summary>Steps that walks may still take in the operation at hand.</summary>
    public int Steps { get; set; }

    /// <summary>Whether the sweep goes on for walks that are behind.</summary>
    public bool IsLookingOn { get; set; }

    /// <summary>How many messages are kept from walks, one by one.</summary>
    public int ExcludedCount { get; set; }

    /// <summary>A message came back of which walks are to be told.</summary>
    public void AddReturned(ulong place)
    {
        _lowestReturned = Math.Min(_lowestReturned, place);
        if ((_returned ??= []).Count <= QueueWalk.MostReturned)
        {
            _returned.Add(place);
        }
    }

    /// <summary>What came back since this was asked last.</summary>
    /// <param name="places">The places; null when they are too many to name.</param>
    /// <param name="lowest">The first of them.</param>
    /// <returns>Whether anything did.</returns>
    public bool TakeReturned(out List<ulong>? places, out ulong lowest)
    {
        (places, lowest) = (_returned, _lowestReturned);
        (_returned, _lowestReturned) = (null, ulong.MaxValue);
        if (places is null)
        {
            return false;
        }

        places = places.Count > QueueWalk.MostReturned ? null : places;
        return true;
    }

    /// <summary>Whether nothing is there but settings.</summary>
    public bool IsEmpty => HigherCount == 0 && Dying is null && !IsMoving && Walks is null;

    /// <summary>The highest priority of a ready message; 0 when none has one.</summary>
    public byte HighestPriority =>
        _usedHigh != 0 ? (byte)(128 + (int)UInt128.Log2(_usedHigh)) : _usedLow != 0 ? (byte)(int)UInt128.Log2(_usedLow) : (byte)0;

    /// <summary>Takes of a queue whose two levels share their turns, modulo three: every third is the lower level's.</summary>
    public int Takes { get; set; }

    /// <summary>Messages that died and were not moved yet, in order.</summary>
    public List<DeadLetter>? Dying { get; set; }

    /// <summary>Whether some of them are on the disk alone.</summary>
    public bool HasDyingPagedOut { get; set; }

    /// <summary>When they are asked for again after the disk did not answer; 0 while it does.</summary>
    public long MovesRestUntil { get; set; }

    /// <summary>The turn whose transaction is at work in the queue; null outside of one.</summary>
    public Turn? Transaction { get; set; }

    /// <summary>Whether somebody moves dead messages: one does it at a time, so that they keep their order.</summary>
    public bool IsMoving { get; set; }

    /// <summary>Calls when the oldest message's time is over.</summary>
    public TimerWheel.Entry? ExpiryEntry { get; set; }

    /// <summary>When it calls.</summary>
    public long ExpiryArmedFor { get; set; } = QueuedMessage.Never;

    /// <summary>Calls when the queue was not used for its time.</summary>
    public TimerWheel.Entry? DisuseEntry { get; set; }

    /// <summary>When the queue was used last, beside by consumers.</summary>
    public long LastUsed { get; set; }

    /// <summary>The consumer that gets everything, where there is to be one.</summary>
    public Consumer? ActiveConsumer { get; set; }

    /// <summary>Whether the active consumer gets nothing more, because one of a higher priority is to take its place.</summary>
    public bool IsActiveLeaving { get; set; }

    /// <summary>Whether so much waits to be moved that nothing more may die without need.</summary>
    public bool IsMovingBehind => Dying is { Count: >= MessageQueue.DropsAtOnce };

    /// <summary>Completes when somebody has taken up what waits to be moved.</summary>
    public Task WaitForMovesAsync() => (_moves ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Who waits for moves may look again.</summary>
    public void EndWaitForMoves()
    {
        _moves?.TrySetResult();
        _moves = null;
    }

    /// <summary>A message died.</summary>
    public void AddDying(DeadLetter letter) => (Dying ??= []).Add(letter);

    /// <summary>The messages of a priority above 0; null when there never was one.</summary>
    public MessageLine? LevelOf(byte priority) => _levels is { } levels && priority < levels.Length ? levels[priority] : null;

    /// <summary>Messages of a priority above 0 may come; one that was kept may have a priority that the settings no longer know.</summary>
    public MessageLine AddLevel(byte priority, MessageLine line)
    {
        if (_levels is null || priority >= _levels.Length)
        {
            Array.Resize(ref _levels, Math.Max(priority, Settings.MaxPriority) + 1);
        }

        return _levels[priority] = line;
    }

    /// <summary>A message was added to the level, or returned.</summary>
    public void CountAdded(byte priority)
    {
        HigherCount++;
        (priority < 128 ? ref _usedLow : ref _usedHigh) |= UInt128.One << (priority & 127);
    }

    /// <summary>A message was taken from the level.</summary>
    public void CountTaken(byte priority)
    {
        HigherCount--;
        if (!_levels![priority]!.HasMessage)
        {
            (priority < 128 ? ref _usedLow : ref _usedHigh) &= ~(UInt128.One << (priority & 127));
        }
    }

    /// <summary>The messages with a priority above 0, by their priorities.</summary>
    public ReadOnlySpan<MessageLine?> Levels => _levels;

    /// <summary>Takes the messages with a priority above 0 out, all of them. Places go on rising here.</summary>
    public MessageLine?[]? TakeLevels()
    {
        var levels = _levels is null ? null : Array.ConvertAll(_levels, level => level?.TakeAll());
        _usedLow = _usedHigh = 0;
        HigherCount = 0;
        return levels;
    }

    /// <summary>No time is waited for any more.</summary>
    public void CancelTimes()
    {
        ExpiryEntry?.Cancel();
        DisuseEntry?.Cancel();
    }
}
