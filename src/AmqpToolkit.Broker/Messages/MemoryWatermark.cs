using AmqpToolkit.Broker.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// Holds publishers back while messages take more memory than they may: readers of publishing connections wait here until
/// consumers have made room. Any thread.
/// </summary>
internal sealed class MemoryWatermark(MessageArena arena, long limitOctets, ILogger logger)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;

    /// <summary>Whether publishers are held back.</summary>
    public bool IsOver => Volatile.Read(ref _room) is not null;

    /// <summary>The limit, in octets.</summary>
    public long LimitOctets => limitOctets;

    /// <summary>Looks at the memory in use: called at the end of each turn.</summary>
    public void Check()
    {
        arena.TellThread();
        long inUse = arena.TakenOctets;
        arena.Paging?.Follow(inUse);
        bool isOver = IsOver;
        if (isOver ? inUse >= limitOctets / 10 * 9 : inUse <= limitOctets)
        {
            return;
        }

        TaskCompletionSource? freed = null;
        lock (_gate)
        {
            if (_room is null && inUse > limitOctets)
            {
                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Log.MemoryHigh(logger, inUse, limitOctets);
            }

            // Who freed memory since the first look saw nobody to wake, so the second look is ours. The lock has a full fence.
            Interlocked.MemoryBarrier();
            inUse = arena.TakenOctets;
            if (_room is not null && inUse < limitOctets / 10 * 9)
            {
                freed = _room;
                _room = null;
                Log.MemoryNormal(logger, inUse);
            }
        }

        freed?.TrySetResult();
    }

    /// <summary>Completes when there is room again.</summary>
    public Task WaitForRoomAsync()
    {
        lock (_gate)
        {
            return _room?.Task ?? Task.CompletedTask;
        }
    }
}
