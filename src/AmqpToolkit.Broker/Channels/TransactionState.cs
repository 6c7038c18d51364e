using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Channels;

/// <summary>What a transactional channel holds back until tx.commit (0-9-1 class tx). Used by the connection's reader.</summary>
internal sealed class TransactionState
{
    private readonly HashSet<ulong> _settledTags = [];

    /// <summary>Stored messages, each with one reference that the list holds.</summary>
    public List<MessageRef> Publishes { get; } = [];

    /// <summary>Settlements in order.</summary>
    public List<(ulong DeliveryTag, Outcome Outcome)> Settlements { get; } = [];

    /// <summary>Whether a queue did not take a message of it.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Whether there is nothing to commit.</summary>
    public bool IsEmpty => Publishes.Count == 0 && Settlements.Count == 0;

    /// <summary>Holds a settlement back.</summary>
    /// <returns>False when the delivery is settled in this transaction already.</returns>
    public bool TrySettle(ulong deliveryTag, Outcome outcome)
    {
        if (!_settledTags.Add(deliveryTag))
        {
            return false;
        }

        Settlements.Add((deliveryTag, outcome));
        return true;
    }

    /// <summary>Hands the messages over, one after the other: each is the caller's once it has got it.</summary>
    public IEnumerable<MessageRef> TakePublishes()
    {
        int taken = 0;
        try
        {
            foreach (var message in Publishes)
            {
                taken++;
                yield return message;
            }
        }
        finally
        {
            Publishes.RemoveRange(0, taken);
        }
    }

    /// <summary>Begins anew; the messages are the caller's.</summary>
    public void Clear()
    {
        Publishes.Clear();
        Settlements.Clear();
        _settledTags.Clear();
        IsRefused = false;
    }
}
