using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// Holds publishers back while the volume of the broker's folder has less room than it should. It looks again when the room could have been used up, so the
/// more often the less there is. Any thread.
/// </summary>
internal sealed class DiskWatermark(AmqpBroker broker, BrokerStore store, long limitOctets) : BackgroundWork(broker.Timers), IDeadline
{
    /// <summary>Octets that a fast disk takes in a millisecond.</summary>
    private const long OctetsPerMillisecond = 2_000_000;

    private const long LeastMilliseconds = 250;
    private const long MostMilliseconds = 10_000;

    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private TimerWheel.Entry? _entry;

    /// <summary>Whether publishers are held back.</summary>
    public bool IsLow => Volatile.Read(ref _room) is not null;

    /// <summary>Looks for the first time, and from then on.</summary>
    public void Begin() => DoSlice();

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return -1;
    }

    /// <summary>Completes when there is room again.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _room?.Task ?? Task.CompletedTask;
        }
    }

    protected override void DoSlice()
    {
        // The system may not tell: a full disk is met when it is written to.
        long free = long.MaxValue;
        try
        {
            free = store.Journal.FreeOctets;
            Follow(free);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Follow(free);
        }
        finally
        {
            // Whatever happens: publishers that are held back wait for the next look.
            long wait = IsLow ? LeastMilliseconds : Math.Clamp((free - limitOctets) / OctetsPerMillisecond, LeastMilliseconds, MostMilliseconds);
            _entry = broker.Timers.Schedule(this, broker.Timers.Now + wait, _entry);
        }
    }

    private void Follow(long freeOctets)
    {
        TaskCompletionSource? freed = null;
        lock (_gate)
        {
            if (_room is not null && freeOctets >= limitOctets + (limitOctets / 20))
            {
                (freed, _room) = (_room, null);
            }
            else if (_room is null && freeOctets < limitOctets)
            {
                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Log.DiskLow(broker.Logger, freeOctets, limitOctets);
            }
        }

        if (freed is not null)
        {
            Log.DiskNormal(broker.Logger, freeOctets);
            freed.TrySetResult();
        }
    }
}
