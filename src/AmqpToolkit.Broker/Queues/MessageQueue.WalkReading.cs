using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>Walks that come to messages on the disk: a run is read for each by itself, looked at without the lock, and what is wanted of it waits in memory for that walk alone.</content>
internal partial class MessageQueue
{
    /// <summary>Steps of looking at a run: some 4 ms. There are few threads that may wait for the disk, and others wait for them.</summary>
    private const int StepsOfRun = 8 * StepsAtOnce;

    /// <summary>Nothing behind a message on the disk is looked at before that was read. Under the lock.</summary>
    private void WaitForDisk(QueueWalk walk)
    {
        walk.IsAtDisk = true;
        if (!walk.WaitsForDisk)
        {
            walk.WaitsForDisk = true;
            _pages!.AddWalk(walk);
        }
    }

    /// <summary>Reads messages for a walk that has come to them. Outside every lock, by the queue's paging alone.</summary>
    private void ReadFor(QueueWalk walk, QueuePaging pages, PageReader reader, Turn turn)
    {
        var run = reader.Run;
        run.Begin(null, 0);
        var told = new List<(bool IsRedelivered, ushort DeliveryCount)>();
        lock (_gate)
        {
            if (walk is { IsBrowsing: true, IsDraining: false } && _arena.Paging!.HoldsReading)
            {
                // Who has waited comes before who has just had his.
                walk = pages.Exchange(walk);
            }

            if (IsThere(walk) && !walk.Consumer.MayWant)
            {
                // It asks again when it may.
                walk.WaitsForDisk = false;
                return;
            }

            if (IsThere(walk) && !walk.IsDraining && !(MayRead(pages) && (!walk.IsBrowsing || TryMakeRoom(walk))))
            {
                pages.Hold(walk);
                return;
            }

            walk.WasHeld = false;

            Collect(walk, run, told);
        }

        Read(pages, reader);
        var isWanted = Judge(walk, run, told, out int lost);
        lock (_gate)
        {
            walk.WaitsForDisk = false;
            if (IsThere(walk))
            {
                if (run.Line is not null && ReferenceEquals(FindLine(run.Priority), run.Line))
                {
                    walk.BeginReading().Set(run, isWanted, _arena);
                }

                Join(walk.Consumer);
                Deliver(turn);
            }
        }

        if (lost > 0)
        {
            Log.MessagesUnreadable(VirtualHost.Timers.Logger, NameText, VirtualHost.Name, lost);
        }

        foreach (var read in run.Messages)
        {
            if (read.IsInMemory)
            {
                _arena.Release(read);
            }
        }
    }

    /// <summary>
    /// Has room for messages that are read for somebody who browses. While memory is short one of a queue's browsers has some: what was read for another that does not take it can be read again, and one that is
    /// about to take his is waited for, as are plain consumers, since with what they take messages leave the memory. Under the lock.
    /// </summary>
    /// <returns>Whether there is.</returns>
    private bool TryMakeRoom(QueueWalk walk)
    {
        if (_arena.Paging is not { HoldsReading: true })
        {
            return true;
        }

        bool isFree = true;
        foreach (var other in _consumers!)
        {
            if (other.IsInRotation && !ReferenceEquals(other, walk.Consumer))
            {
                isFree &= other.Walk is { } beside && beside.Reading is not { IsEmpty: false };
            }
        }

        for (int index = 0; isFree && index < _consumers.Count; index++)
        {
            if (_consumers[index] is { IsInRotation: false, Walk: { IsBrowsing: true } other } && !ReferenceEquals(other, walk))
            {
                other.Reading?.Drop(_arena);
            }
        }

        return isFree;
    }

    private bool IsThere(QueueWalk walk) => !_isDeleted && !walk.Consumer.IsCancelled && ReferenceEquals(walk.Consumer.Walk, walk);

    private void Collect(QueueWalk walk, PagedRun run, List<(bool IsRedelivered, ushort DeliveryCount)> told)
    {
        int budget = StepsAtOnce;
        for (int priority = _more?.HighestPriority ?? 0; priority >= 0 && IsThere(walk); priority--)
        {
            ref var cursor = ref walk.CursorOf((byte)priority);
            if (FindLine((byte)priority) is { } line && line.TrySeek(ref cursor, ref budget, out var message) && message.IsPagedOut)
            {
                run.Begin(line, (byte)priority, _arena.Paging!.OctetsAtOnce, walk.MostRead);
                line.Collect(run, in cursor);
                var at = cursor;
                for (int index = 0; index < run.Count; index++)
                {
                    at.Number = run[index].Position;
                    line.Tell(in at, out bool isRedelivered, out ushort deliveryCount, out _);
                    told.Add((isRedelivered, deliveryCount));
                }

                return;
            }
        }
    }

    /// <summary>Which of the messages that were read a walk wants, as far as that may take; those that cannot be had are to be told from what it does not want.</summary>
    private List<bool> Judge(QueueWalk walk, PagedRun run, List<(bool IsRedelivered, ushort DeliveryCount)> told, out int lost)
    {
        var read = run.Messages;
        var isWanted = new List<bool>(read.Length);
        lost = 0;
        int steps = StepsOfRun;
        for (int index = 0; index < read.Length && steps > 0; index++)
        {
            lost += read[index].IsLost ? 1 : 0;
            isWanted.Add(read[index].IsLost || walk.Wants(_arena.Read(read[index]), told[index].IsRedelivered, told[index].DeliveryCount, ref steps));
        }

        // What was read and not looked at is read once more.
        walk.MostRead = isWanted.Count < read.Length ? isWanted.Count : Math.Min(walk.MostRead + (walk.MostRead / 8) + 1, PagedRun.MaxMessages);

        return isWanted;
    }

    /// <summary>Takes the message at hand, which was read for the walk.</summary>
    private QueuedMessage TakeRead(QueueWalk walk, MessageLine line, byte priority)
    {
        var read = walk.Current;
        walk.Reading!.Take();
        int budget = 1;
        ref var cursor = ref walk.CursorOf(priority);
        line.TrySeek(ref cursor, ref budget, out var present);
        var taken = TakeOut(line, priority, in cursor, present);

        // Only memory has it from now on.
        _arena.Paging!.Forget(present);
        return taken with { Message = read };
    }
}
