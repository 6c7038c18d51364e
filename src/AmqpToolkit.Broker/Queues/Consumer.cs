namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Somebody who takes a queue's messages, of whatever edition: the adapter knows credit, tags and frames, the queue knows when it is
/// its turn. The members here are used under the queue's lock.
/// </summary>
internal abstract class Consumer(MessageQueue queue)
{
    /// <summary>Where its messages come from.</summary>
    public MessageQueue Queue { get; } = queue;

    /// <summary>Whether it stands in the queue's rotation of consumers that can take something.</summary>
    public bool IsInRotation { get; set; }

    /// <summary>Whether it was taken off the queue.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>Whether its connection knows that it waits for room. Under the gate of the output.</summary>
    public bool IsStalled { get; set; }

    /// <summary>Deliveries that it has not settled.</summary>
    public int UnsettledCount { get; set; }

    /// <summary>What it gets from a stream, and from where on.</summary>
    public virtual StreamReading StreamReading => default;

    /// <summary>What gives it the messages of a stream; null at any other queue.</summary>
    public StreamFeed? Feed { get; set; }

    /// <summary>Its own way through the queue; null when it takes messages in turn.</summary>
    public QueueWalk? Walk { get; set; }

    /// <summary>Whether it is worth looking for a message for it. When it is not, and that changes, it resumes in any case.</summary>
    public virtual bool MayWant => true;

    /// <summary>Whether nobody else may consume from the queue.</summary>
    public abstract bool IsExclusive { get; }

    /// <summary>Consumers of a higher priority are served first, as long as they can take something.</summary>
    public virtual long Priority => 0;

    /// <summary>
    /// Takes as many messages of <paramref name="run"/> as it has credit and room for, in order. Under the queue's lock; may take the
    /// lock of its own output, and no other.
    /// </summary>
    /// <returns>
    /// True when it could take more: it stays in the rotation. False when it could not: it has made sure that
    /// <see cref="MessageQueue.Resume"/> is called once that changes.
    /// </returns>
    public abstract bool Take(ref DeliveryRun run, Turn turn);

    /// <summary>Nothing is left for it in the queue, as it may have wanted to hear (<see cref="MessageQueue.Drain"/>). Under the queue's lock.</summary>
    public virtual void HandleDrained(Turn turn)
    {
    }

    /// <summary>What it wanted to have, or to hear that it is not there, was on the disk alone, and is in memory now. Outside the queue's lock.</summary>
    public virtual void HandleReadBack(Turn turn)
    {
    }

    /// <summary>Its output has room again. Outside every lock.</summary>
    public virtual void HandleRoom(Turn turn) => Queue.Resume(this, turn);

    /// <summary>The queue is gone, and with it the consumer. Outside the queue's lock.</summary>
    public abstract void HandleQueueDeleted(Turn turn);
}
