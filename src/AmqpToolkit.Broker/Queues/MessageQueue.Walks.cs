using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// Consumers that do not take messages in turn: those with a selector, those who browse, and those to whom some message must not go again. Each has a <see cref="QueueWalk"/>. A queue with one of
/// them hands out by looking whose turn it is for each message; one without has no extension on their account, and does not know of them.
/// </content>
internal partial class MessageQueue
{
    /// <summary>Steps of looking at messages under one taking of the lock, of a few nanoseconds each: some 0.5 ms. The message at which they end may cost its own on top.</summary>
    private const int StepsAtOnce = 128 * 1024;

    /// <summary>Steps of an operation while the sweep is at work for walks that are behind: who publishes or settles a message does not wait for them.</summary>
    private const int FewSteps = 8 * 1024;

    /// <summary>Steps that each walk has in its turn, however many there are.</summary>
    private const int LeastShare = 1024;

    /// <summary>Places of returned messages that are told of one by one, times walks.</summary>
    private const int MostTold = 64 * 1024;

    /// <summary>What came of looking for a message among those that were never handed out.</summary>
    private enum Search
    {
        Found,

        /// <summary>Nothing that is wanted stands before the end, or the place that was asked for.</summary>
        Nothing,

        /// <summary>It ended before that: there are no steps left, or the next message is to be read first.</summary>
        Stopped,
    }

    /// <summary>Steps under one taking of the lock.</summary>
    internal int StepsInOneGo { get; set; } = StepsAtOnce;

    /// <summary>Whether walks have more to look at than they may at once, and the sweep goes on.</summary>
    internal bool IsLookingOn
    {
        get
        {
            lock (_gate)
            {
                return _more is { IsLookingOn: true };
            }
        }
    }

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

            bool isExcluded = consumer.Walk.TryExclude(QueueWalk.PlaceOf(message.Priority, message.Position));
            _more!.ExcludedCount += isExcluded ? 1 : 0;
            return isExcluded;
        }
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

    private MessageLine? FindLine(byte priority) => priority == 0 ? _line : _more?.LevelOf(priority);

    private void BeginWalk(QueueWalk walk)
    {
        var more = Extend();
        if (more.Walks is null)
        {
            more.Walks = [];
            SetWalked(more, isWalked: true);
        }

        more.Walks.Add(walk);
    }

    private void EndWalk(QueueWalk walk)
    {
        walk.Reading?.Drop(_arena);
        if (_more is { Walks: { } walks } more && walks.Remove(walk))
        {
            more.ExcludedCount -= walk.ExcludedCount;
            if (walks.Count == 0)
            {
                more.Walks = null;
                more.TakeReturned(out _, out _);
                SetWalked(more, isWalked: false);
            }
        }
    }

    private void SetWalked(QueueExtension more, bool isWalked)
    {
        _line.SetWalked(isWalked);
        foreach (var level in more.Levels)
        {
            level?.SetWalked(isWalked);
        }
    }

    /// <summary>The queue is done with a message that was kept from somebody: who has no other is a consumer like others again.</summary>
    private void ForgetExcluded(QueueExtension more, in QueuedMessage message)
    {
        ulong place = QueueWalk.PlaceOf(message.Priority, message.Position);
        for (int index = (more.Walks?.Count ?? 0) - 1; index >= 0; index--)
        {
            var walk = more.Walks![index];
            if (walk.Forget(place))
            {
                more.ExcludedCount--;
                EndIfNeedless(walk);
            }
        }
    }

    private void EndIfNeedless(QueueWalk walk)
    {
        if (walk.IsNeedless)
        {
            EndWalk(walk);
            walk.Consumer.Walk = null;
            Join(walk.Consumer);
        }
    }

    /// <summary>All that waits is about to go: what of it was kept from somebody is not there any more.</summary>
    private void ForgetWaiting(QueueExtension more)
    {
        for (int index = (more.Walks?.Count ?? 0) - 1; index >= 0 && more.ExcludedCount > 0; index--)
        {
            var walk = more.Walks![index];
            more.ExcludedCount -= walk.ForgetAll(place =>
            {
                var (priority, position) = QueueWalk.Split(place);
                return FindLine(priority)?.TryFindReturned(position, out _) == true;
            });
            EndIfNeedless(walk);
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

    /// <summary>Tells walks what came back since they were told last.</summary>
    private void TellReturned(QueueExtension more)
    {
        if (!more.TakeReturned(out var places, out ulong lowest))
        {
            return;
        }

        var walks = more.Walks!;
        places = places?.Count * walks.Count > MostTold ? null : places;
        foreach (var walk in walks)
        {
            if (places is null)
            {
                walk.AddReturnedFrom(NotBefore(walk, lowest));
            }

            foreach (ulong place in places ?? [])
            {
                if (NotBefore(walk, place) == place)
                {
                    walk.AddReturned(place);
                }
            }

            Join(walk.Consumer);
        }
    }

    /// <summary>Who browses sees what is behind his place alone.</summary>
    private ulong NotBefore(QueueWalk walk, ulong place)
    {
        if (!walk.IsBrowsing)
        {
            return place;
        }

        var (priority, position) = QueueWalk.Split(place);
        ulong behind = Math.Max(walk.PassedOf(priority), LineOf(priority).PlaceAt(in walk.CursorOf(priority)));
        return QueueWalk.PlaceOf(priority, Math.Max(position, behind));
    }

    /// <summary>Hands out where some consumers do not take messages in turn: one of those whose turn it is after the other, until none takes any more.</summary>
    private void DeliverWalked(QueueExtension more, Turn turn)
    {
        TellReturned(more);
        while (DeliverRound(more, turn) && more.Steps > 0 && HasReady)
        {
            // Somebody had not enough of his share, and others left some of theirs.
        }

        if (!HasReady)
        {
            for (int index = (more.Walks?.Count ?? 0) - 1; index >= 0; index--)
            {
                // Who hears that this was all may be no walk any more.
                var walk = more.Walks![index];
                (walk.IsThrough, walk.IsBehind) = (true, false);
                walk.Reading?.Drop(_arena);
                TellDrained(walk, canTakeMore: true, turn);
            }
        }
    }

    /// <summary>Goes on for walks that are behind, and does nothing of what a sweep does beside. Outside every lock.</summary>
    internal void LookOn(Turn turn)
    {
        lock (_gate)
        {
            if (_more is { } more && !_isDeleted)
            {
                LookOn(more, turn);
            }
        }
    }

    private void LookOn(QueueExtension more, Turn turn)
    {
        if (!more.IsLookingOn)
        {
            return;
        }

        BeginWork(more);
        more.Steps = StepsInOneGo;
        DeliverReady(turn);
        _journal?.Flush();
        more.IsLookingOn = IsBehind(more);
        if (more.IsLookingOn)
        {
            SweepOf(more).Start();
        }
    }

    private bool IsBehind(QueueExtension more) => more.Walks is { } walks && HasReady && walks.Exists(static walk => walk.IsBehind && walk.Consumer.IsInRotation);

    /// <returns>Whether a walk has not looked at all that it may want.</returns>
    private bool DeliverRound(QueueExtension more, Turn turn)
    {
        List<Consumer>? waiting = null;
        bool isBehind = false;

        // Of those who wait the first for whom no steps were left.
        int first = -1;
        int share = Math.Max(LeastShare, more.Steps / Math.Max(1, _rotation?.Count ?? 0));
        while (HasReady && NextConsumer() is { } consumer)
        {
            if (consumer.Walk is { } walk)
            {
                bool isServed = more.Steps > 0;
                if (DeliverTo(more, walk, share, turn))
                {
                    isBehind = true;
                    first = isServed || first >= 0 ? first : waiting?.Count ?? 0;
                    (waiting ??= []).Add(consumer);
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

        // Who has had nothing comes first. Where all had something, who went first, and may have used up what there was of looks, comes last.
        first = first < 0 ? 1 : first;
        for (int index = 0; index < waiting?.Count; index++)
        {
            Rotate(waiting[(first + index) % waiting.Count], canTakeMore: true);
        }

        return isBehind;
    }

    /// <summary>Gives a walk its turn. Its consumer is not asked, and nobody's gate is taken, before there is a message that it wants.</summary>
    /// <returns>Whether it goes on when there are looks again.</returns>
    private bool DeliverTo(QueueExtension more, QueueWalk walk, int share, Turn turn)
    {
        var consumer = walk.Consumer;
        walk.Forget();
        bool canTakeMore = consumer.MayWant;
        int others = Math.Max(0, more.Steps - share);
        more.Steps = walk.Pay(more.Steps - others);
        if (canTakeMore && FindWanted(walk))
        {
            var run = new DeliveryRun(this, walk, RunLimit(consumer));
            canTakeMore = consumer.Take(ref run, turn);
            walk.Current = default;
        }

        // What a dear message took beyond the share is this one's debt, and nobody else's.
        walk.Owe(-more.Steps);
        more.Steps = others + Math.Max(0, more.Steps);
        if (canTakeMore && walk.IsBehind)
        {
            return true;
        }

        // Who takes no more has used up his credit, or asks again for what is left of it.
        walk.IsDraining &= canTakeMore;
        Rotate(consumer, canTakeMore && (consumer.Walk is null || (!walk.IsThrough && !walk.IsAtDisk)));
        TellDrained(walk, canTakeMore, turn);
        if (!canTakeMore && consumer.Walk is not null)
        {
            EndIfNeedless(walk);
        }

        return false;
    }

    private void TellDrained(QueueWalk walk, bool canTakeMore, Turn turn)
    {
        if (canTakeMore && walk is { IsDraining: true, IsThrough: true })
        {
            walk.IsDraining = false;
            walk.Consumer.HandleDrained(turn);
            EndIfNeedless(walk);
        }
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
