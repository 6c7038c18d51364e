using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// A queue: messages, consumers, credit and outcomes, and no protocol. One lock; whoever holds it (a publisher's reader, an
/// acker's reader, a sender whose output has drained) runs the queue's code for a whole batch. Lock order: topology, queue,
/// a consumer's output; never two queues at once.
/// </summary>
/// <remarks>
/// Messages lie in <c>ready</c> in the order of arrival, and in <c>returned</c>, by their position, when a consumer gave them back:
/// everything returned is older than everything ready, so it goes first.
/// </remarks>
internal sealed class MessageQueue : BindingDestination
{
    private readonly Lock _gate = new();
    private readonly MessageArena _arena;
    private ReadyList _ready;
    private ReadyList? _droppedReady;
    private PriorityQueue<QueuedMessage, ulong>? _droppedReturned;
    private PriorityQueue<QueuedMessage, ulong>? _returned;
    private Queue<Consumer>? _rotation;
    private List<Consumer>? _consumers;
    private List<Consumer>? _orphans;
    private ulong _nextPosition;
    private bool _hadConsumer;
    private bool _isDeleted;

    public MessageQueue(VirtualHost virtualHost, QueueDefinition definition)
        : base(definition.Name)
    {
        VirtualHost = virtualHost;
        Definition = definition;
        _arena = virtualHost.Arena;
        _ready = new ReadyList(_arena);
    }

    public VirtualHost VirtualHost { get; }

    public QueueDefinition Definition { get; }

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
    public uint ReadyCount
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
    public uint ConsumerCount
    {
        get
        {
            lock (_gate)
            {
                return ConsumersUnlocked;
            }
        }
    }

    /// <summary>Whether a message waits. Under the lock.</summary>
    internal bool HasReady => _ready.Count > 0 || _returned is { Count: > 0 };

    private uint ReadyUnlocked => (uint)(_ready.Count + (_returned?.Count ?? 0));

    private uint ConsumersUnlocked => (uint)(_consumers?.Count ?? 0);

    /// <summary>Takes a batch of published messages: straight to consumers as far as they can take them, the rest is kept.</summary>
    /// <param name="batch">The messages.</param>
    /// <param name="isLastQueue">Whether no other queue gets this batch after this one.</param>
    /// <param name="turn">Whose thread it is.</param>
    public void Publish(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        lock (_gate)
        {
            if (_isDeleted)
            {
                return;
            }

            int next = 0;
            if (!HasReady && _rotation is { Count: > 0 })
            {
                while (next < batch.Count && NextConsumer() is { } consumer)
                {
                    var run = new DeliveryRun(this, batch, next, batch.Count, isLastQueue, RunLimit);
                    bool canTakeMore = consumer.Take(ref run, turn);
                    next = run.Next;
                    Rotate(consumer, canTakeMore);
                }
            }

            for (; next < batch.Count; next++)
            {
                _ready.Add(batch.Take(next, isLastQueue));
                _nextPosition++;
            }
        }
    }

    /// <summary>Settles deliveries of this queue, all with the same outcome.</summary>
    public void Settle(ReadOnlySpan<Unsettled> deliveries, Outcome outcome, Turn turn)
    {
        lock (_gate)
        {
            bool goesBack = outcome is Outcome.Release or Outcome.Fail or Outcome.UndeliverableHere && !_isDeleted;
            foreach (ref readonly var delivery in deliveries)
            {
                if (delivery.Consumer is { } consumer)
                {
                    consumer.UnsettledCount--;
                    Join(consumer);
                }

                if (goesBack && !_isDeleted)
                {
                    GiveBack(delivery.Message, outcome);
                }
                else
                {
                    _arena.Release(delivery.Message.Message);
                }
            }

            Deliver(turn);
        }
    }

    /// <summary>Lets a consumer that was turned away try again.</summary>
    public void Resume(Consumer consumer, Turn turn)
    {
        lock (_gate)
        {
            Join(consumer);
            Deliver(turn);
        }
    }

    /// <summary>Adds a consumer; what waits is delivered to it after <paramref name="onAdded"/> has told the client.</summary>
    /// <returns>False when it cannot be: exclusivity stands against it, or the queue is gone.</returns>
    public bool TryAddConsumer(Consumer consumer, Turn turn, Action<Consumer> onAdded)
    {
        lock (_gate)
        {
            if (_isDeleted || (consumer.IsExclusive && ConsumersUnlocked > 0) || _consumers is [{ IsExclusive: true }, ..])
            {
                return false;
            }

            (_consumers ??= []).Add(consumer);
            _hadConsumer = true;
            onAdded(consumer);
            Join(consumer);
            Deliver(turn);
            return true;
        }
    }

    /// <summary>Takes a consumer off; nothing more is delivered to it. What it has not settled stays unsettled.</summary>
    /// <returns>Whether the queue is to delete itself now.</returns>
    public bool RemoveConsumer(Consumer consumer)
    {
        lock (_gate)
        {
            if (consumer.IsCancelled || _consumers is null || !_consumers.Remove(consumer))
            {
                return false;
            }

            consumer.IsCancelled = true;
            return Definition.AutoDelete && _consumers.Count == 0 && !_isDeleted;
        }
    }

    /// <summary>Takes the next message for one who asked for it.</summary>
    /// <param name="message">The message; the caller holds its reference.</param>
    /// <param name="left">Messages that wait behind it.</param>
    public bool TryGet(out QueuedMessage message, out uint left)
    {
        lock (_gate)
        {
            if (!HasReady || _isDeleted)
            {
                message = default;
                left = 0;
                return false;
            }

            message = TakeOldest();
            left = ReadyUnlocked;
            return true;
        }
    }

    /// <summary>Drops what waits.</summary>
    /// <returns>How many messages there were.</returns>
    public uint Purge()
    {
        lock (_gate)
        {
            return PurgeUnlocked();
        }
    }

    /// <summary>Closes the queue unless a condition stands against it. Under the topology lock; then call <see cref="FinishClose"/> outside it.</summary>
    public QueueCloseOutcome TryClose(bool ifUnused, bool ifEmpty, out uint messageCount)
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
            _droppedReady = _ready;
            _droppedReturned = _returned;
            _ready = new ReadyList(_arena);
            _returned = null;
            _orphans = _consumers;
            _consumers = null;
            _rotation = null;
            _isDeleted = true;
            return QueueCloseOutcome.Closed;
        }
    }

    /// <summary>Tells the consumers of a closed queue, and gives its messages back. Outside every lock.</summary>
    public void FinishClose(Turn turn)
    {
        List<Consumer>? orphans;
        ReadyList? ready;
        PriorityQueue<QueuedMessage, ulong>? returned;
        lock (_gate)
        {
            (orphans, ready, returned) = (_orphans, _droppedReady, _droppedReturned);
            _orphans = null;
            _droppedReady = null;
            _droppedReturned = null;
            foreach (var consumer in orphans ?? [])
            {
                consumer.IsCancelled = true;
            }
        }

        foreach (var consumer in orphans ?? [])
        {
            consumer.HandleQueueDeleted(turn);
        }

        ready?.Drop();
        while (returned is not null && returned.TryDequeue(out var message, out _))
        {
            _arena.Release(message.Message);
        }
    }

    /// <summary>The oldest message. Under the lock; something waits.</summary>
    internal MessageContent PeekReady(out bool isRedelivered)
    {
        if (_returned is { Count: > 0 } returned)
        {
            var message = returned.Peek();
            isRedelivered = message.Redelivered;
            return _arena.Read(message.Message);
        }

        isRedelivered = false;
        return _arena.Read(_ready.Peek());
    }

    /// <summary>Drops the oldest message. Under the lock.</summary>
    internal void DropReady() => _arena.Release(TakeOldest().Message);

    /// <summary>Hands the oldest message out. Under the lock.</summary>
    internal Unsettled TakeReady(Consumer consumer) => new(this, consumer, TakeOldest());

    /// <summary>Hands a message out that never waited. Under the lock.</summary>
    internal Unsettled PassUnsettled(Consumer consumer, MessageRef message) =>
        new(this, consumer, new QueuedMessage(message, _nextPosition++, 0, Redelivered: false));

    /// <summary>Counts a message that went through without waiting. Under the lock.</summary>
    internal void CountPassing() => _nextPosition++;

    /// <summary>One after the other where several consumers take turns; all at once where there is one.</summary>
    private int RunLimit => _rotation!.Count == 0 ? int.MaxValue : 1;

    private void Deliver(Turn turn)
    {
        while (HasReady && NextConsumer() is { } consumer)
        {
            var run = new DeliveryRun(this, RunLimit);
            Rotate(consumer, consumer.Take(ref run, turn));
        }
    }

    private Consumer? NextConsumer()
    {
        while (_rotation is not null && _rotation.TryDequeue(out var consumer))
        {
            if (!consumer.IsCancelled)
            {
                return consumer;
            }

            consumer.IsInRotation = false;
        }

        return null;
    }

    private void Rotate(Consumer consumer, bool canTakeMore)
    {
        if (canTakeMore)
        {
            _rotation!.Enqueue(consumer);
        }
        else
        {
            consumer.IsInRotation = false;
        }
    }

    private void Join(Consumer consumer)
    {
        if (!consumer.IsInRotation && !consumer.IsCancelled && !_isDeleted)
        {
            consumer.IsInRotation = true;
            (_rotation ??= new Queue<Consumer>(2)).Enqueue(consumer);
        }
    }

    private QueuedMessage TakeOldest()
    {
        if (_returned is { Count: > 0 } returned)
        {
            var oldest = returned.Dequeue();
            if (returned.Count == 0)
            {
                // What came back in great numbers leaves a great table: it is not kept.
                _returned = null;
            }

            return oldest;
        }

        // Everything ready lies in a row behind the last position that was handed out.
        ulong position = _nextPosition - (ulong)_ready.Count;
        return new QueuedMessage(_ready.Take(), position, 0, Redelivered: false);
    }

    private void GiveBack(QueuedMessage message, Outcome outcome)
    {
        int failures = message.DeliveryCount + (outcome == Outcome.Release ? 0 : 1);
        (_returned ??= new PriorityQueue<QueuedMessage, ulong>()).Enqueue(
            message with { Redelivered = true, DeliveryCount = failures }, message.Position);
    }

    private uint PurgeUnlocked()
    {
        uint count = 0;
        for (; HasReady; count++)
        {
            DropReady();
        }

        return count;
    }
}
