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
}
