namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What is told apart of messages that were there before the broker was, beside the list of the messages themselves: their places, since what others
/// have settled has left gaps, and how often they failed. One entry stands for a run of equals without a gap. Used under the queue's lock.
/// </summary>
/// <param name="handedOutBelow">Places below which a message may have been handed out: a broker that had it ended without a word.</param>
internal sealed class RestoredRuns(ulong handedOutBelow)
{
    private readonly RunList<(ulong Position, ushort DeliveryCount)> _runs = new();
    private ulong _returnedBelow;

    /// <summary>Whether nothing is left.</summary>
    public bool IsEmpty => _runs.Count == 0;

    /// <summary>Whether the oldest message, if there is one, came back from a consumer.</summary>
    public bool IsHeadReturned => !IsEmpty && At(0).Position < _returnedBelow;

    /// <summary>Adds a message; places rise.</summary>
    public void Add(in QueuedMessage message)
    {
        if (message.Redelivered)
        {
            _returnedBelow = message.Position + 1;
        }

        if (_runs.HasEntry && _runs.Last.Value is var (position, count) && position + _runs.LastCount == message.Position && count == message.DeliveryCount)
        {
            _runs.Lengthen();
        }
        else
        {
            _runs.Add((message.Position, message.DeliveryCount), 1);
        }
    }

    /// <summary>What is known of the oldest message; there is one.</summary>
    public (ulong Position, bool IsRedelivered, ushort DeliveryCount) Peek() => At(0);

    /// <summary>Whether a message is one of them.</summary>
    /// <param name="index">Messages before it.</param>
    public bool Has(int index) => (ulong)index < _runs.Count;

    /// <summary>What is known of a message.</summary>
    /// <param name="index">Messages before it.</param>
    public (ulong Position, bool IsRedelivered, ushort DeliveryCount) At(int index)
    {
        var (first, count) = _runs.At(index).Value;
        ulong position = first + _runs.OffsetOf(index);
        return (position, position < handedOutBelow || position < _returnedBelow, count);
    }

    /// <summary>Takes the oldest message; there is one.</summary>
    public (ulong Position, bool IsRedelivered, ushort DeliveryCount) Take()
    {
        var taken = Peek();
        _runs.Take();
        return taken;
    }

    /// <summary>Passes over messages that are not there any more, from the oldest on.</summary>
    public void Skip(int count) => _runs.Take((int)Math.Min((ulong)count, _runs.Count));
}
