using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// What a <see cref="QueueWalk"/> looks at: of the messages that came back and of those that were never handed out the first that its consumer wants, and how it is taken from
/// its place. Under the lock.
/// </content>
internal partial class MessageQueue
{
    /// <summary>What came of looking for a message among those that were never handed out.</summary>
    private enum Search
    {
        Found,

        /// <summary>Nothing that is wanted stands before the end, or the place that was asked for.</summary>
        Nothing,

        /// <summary>It ended before that: there are no steps left, or the next message is to be read first.</summary>
        Stopped,
    }

    /// <summary>Looks for the next message that a consumer wants. Under the lock.</summary>
    internal bool FindWanted(QueueWalk walk)
    {
        if (!walk.Current.IsNone)
        {
            return true;
        }

        var more = _more!;
        (walk.IsBehind, walk.IsAtDisk) = (false, false);
        bool isFound = FindReturned(more, walk) ? TakesReturned(more, walk) : !walk.IsBehind && FindReady(more, walk, ulong.MaxValue) == Search.Found;
        walk.IsThrough = !isFound && !walk.IsBehind && !walk.IsAtDisk;
        if (walk.IsThrough)
        {
            walk.Reading?.Drop(_arena);
        }

        return isFound;
    }

    /// <summary>The message at hand as it came. Under the lock.</summary>
    internal MessageContent ReadWanted(QueueWalk walk) => _arena.Read(walk.Current);

    /// <summary>Takes the message at hand until it is settled, or a copy of it, which nobody need settle with the queue. Under the lock.</summary>
    internal Unsettled TakeWanted(QueueWalk walk)
    {
        if (walk.IsBrowsing)
        {
            walk.Consumer.UnsettledCount--;
            PassShown(walk);
            return new Unsettled(this, walk.Consumer, default);
        }

        return new Unsettled(this, walk.Consumer, TakeOut(walk));
    }

    /// <summary>Takes the message at hand for good, or a copy of it. Under the lock.</summary>
    internal void DropWanted(QueueWalk walk)
    {
        if (walk.IsBrowsing)
        {
            PassShown(walk);
            return;
        }

        var message = TakeOut(walk);
        Finish(in message);
    }

    private bool FindReturned(QueueExtension more, QueueWalk walk)
    {
        while (TryNextReturned(more, walk, out ulong place, out var message))
        {
            if (more.Steps <= 0)
            {
                walk.IsBehind = true;
                return false;
            }

            bool isKeptFrom = walk.IsExcluded(place);
            if (!isKeptFrom && message.Message.IsInMemory && IsWanted(more, walk, message.Message, (true, message.Priority, message.Position), message.Redelivered, message.DeliveryCount, message.Deadline))
            {
                (walk.CurrentPriority, walk.CurrentPlace) = (message.Priority, message.Position);
                return true;
            }

            more.Steps -= QueueWalk.StepsOfLook;
            walk.PassReturned(place);
            if (walk.DropsRefused && !isKeptFrom && message.Message.IsInMemory && message.Deadline > more.Now)
            {
                LineOf(message.Priority).TakeReturned(in message);
                CountTaken(message.Priority, message.Message, isCounted: true);
                Finish(in message);
            }
        }

        return false;
    }

    /// <summary>The first message that came back and that the walk has not looked at.</summary>
    private bool TryNextReturned(QueueExtension more, QueueWalk walk, out ulong place, out QueuedMessage message)
    {
        message = default;
        for (place = walk.FirstReturned; place < walk.ReturnedFrom; place = walk.FirstReturned)
        {
            var (priority, position) = QueueWalk.Split(place);
            if (FindLine(priority) is { } line && line.TryFindReturned(position, out message))
            {
                return true;
            }

            walk.PassReturned(place);
        }

        if (walk.ReturnedFrom == ulong.MaxValue)
        {
            return false;
        }

        var (first, from) = QueueWalk.Split(walk.ReturnedFrom);
        for (int priority = Math.Min(first, more.HighestPriority); priority >= 0; priority--)
        {
            ulong start = Math.Max(priority == first ? from : 0, walk.PassedOf((byte)priority));
            if (FindLine((byte)priority) is { } line && line.TryFindReturnedFrom(start, out message))
            {
                place = QueueWalk.PlaceOf((byte)priority, message.Position);
                return true;
            }
        }

        walk.EndReturned();
        return false;
    }

    /// <summary>A message that came back has its turn by its place, as if it had never gone.</summary>
    private bool TakesReturned(QueueExtension more, QueueWalk walk)
    {
        var (message, priority, place, info) = (walk.Current, walk.CurrentPriority, walk.CurrentPlace, walk.CurrentInfo);
        walk.Current = default;
        var search = FindReady(more, walk, QueueWalk.PlaceOf(priority, place!.Value));
        if (search != Search.Nothing)
        {
            return search == Search.Found;
        }

        (walk.Current, walk.IsCurrentRead, walk.CurrentPriority, walk.CurrentPlace, walk.CurrentInfo) = (message, false, priority, place, info);
        return true;
    }

    private Search FindReady(QueueExtension more, QueueWalk walk, ulong before)
    {
        var search = Search.Nothing;
        for (int priority = more.HighestPriority; priority >= 0 && search == Search.Nothing; priority--)
        {
            search = FindLine((byte)priority) is { } line ? FindReady(more, walk, line, (byte)priority, before) : search;
        }

        return search;
    }

    private Search FindReady(QueueExtension more, QueueWalk walk, MessageLine line, byte priority, ulong before)
    {
        ref var cursor = ref walk.CursorOf(priority);
        int steps = more.Steps;
        while (line.TrySeek(ref cursor, ref steps, out var message))
        {
            more.Steps = steps;
            if (before != ulong.MaxValue && QueueWalk.PlaceOf(priority, line.PositionOf(in cursor)) > before)
            {
                return Search.Nothing;
            }

            var read = message;
            if (message.IsPagedOut && walk.Reading?.TryFind(priority, cursor.Number, message, _arena, out read) != true)
            {
                WaitForDisk(walk);
                return Search.Stopped;
            }

            line.Tell(in cursor, out bool isRedelivered, out ushort deliveryCount, out long deadline);
            if (read.IsInMemory && IsWanted(more, walk, read, (false, priority, cursor.Number), isRedelivered, deliveryCount, deadline, isRead: message.IsPagedOut))
            {
                (walk.CurrentPriority, walk.CurrentPlace) = (priority, null);
                return Search.Found;
            }

            more.Steps -= QueueWalk.StepsOfLook;
            Refuse(walk, line, priority, ref cursor, message, isKept: message.IsLost || read.IsLost || deadline <= more.Now);
            steps = more.Steps;
        }

        more.Steps = steps;
        walk.IsBehind = steps <= 0;
        return walk.IsBehind ? Search.Stopped : Search.Nothing;
    }

    private bool IsWanted(
        QueueExtension more, QueueWalk walk, MessageRef message, (bool IsReturned, byte Priority, ulong Number) name, bool isRedelivered, int deliveryCount, long deadline, bool isRead = false)
    {
        if (deadline <= more.Now)
        {
            // Its time is over; it goes when it is the oldest.
            return false;
        }

        var content = _arena.Read(message);
        if (!isRead && walk.Judged != name)
        {
            int steps = more.Steps;
            bool isWanted = walk.Wants(in content, isRedelivered, deliveryCount, ref steps);
            more.Steps = steps;
            if (!isWanted)
            {
                return false;
            }

            walk.Judged = name;
        }

        (walk.Current, walk.IsCurrentRead) = (message, isRead);
        long left = deadline == QueuedMessage.Never || (content.Flags & MessageFlags.Expires) == 0 ? -1 : deadline - more.Now;
        walk.CurrentInfo = new DeliveryInfo(isRedelivered, deliveryCount, left);
        return true;
    }

    /// <summary>Passes over a message that is not wanted, or ends it where nobody else could want it.</summary>
    private void Refuse(QueueWalk walk, MessageLine line, byte priority, ref ReadyList.Cursor cursor, MessageRef message, bool isKept)
    {
        if (walk.DropsRefused && !isKept)
        {
            var refused = TakeOut(line, priority, in cursor, message);
            Finish(in refused);
        }

        cursor.Number++;
    }

    /// <summary>Whoever browses has a copy of the message at hand.</summary>
    private void PassShown(QueueWalk walk)
    {
        if (walk.CurrentPlace is null)
        {
            walk.Pass(walk.CurrentPriority, LineOf(walk.CurrentPriority).PositionOf(in walk.CursorOf(walk.CurrentPriority)));
        }

        if (walk.IsCurrentRead)
        {
            _arena.Release(walk.Current);
            walk.Reading!.Take();
        }

        Pass(walk);
    }

    private static void Pass(QueueWalk walk)
    {
        walk.Current = default;
        if (walk.CurrentPlace is { } position)
        {
            walk.PassReturned(QueueWalk.PlaceOf(walk.CurrentPriority, position));
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
            line.TryFindReturned(position, out taken);
            line.TakeReturned(in taken);
            CountTaken(priority, taken.Message, isCounted: true);
        }
        else if (walk.IsCurrentRead)
        {
            taken = TakeRead(walk, line, priority);
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
        bool isCounted = line.IsCounted(in cursor);
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
}
