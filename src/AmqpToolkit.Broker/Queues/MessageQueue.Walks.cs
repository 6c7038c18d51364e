using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// Consumers that do not take messages in turn: those with a selector, those who browse, and those to whom some message must not go again. Each has a <see cref="QueueWalk"/>. A queue with one of
/// them hands out by looking whose turn it is for each message; one without has no extension on their account, and does not know of them.
/// </content>
internal partial class MessageQueue
{
    /// <summary>Messages that walks look at under one taking of the lock at most: some 0.5 ms for selectors as they are.</summary>
    private const int LooksAtOnce = 4096;

    /// <summary>Keeps a message that is about to come back from the consumer who gives it back.</summary>
    /// <returns>False when that cannot be: then nobody should get it.</returns>
    public bool TryExclude(Consumer consumer, in QueuedMessage message)
    {
        lock (_gate)
        {
            if (_isDeleted || consumer.IsCancelled)
            {
                return true;
            }

            if (consumer.Walk is null)
            {
                consumer.Walk = new QueueWalk(this, consumer);
                BeginWalk(consumer.Walk);
            }

            return consumer.Walk.TryExclude(in message);
        }
    }

    /// <summary>Whether a message that came back waits. Under the lock.</summary>
    internal bool IsReturned(ulong place)
    {
        var (priority, position) = QueueWalk.Split(place);
        return FindLine(priority) is { } line && line.TryFindReturned(position, out _);
    }

    /// <summary>Looks for the next message that a consumer wants. Under the lock.</summary>
    internal bool FindWanted(QueueWalk walk)
    {
        if (!walk.Current.IsNone)
        {
            return true;
        }

        var more = _more!;
        walk.IsBehind = false;
        bool isFound = FindReturned(more, walk) ? TakesReturned(more, walk) : FindReady(more, walk, ulong.MaxValue);
        walk.IsThrough = !isFound && !walk.IsBehind && !walk.WaitsForDisk;
        return isFound;
    }

    /// <summary>The message at hand. Under the lock.</summary>
    internal MessageContent ReadWanted(QueueWalk walk) => Dress(_arena.Read(walk.Current), walk.CurrentInfo.DeliveryCount);

    /// <summary>Takes the message at hand until it is settled, or a copy of it, which nobody need settle with the queue. Under the lock.</summary>
    internal Unsettled TakeWanted(QueueWalk walk)
    {
        if (walk.IsBrowsing)
        {
            walk.Consumer.UnsettledCount--;
            Pass(walk);
            return new Unsettled(this, walk.Consumer, default);
        }

        return new Unsettled(this, walk.Consumer, TakeOut(walk));
    }

    /// <summary>Takes the message at hand for good, or a copy of it. Under the lock.</summary>
    internal void DropWanted(QueueWalk walk)
    {
        if (walk.IsBrowsing)
        {
            Pass(walk);
            return;
        }

        var message = TakeOut(walk);
        Finish(in message);
    }

    private MessageLine? FindLine(byte priority) => priority == 0 ? _line : _more?.LevelOf(priority);

    private void BeginWalk(QueueWalk walk)
    {
        var more = Extend();
        (more.Walks ??= []).Add(walk);
        for (int priority = more.Levels.Length; priority >= 0; priority--)
        {
            if (FindLine((byte)priority) is { } line)
            {
                line.BeginWalks();
                foreach (ulong position in line.ReturnedPlaces)
                {
                    walk.AddReturned((byte)priority, position);
                }
            }
        }
    }

    private void EndWalk(QueueWalk walk)
    {
        if (_more is { Walks: { } walks } more && walks.Remove(walk) && walks.Count == 0)
        {
            more.Walks = null;
        }
    }

    /// <summary>Messages have come: who walks may want them.</summary>
    private void CallWalks(List<QueueWalk> walks)
    {
        foreach (var walk in walks)
        {
            Join(walk.Consumer);
        }
    }

    private void TellReturned(List<QueueWalk> walks, in QueuedMessage message)
    {
        foreach (var walk in walks)
        {
            // Who browses sees what is behind his place.
            if (!walk.IsBrowsing || message.Position >= LineOf(message.Priority).PlaceAt(in walk.CursorOf(message.Priority)))
            {
                walk.AddReturned(message.Priority, message.Position);
                Join(walk.Consumer);
            }
        }
    }

    /// <summary>Hands out where some consumers do not take messages in turn: one of those whose turn it is after the other, until none takes any more.</summary>
    private void DeliverWalked(QueueExtension more, Turn turn)
    {
        List<Consumer>? waiting = null;
        while (HasReady && NextConsumer() is { } consumer)
        {
            if (consumer.Walk is { } walk)
            {
                walk.Forget();
                var run = new DeliveryRun(this, walk, RunLimit(consumer));
                bool canTakeMore = consumer.Take(ref run, turn);
                walk.Current = default;
                if (canTakeMore && walk.IsBehind)
                {
                    (waiting ??= []).Add(consumer);
                }
                else
                {
                    Rotate(consumer, canTakeMore && !walk.IsThrough && !walk.WaitsForDisk);
                    TellDrained(walk, canTakeMore, turn);
                }
            }
            else if (HasDeliverable())
            {
                var run = new DeliveryRun(this, RunLimit(consumer));
                Rotate(consumer, consumer.Take(ref run, turn));
            }
            else
            {
                (waiting ??= []).Add(consumer);
            }
        }

        foreach (var consumer in waiting ?? [])
        {
            Rotate(consumer, canTakeMore: true);
        }

        if (!HasReady)
        {
            foreach (var walk in more.Walks!)
            {
                (walk.IsThrough, walk.IsBehind) = (true, false);
                TellDrained(walk, canTakeMore: true, turn);
            }
        }
    }

    private static void TellDrained(QueueWalk walk, bool canTakeMore, Turn turn)
    {
        if (canTakeMore && walk is { IsDraining: true, IsThrough: true })
        {
            walk.IsDraining = false;
            walk.Consumer.HandleDrained(turn);
        }
    }

    private bool FindReturned(QueueExtension more, QueueWalk walk)
    {
        while (walk.Returned.Count > 0)
        {
            if (more.Looks-- <= 0)
            {
                walk.IsBehind = true;
                return false;
            }

            ulong place = walk.Returned.Min;
            var (priority, position) = QueueWalk.Split(place);
            if (FindLine(priority) is { } line && line.TryFindReturned(position, out var message) && message.Message.IsInMemory
                && IsWanted(more, walk, message.Message, message.Redelivered, message.DeliveryCount, message.Deadline))
            {
                (walk.CurrentPriority, walk.CurrentPlace) = (priority, position);
                return true;
            }

            walk.Returned.Remove(place);
        }

        return false;
    }

    /// <summary>A message that came back has its turn by its place, as if it had never gone.</summary>
    private bool TakesReturned(QueueExtension more, QueueWalk walk)
    {
        var (message, priority, place, info) = (walk.Current, walk.CurrentPriority, walk.CurrentPlace, walk.CurrentInfo);
        walk.Current = default;
        if (FindReady(more, walk, walk.Returned.Min))
        {
            return true;
        }

        if (walk.IsBehind || walk.WaitsForDisk)
        {
            return false;
        }

        (walk.Current, walk.CurrentPriority, walk.CurrentPlace, walk.CurrentInfo) = (message, priority, place, info);
        return true;
    }

    private bool FindReady(QueueExtension more, QueueWalk walk, ulong before)
    {
        for (int priority = more.HighestPriority; priority >= 0; priority--)
        {
            if (FindLine((byte)priority) is { } line && FindReady(more, walk, line, (byte)priority, before))
            {
                return true;
            }

            if (walk.IsBehind || walk.WaitsForDisk)
            {
                return false;
            }
        }

        return false;
    }

    private bool FindReady(QueueExtension more, QueueWalk walk, MessageLine line, byte priority, ulong before)
    {
        ref var cursor = ref walk.CursorOf(priority);
        int looks = more.Looks;
        try
        {
            while (line.TrySeek(ref cursor, ref looks, out var message))
            {
                if (before != ulong.MaxValue && QueueWalk.PlaceOf(priority, line.PositionOf(in cursor)) > before)
                {
                    return false;
                }

                if (message.IsPagedOut && !IsRead(walk, priority, cursor.Number))
                {
                    // Nothing behind it is looked at before it is in memory.
                    if (!walk.WaitsForDisk)
                    {
                        walk.WaitsForDisk = true;
                        _pages!.AddWalk(walk);
                    }

                    return false;
                }

                line.Tell(in cursor, out bool isRedelivered, out ushort deliveryCount, out long deadline);
                if (message.IsInMemory && IsWanted(more, walk, message, isRedelivered, deliveryCount, deadline))
                {
                    (walk.CurrentPriority, walk.CurrentPlace) = (priority, null);
                    return true;
                }

                Refuse(walk, line, priority, ref cursor, message);
                looks--;
            }

            walk.IsBehind = looks <= 0;
            return false;
        }
        finally
        {
            more.Looks = looks;
        }
    }

    private static bool IsRead(QueueWalk walk, byte priority, ulong number) => walk.ReadUpTo.Priority == priority && number < walk.ReadUpTo.Number;

    private bool IsWanted(QueueExtension more, QueueWalk walk, MessageRef message, bool isRedelivered, int deliveryCount, long deadline)
    {
        if (deadline <= more.Now)
        {
            // Its time is over; it goes when it is the oldest.
            return false;
        }

        var content = _arena.Read(message);
        if (!walk.Wants(in content, isRedelivered, deliveryCount))
        {
            return false;
        }

        walk.Current = message;
        long left = deadline == QueuedMessage.Never || (content.Flags & MessageFlags.Expires) == 0 ? -1 : deadline - more.Now;
        walk.CurrentInfo = new DeliveryInfo(isRedelivered, deliveryCount, left);
        return true;
    }

    /// <summary>Passes over a message that is not wanted, or ends it where nobody else could want it.</summary>
    private void Refuse(QueueWalk walk, MessageLine line, byte priority, ref ReadyList.Cursor cursor, MessageRef message)
    {
        if (walk.DropsRefused && !message.IsLost)
        {
            var refused = TakeOut(line, priority, in cursor, message);
            Finish(in refused);
        }

        cursor.Number++;
    }

    private void Pass(QueueWalk walk)
    {
        walk.Current = default;
        if (walk.CurrentPlace is not null)
        {
            walk.Returned.Remove(walk.Returned.Min);
        }
        else
        {
            walk.CursorOf(walk.CurrentPriority).Number++;
        }
    }

    private QueuedMessage TakeOut(QueueWalk walk)
    {
        byte priority = walk.CurrentPriority;
        var line = LineOf(priority);
        QueuedMessage taken;
        if (walk.CurrentPlace is { } position)
        {
            taken = line.TakeReturned(position);
            CountTaken(priority, taken.Message, isCounted: true);
        }
        else
        {
            taken = TakeOut(line, priority, in walk.CursorOf(priority), walk.Current);
        }

        Pass(walk);
        return taken;
    }

    private QueuedMessage TakeOut(MessageLine line, byte priority, in ReadyList.Cursor cursor, MessageRef message)
    {
        bool isCounted = line.Uncount(in cursor);
        var taken = line.Take(in cursor, message, priority);
        CountTaken(priority, taken.Message, isCounted);
        return taken;
    }

    private void CountTaken(byte priority, MessageRef message, bool isCounted)
    {
        var more = _more!;
        if (priority > 0)
        {
            more.CountTaken(priority);
        }

        if (more.CountsOctets && isCounted)
        {
            more.ReadyOctets -= _arena.BodyOctetsOf(message);
        }
    }

    /// <summary>Reads messages on the disk for a walk that has come to them. Those that it wants are put in place, the others stay where they are. Outside every lock, by the queue's paging alone.</summary>
    private void ReadFor(QueueWalk walk, QueuePaging pages, PageReader reader, Turn turn)
    {
        var run = reader.Run;
        run.Begin(null, 0);
        lock (_gate)
        {
            Collect(walk, run);
        }

        Read(pages, reader);
        lock (_gate)
        {
            walk.WaitsForDisk = false;
            if (!_isDeleted && !walk.Consumer.IsCancelled)
            {
                if (run.Line is not null && ReferenceEquals(FindLine(run.Priority), run.Line))
                {
                    PutInPlace(walk, run);
                }

                Join(walk.Consumer);
                Deliver(turn);
            }
        }

        Clean(run);
    }

    private void Collect(QueueWalk walk, PagedRun run)
    {
        int budget = LooksAtOnce;
        for (int priority = _more?.HighestPriority ?? 0; priority >= 0 && !_isDeleted && !walk.Consumer.IsCancelled; priority--)
        {
            ref var cursor = ref walk.CursorOf((byte)priority);
            if (FindLine((byte)priority) is { } line && line.TrySeek(ref cursor, ref budget, out var message) && message.IsPagedOut)
            {
                run.Begin(line, (byte)priority, _arena.Paging!.OctetsAtOnce);
                line.Collect(run, in cursor);
                return;
            }
        }
    }

    private void PutInPlace(QueueWalk walk, PagedRun run)
    {
        var line = run.Line!;
        var read = run.Messages;
        var cursor = walk.CursorOf(run.Priority);
        for (int index = 0; index < read.Length; index++)
        {
            int budget = 1;
            cursor.Number = run.First + (ulong)index;
            if (!read[index].IsInMemory || !line.TrySeek(ref cursor, ref budget, out var present) || cursor.Number != run.First + (ulong)index || present != run[index].Message)
            {
                continue;
            }

            line.Tell(in cursor, out bool isRedelivered, out ushort deliveryCount, out _);
            var content = _arena.Read(read[index]);
            if (walk.Wants(in content, isRedelivered, deliveryCount))
            {
                line.Replace(in cursor, read[index]);
                read[index] = default;
            }
        }

        walk.ReadUpTo = (run.Priority, run.First + (ulong)read.Length);
    }
}
