using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Messages;

/// <summary>Gives memory back some time after a backlog is gone. Called by the broker's timer.</summary>
internal sealed class ArenaTrimmer(MessageArena arena, bool collects) : IDeadline
{
    /// <summary>How often it looks, in milliseconds.</summary>
    public const long IntervalMilliseconds = 5000;

    /// <summary>Free memory that is kept in any case, in octets.</summary>
    private const long KeptOctets = 32L * 1024 * 1024;

    private long _lastInUse;

    public long HandleDeadline(long now)
    {
        long inUse = arena.InUseOctets;
        long free = arena.ReservedOctets - inUse;

        // Only when it is calm and more than half lies idle: a walk over the free slots disturbs who uses them.
        if (free > KeptOctets && free > inUse && Math.Abs(inUse - _lastInUse) < KeptOctets && arena.Trim() > KeptOctets && collects)
        {
            // What is left is small, and only this mode hands the memory back to the system.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        _lastInUse = inUse;
        return now + IntervalMilliseconds;
    }
}
