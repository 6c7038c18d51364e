using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <summary>What gives one consumer its messages in an order of its own: a stream's feed, or a walk through a queue. Used under the lock that stands in the queue's place.</summary>
internal interface IMessageSource
{
    /// <summary>Whether a message is at hand that the consumer wants.</summary>
    bool HasMessage { get; }

    /// <summary>The message at hand as it came, and what there is to tell of it.</summary>
    MessageContent Peek(out DeliveryInfo info);

    /// <summary>The message at hand is taken for good.</summary>
    void TakeAccepted();

    /// <summary>The message at hand is taken, and will be settled; the consumer's count is the caller's.</summary>
    Unsettled TakeUnsettled();
}
