using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// A queue: messages, consumers, credit and outcomes, and no protocol. One lock; whoever holds it (a publisher's reader, an
/// acker's reader, a sender whose output has drained) runs the queue's code for a whole batch. Lock order: topology, queue,
/// a consumer's output; never two queues at once.
/// </summary>
/// <remarks>
/// A queue that was asked for nothing but to keep messages has no <see cref="QueueExtension"/>, and goes the short way everywhere. What dies in
/// a queue is put aside under the lock and moved without it: see the other parts of this class. What is virtual a <see cref="StreamQueue"/> does in its own way.
/// </remarks>
internal partial class MessageQueue : BindingDestination
{
    private readonly Lock _gate = new();
    private readonly MessageArena _arena;
    private QueueJournal? _journal;
    private MessageLine _line;
    private QueueExtension? _more;

    /// <summary>An extension that is not needed now: a message with an expiration makes one, and others may come.</summary>
    private QueueExtension? _idle;
    private ConsumerRotation? _rotation;
    private List<Consumer>? _consumers;
    private List<Consumer>? _orphans;
    private MessageLine? _dropped;
    private int _browserCount;
    private int _holds;
    private bool _hadConsumer;
    private bool _isDeleted;

    public MessageQueue(VirtualHost virtualHost, QueueDefinition definition)
        : base(definition.Name)
    {
        VirtualHost = virtualHost;
        Definition = definition;
        _arena = virtualHost.Arena;
        _line = new MessageLine(_arena);
        FindDurability();
        if (QueueSettings.From(definition, policy: null, virtualHost.Rules) is { } settings)
        {
            ApplySettings(settings);
        }
    }

    public VirtualHost VirtualHost { get; }

    public QueueDefinition Definition { get; }

    /// <summary>What the queue does beyond keeping messages; <see cref="QueueSettings.None"/> for nothing.</summary>
    public QueueSettings Settings => _more?.Settings ?? QueueSettings.None;

    /// <summary>Whether the queue does nothing but keep messages now, and so goes the short way everywhere.</summary>
    internal bool IsPlain => _more is null;

    /// <summary>How often a link of 1.0 attached to the subscription that the queue is. Under the virtual host's lock of subscriptions.</summary>
    public int Uses { get; set; }

    /// <summary>Whether the queue holds a consumer's direct replies.</summary>
    public bool IsReplyQueue => DirectReplyTo.IsToken(Name);

    /// <summary>Whether the queue is gone: it takes and gives nothing any more.</summary>
    public bool IsDeleted => Volatile.Read(ref _isDeleted);

    /// <summary>Whether a queue that deletes itself has had a consumer, and has none now.</summary>
    public bool IsAbandoned
    {
        get
        {
            lock (_gate)
            {
                return Definition.AutoDelete && _hadConsumer && ConsumersUnlocked == 0;
            }
        }
    }

    /// <summary>Messages that could be delivered now.</summary>
    public virtual uint ReadyCount
    {
        get
        {
            lock (_gate)
            {
                return ReadyUnlocked;
            }
        }
    }

    /// <summary>Consumers on the queue.</summary>
    public virtual uint ConsumerCount
    {
        get
        {
            lock (_gate)
            {
                return ConsumersUnlocked;
            }
        }
    }

    private bool HasReady => _line.HasMessage || _more is { HigherCount: > 0 };

    private uint ReadyUnlocked => (uint)(_line.Count + (_more?.HigherCount ?? 0));

    private uint ConsumersUnlocked => (uint)((_consumers?.Count ?? 0) - _browserCount);

    /// <summary>Takes a batch of published messages: straight to consumers as far as they can take them, the rest is kept.</summary>
    /// <param name="batch">The messages; those that the queue refuses are marked in it.</param>
    /// <param name="isLastQueue">Whether no other queue gets this batch after this one.</param>
    /// <param name="turn">Whose thread it is.</param>
    public virtual void Publish(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        lock (_gate)
        {
            if (_isDeleted)
            {
                return;
            }

            _journal?.BeginBatch();
            if (_more is null && !batch.HasExpirations)
            {
                int next = Pass(batch, isLastQueue, turn);
                if (_journal is { IsOpen: true } && batch.HasPersistent)
                {
                    Keep(_journal, batch, next, isLastQueue);
                    _journal.Flush();
                    return;
                }

                if (MayPageOut && next < batch.Count)
                {
                    PageOut(batch, next, isLastQueue);
                    return;
                }

                for (; next < batch.Count; next++)
                {
                    _line.Add(batch.Take(next, isLastQueue));
                }

                return;
            }

            PublishExtended(batch, isLastQueue, turn);
        }

        MoveDead(turn);
    }

    /// <summary>Settles deliveries of this queue, all with the same outcome.</summary>
    /// <param name="deliveries">The deliveries.</param>
    /// <param name="outcome">What became of them.</param>
    /// <param name="turn">Whose thread it is.</param>
    /// <param name="group">The group of the journal that this belongs to, or 0.</param>
    public virtual void Settle(ReadOnlySpan<Unsettled> deliveries, Outcome outcome, Turn turn, uint group = 0)
    {
        lock (_gate)
        {
            if (group == 0)
            {
                Settle(deliveries, outcome, group);
            }
            else
            {
                SettleInGroup(deliveries, outcome, turn, group);
            }

            if (_more is { } more)
            {
                BeginWork(more, deliveries.Length);
                FollowActive(more);
                DropSurplus(more);
                DeliverReady(turn);
                EndWork(more);
            }
            else
            {
                DeliverReady(turn);
                _journal?.Flush();
            }
        }

        MoveDead(turn);
    }

    private void Settle(ReadOnlySpan<Unsettled> deliveries, Outcome outcome, uint group)
    {
        bool goesBack = outcome is Outcome.Release or Outcome.Fail or Outcome.UndeliverableHere && !_isDeleted;
        foreach (ref readonly var delivery in deliveries)
        {
            if (delivery.Consumer is { } consumer)
            {
                consumer.UnsettledCount--;
                if (consumer.IsCancelled)
                {
                    _departedCount -= IsBrowser(consumer) ? 0 : 1;
                }

                Join(consumer);
            }
            else
            {
                _gotCount--;
            }

            if (_more is not null && outcome != Outcome.Accept && !_isDeleted)
            {
                SettleExtended(_more, delivery.Message, outcome, group);
            }
            else if (goesBack && !_isDeleted)
            {
                Return(AfterReturn(delivery.Message, outcome, group));
            }
            else
            {
                Finish(delivery.Message);
            }
        }

        _journal?.Flush(group);
    }

    /// <summary>Lets a consumer that was turned away try again.</summary>
    public virtual void Resume(Consumer consumer, Turn turn)
    {
        lock (_gate)
        {
            Join(consumer);
            Deliver(turn);
        }

        MoveDead(turn);
    }

    /// <summary>As <see cref="Resume"/>, for a consumer that wants what there is and to hear when that was all.</summary>
    public virtual void Drain(Consumer consumer, Turn turn)
    {
        lock (_gate)
        {
            Join(consumer);
            Deliver(turn);
            if (consumer.IsCancelled || !HasReady || !MayTake(consumer) || consumer.Walk is { IsThrough: true })
            {
                consumer.HandleDrained(turn);
            }
            else if (consumer.Walk is { } walk)
            {
                walk.IsDraining = consumer.MayWant;
            }
            else if (_pages is { } pages && !HasHead())
            {
                pages.AddDraining(consumer);
            }
        }

        MoveDead(turn);
    }

    /// <summary>Takes the next message for one who asked for it.</summary>
    /// <param name="message">The message; the caller holds its reference.</param>
    /// <param name="left">Messages that wait behind it.</param>
    /// <param name="turn">Whose thread it is; null to leave what dies to another.</param>
    /// <param name="isAccepted">Whether the queue is done with it at once.</param>
    /// <returns>False when there is none; if some are left, the next is not in memory now, or behind what has died and cannot be moved yet: see <see cref="WaitForHeadAsync"/>.</returns>
    public bool TryGet(out QueuedMessage message, out uint left, Turn? turn = null, bool isAccepted = false)
    {
        while (true)
        {
            bool isThere, isLookedThrough, mustWait;
            lock (_gate)
            {
                isLookedThrough = _more is not { } more || BeginGet(more);
                isThere = isLookedThrough && HasReady && !_isDeleted;
                isThere = isThere && (_pages is null || HasHead());
                message = isThere ? TakeOldest() : default;
                mustWait = !isLookedThrough && !_isDeleted && _more!.IsMovingBehind;
                left = (isLookedThrough || mustWait) && !_isDeleted ? ReadyUnlocked : 0;
                if (isAccepted && !message.Stored.IsNone)
                {
                    _journal!.Ack(in message);
                    _journal.Flush();
                }

                if (isThere && !isAccepted)
                {
                    _gotCount++;
                }

                if (isAccepted && isThere && _more is { ExcludedCount: > 0 } excluding)
                {
                    ForgetExcluded(excluding, in message);
                }

                if (_more is not null)
                {
                    EndWork(_more);
                }
            }

            MoveDead(turn);
            if (isLookedThrough || mustWait)
            {
                return isThere;
            }
        }
    }

    /// <summary>A message as it is to be sent: with what this queue tells of it. The caller holds it; the answer holds until the thread asks again.</summary>
    public MessageContent Read(in QueuedMessage message) => Dress(_arena.Read(message.Message), message.DeliveryCount);

    /// <summary>Drops what waits.</summary>
    /// <returns>How many messages there were.</returns>
    public uint Purge()
    {
        var purged = TakeAll();
        Drop(purged);
        return purged.Count;
    }

    /// <summary>Takes out what waits, so that it can be dropped when other locks were left: millions of messages take their time.</summary>
    internal PurgedMessages TakeAll()
    {
        lock (_gate)
        {
            uint count = ReadyUnlocked;
            if (_more is { ExcludedCount: > 0 } excluding)
            {
                ForgetWaiting(excluding);
            }

            var line = _line.TakeAll();
            var levels = _more?.TakeLevels();
            if (_more is { } more)
            {
                // Nothing is left to be counted: what comes is, if there is a limit.
                (more.ReadyOctets, more.CountsOctets, more.IsCounting) = (0, more.Settings.MaxLengthOctets is not null, false);
                EndWork(more);
            }

            return new PurgedMessages(this, line, levels, count);
        }
    }

    /// <summary>Gives back what <see cref="TakeAll"/> has taken out. Outside every lock.</summary>
    internal void Drop(in PurgedMessages purged)
    {
        Drop(purged.Line, priority: 0);
        for (int priority = 1; priority < purged.Levels?.Length; priority++)
        {
            Drop(purged.Levels[priority], (byte)priority);
        }
    }

    /// <summary>Whether nobody has consumed from it, or sent to it, since it was made. Under the lock.</summary>
    protected virtual bool IsUntouched => !_hadConsumer && _consumers is not { Count: > 0 } && _line.IsUnused && !HasReady && _more is not { HighestPriority: > 0 };

    /// <summary>Closes the queue if nobody has consumed from it, or sent to it. As <see cref="TryClose"/>.</summary>
    public bool TryCloseUntouched()
    {
        lock (_gate)
        {
            return IsUntouched && TryClose(ifUnused: true, ifEmpty: true, out _) == QueueCloseOutcome.Closed;
        }
    }

    /// <summary>Closes the queue unless a condition stands against it. Under the topology lock; then call <see cref="FinishClose"/> outside it.</summary>
    public virtual QueueCloseOutcome TryClose(bool ifUnused, bool ifEmpty, out uint messageCount)
    {
        lock (_gate)
        {
            messageCount = ReadyUnlocked;
            if (ifUnused && ConsumersUnlocked > 0)
            {
                return QueueCloseOutcome.InUse;
            }

            if (ifEmpty && messageCount > 0)
            {
                return QueueCloseOutcome.NotEmpty;
            }

            // Millions of messages are given back outside the locks: see FinishClose.
            _dropped = _line;
            _line = NewLine();
            _orphans = _consumers;
            _consumers = null;
            _browserCount = 0;
            _rotation = null;
            (_more ?? _idle)?.CancelTimes();
            _more?.Walks?.ForEach(walk => walk.Reading?.Drop(_arena));
            _isDeleted = true;
            return QueueCloseOutcome.Closed;
        }
    }

    /// <summary>Tells the consumers of a closed queue, and gives its messages back. Outside every lock.</summary>
    public virtual void FinishClose(Turn turn)
    {
        List<Consumer>? orphans;
        MessageLine? dropped;
        MessageLine?[]? levels;
        lock (_gate)
        {
            (orphans, dropped, levels) = (_orphans, _dropped, _more?.TakeLevels());
            _more?.EndWaitForMoves();
            _orphans = null;
            _dropped = null;
            foreach (var consumer in orphans ?? [])
            {
                consumer.IsCancelled = true;
            }
        }

        foreach (var consumer in orphans ?? [])
        {
            consumer.HandleQueueDeleted(turn);
        }

        Forget(dropped);
        foreach (var level in levels ?? [])
        {
            Forget(level);
        }

        MoveDead(turn);
    }

    /// <summary>Whether a message waits that may be handed out now. Under the lock.</summary>
    internal bool HasDeliverable() => (_more is { } more ? DropExpired(more) && HasReady : _line.HasMessage) && (_pages is null || HasHead());

    /// <summary>The oldest message. Under the lock; something waits.</summary>
    internal MessageContent PeekReady(out bool isRedelivered)
    {
        var line = _more is { } more ? HeadLine(more) : _line;
        var message = line.Peek(out isRedelivered, out int deliveryCount);

        // Parts of a message are a large value: they are not copied through a method that has nothing to do.
        return deliveryCount == 0 ? _arena.Read(message) : Dress(_arena.Read(message), deliveryCount);
    }

    /// <summary>The oldest message as it came, and what there is to tell of it. Under the lock; something waits.</summary>
    internal MessageContent PeekReady(out DeliveryInfo info)
    {
        var line = _more is { } more ? HeadLine(more) : _line;
        var message = _arena.Read(line.Peek(out bool isRedelivered, out int deliveryCount));
        long deadline = (message.Flags & MessageFlags.Expires) == 0 ? QueuedMessage.Never : line.PeekDeadline();
        info = new DeliveryInfo(isRedelivered, deliveryCount, deadline == QueuedMessage.Never ? -1 : Math.Max(0, deadline - VirtualHost.Timers.Now));
        return message;
    }

    /// <summary>Drops the oldest message. Under the lock.</summary>
    internal void DropReady()
    {
        if (_more is null && _journal is null && _line.TryTakeReady(out var ready))
        {
            _arena.Release(ready);
            return;
        }

        var message = TakeOldest();
        Finish(in message);
    }

    /// <summary>Hands the oldest message out. Under the lock.</summary>
    internal Unsettled TakeReady(Consumer consumer) => new(this, consumer, TakeOldest());

    /// <summary>Hands a message out that never waited. Under the lock.</summary>
    internal Unsettled PassUnsettled(Consumer consumer, IncomingBatch batch, int index, bool isLastQueue)
    {
        if (_more is null)
        {
            // Written before it is taken: then the batch may have nothing of it any more.
            ulong position = _line.Pass();
            var stored = _journal is { IsOpen: true } && batch.HasPersistent ? _journal.AddAhead(batch, index, position) : default;
            return new Unsettled(this, consumer, new QueuedMessage(batch.Take(index, isLastQueue), position, QueuedMessage.Never, 0, 0, Redelivered: false, stored));
        }

        var message = batch.Take(index, isLastQueue);
        var passed = PassExtended(message);
        if (_journal is { IsOpen: true } && batch.HasPersistent)
        {
            passed = passed with { Stored = _journal.Add(batch, index, _arena.Read(message), passed.JournalPosition, passed.Deadline) };
        }

        return new Unsettled(this, consumer, passed);
    }

    /// <summary>A message of a batch went through without waiting, for good. Under the lock.</summary>
    internal void PassAccepted(IncomingBatch batch, int index)
    {
        ulong position = _line.Pass();
        if (_journal is { } journal && journal.TryGetAhead(batch, index, out var written) && !written[0].IsNone)
        {
            var message = new QueuedMessage(default, position, QueuedMessage.Never, 0, 0, Redelivered: false) { Stored = written[0] };
            journal.Ack(in message);
        }
    }

    /// <summary>Hands messages to consumers that can take them while nothing waits before them.</summary>
    /// <returns>The first message that nobody took.</returns>
    private int Pass(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        int next = 0;
        if (!HasReady && _rotation is { Count: > 0 })
        {
            while (next < batch.Count && NextConsumer() is { } consumer)
            {
                var run = new DeliveryRun(this, batch, next, batch.Count, isLastQueue, RunLimit(consumer));
                bool canTakeMore = consumer.Take(ref run, turn);
                next = run.Next;
                Rotate(consumer, canTakeMore);
            }
        }

        return next;
    }

    private void Deliver(Turn turn)
    {
        if (_more is not { } more)
        {
            DeliverReady(turn);
            _journal?.Flush();
            return;
        }

        BeginWork(more);
        DeliverReady(turn);
        EndWork(more);
    }

    private void DeliverReady(Turn turn)
    {
        if (_more is { Walks: not null } more)
        {
            DeliverWalked(more, turn);
        }
        else
        {
            while (HasDeliverable() && NextConsumer() is { } consumer)
            {
                var run = new DeliveryRun(this, RunLimit(consumer));
                Rotate(consumer, consumer.Take(ref run, turn));
            }
        }

        if (_pages is { } pages)
        {
            ReadAhead(pages);
        }
    }

    private QueuedMessage TakeOldest()
    {
        if (_more is null)
        {
            return _line.Take(0);
        }

        return TakeOldest(_more);
    }

    private QueuedMessage AfterReturn(in QueuedMessage message, Outcome outcome, uint group)
    {
        int deliveryCount = Math.Min(message.DeliveryCount + (outcome == Outcome.Release ? 0 : 1), ushort.MaxValue);
        var returned = message with { Redelivered = true, DeliveryCount = (ushort)deliveryCount };
        if (!message.Stored.IsNone && returned != message)
        {
            _journal!.Update(in returned, group);
        }

        return returned;
    }
}
