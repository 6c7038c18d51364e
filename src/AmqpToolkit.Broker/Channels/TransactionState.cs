using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Channels;

/// <summary>
/// What a transactional channel holds back until tx.commit (0-9-1 class tx). Changed by the connection's reader; which deliveries are settled in it
/// stands under the gate of the connection's output, where others ask.
/// </summary>
internal sealed class TransactionState
{
    private readonly HashSet<ulong> _heldTags = [];

    /// <summary>Stored messages, each with one reference that the list holds.</summary>
    public List<MessageRef> Publishes { get; } = [];

    /// <summary>Settlements in order.</summary>
    public List<(ulong DeliveryTag, Outcome Outcome)> Settlements { get; } = [];

    /// <summary>Whether a queue did not take a message of it.</summary>
    public bool IsRefused { get; set; }

    /// <summary>Whether there is nothing to commit.</summary>
    public bool IsEmpty => Publishes.Count == 0 && Settlements.Count == 0;

    /// <summary>Whether the delivery is settled in this transaction: nobody can settle it again, and it goes nowhere before the transaction's end.</summary>
    public bool Holds(ulong deliveryTag) => _heldTags.Contains(deliveryTag);

    /// <summary>Holds a settlement back, if the delivery is not settled in this transaction already.</summary>
    public void Settle(ulong deliveryTag, Outcome outcome)
    {
        if (_heldTags.Add(deliveryTag))
        {
            Settlements.Add((deliveryTag, outcome));
        }
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

    /// <summary>Begins anew; the messages are the caller's. Under the output's gate.</summary>
    public void Clear()
    {
        Publishes.Clear();
        Settlements.Clear();
        _heldTags.Clear();
        IsRefused = false;
    }
}
