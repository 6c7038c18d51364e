using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What was read from the disk for one walk: of a run of messages in a row those that it wants, in memory for it alone until it takes them or has passed. The queue keeps all of them where they were, so that
/// what somebody looks at does not fill the memory. Used under the queue's lock.
/// </summary>
internal sealed class WalkReading
{
    private readonly List<Entry> _wanted = [];
    private byte _priority;
    private ulong _first;
    private ulong _end;
    private int _next;

    /// <summary>Whether nothing waits in memory for the walk.</summary>
    public bool IsEmpty => _next >= _wanted.Count;

    /// <summary>Whether a message was read and looked at.</summary>
    /// <param name="priority">Its priority.</param>
    /// <param name="number">Its number in the list.</param>
    /// <param name="message">What the list has of it.</param>
    /// <param name="arena">Where those lie that the walk has passed.</param>
    /// <param name="read">The message if it is wanted; lost if it cannot be had; none if it is not wanted.</param>
    public bool TryFind(byte priority, ulong number, MessageRef message, MessageArena arena, out MessageRef read)
    {
        read = default;
        if (priority != _priority || number < _first || number >= _end)
        {
            return false;
        }

        for (; _next < _wanted.Count && _wanted[_next].Number < number; _next++)
        {
            Release(arena, _wanted[_next].Read);
        }

        if (_next == _wanted.Count || _wanted[_next].Number != number)
        {
            return true;
        }

        read = _wanted[_next].Read;
        if (read.IsLost && _wanted[_next].Message != message)
        {
            // It was in memory meanwhile, and lies elsewhere now.
            _end = number;
            return false;
        }

        return true;
    }

    /// <summary>The message that was found last is the caller's.</summary>
    public void Take() => _next++;

    /// <summary>A run was read.</summary>
    /// <param name="run">The run; what is kept is taken out of it.</param>
    /// <param name="isWanted">For each that was looked at whether it is to be kept.</param>
    /// <param name="arena">Where those lie that were kept before.</param>
    public void Set(PagedRun run, List<bool> isWanted, MessageArena arena)
    {
        Drop(arena);
        var read = run.Messages;
        (_priority, _first, _end) = (run.Priority, run.First, isWanted.Count == 0 ? run.First : run[isWanted.Count - 1].Position + 1);
        for (int index = 0; index < isWanted.Count; index++)
        {
            if (isWanted[index])
            {
                _wanted.Add(new Entry(run[index].Position, run[index].Message, read[index]));
                read[index] = default;
            }
        }
    }

    /// <summary>Gives everything back.</summary>
    public void Drop(MessageArena arena)
    {
        for (; _next < _wanted.Count; _next++)
        {
            Release(arena, _wanted[_next].Read);
        }

        _wanted.Clear();
        (_next, _first, _end) = (0, 0, 0);
    }

    private static void Release(MessageArena arena, MessageRef read)
    {
        if (read.IsInMemory)
        {
            arena.Release(read);
        }
    }

    /// <summary>A message that is wanted, or cannot be had.</summary>
    /// <param name="Number">Its number in the list.</param>
    /// <param name="Message">What the list had of it.</param>
    /// <param name="Read">The message.</param>
    private readonly record struct Entry(ulong Number, MessageRef Message, MessageRef Read);
}
