namespace AmqpToolkit.Broker.Queues;

/// <summary>What became of a delivery, for every edition (AMQP 1.0 section 3.4; 0-9-1 basic.ack, nack, reject, recover).</summary>
internal enum Outcome : byte
{
    /// <summary>Done with: it leaves the queue.</summary>
    Accept,

    /// <summary>Back to its place, as if it had not been tried.</summary>
    Release,

    /// <summary>Back to its place, and the attempt counts as failed.</summary>
    Fail,

    /// <summary>It leaves the queue as undeliverable.</summary>
    Reject,

    /// <summary>Back to its place, but not for the consumer that gave it back.</summary>
    UndeliverableHere,
}
