namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// What is told apart of messages that were there before the broker was, beside the list of the messages themselves: their places, since what others
/// have settled has left gaps, and how often they failed. One entry stands for a run of equals without a gap. Used under the queue's lock.
/// </summary>
/// <param name="handedOutBelow">Places below which a message may have been handed out: a broker that had it ended without a word.</param>
internal sealed class RestoredRuns(ulong handedOutBelow)
{
    private readonly Queue<Run> _runs = new();
    private Run _first;
    private Run _last;
    private ulong _returnedBelow;

    /// <summary>Whether nothing is left.</summary>
    public bool IsEmpty => _first.Count == 0 && _last.Count == 0 && _runs.Count == 0;

    /// <summary>Whether the oldest message, if there is one, came back from a consumer.</summary>
    public bool IsHeadReturned => !IsEmpty && Head().Position < _returnedBelow;

    /// <summary>Adds a message; places rise.</summary>
    public void Add(in QueuedMessage message)
    {
        if (message.Redelivered)
        {
            _returnedBelow = message.Position + 1;
        }

        if (_last.Count > 0 && _last.Position + _last.Count == message.Position && _last.DeliveryCount == message.DeliveryCount)
        {
            _last = _last with { Count = _last.Count + 1 };
            return;
        }

        if (_last.Count > 0)
        {
            _runs.Enqueue(_last);
        }

        _last = new Run(message.Position, 1, message.DeliveryCount);
    }

    /// <summary>What is known of the oldest message; there is one.</summary>
    public (ulong Position, bool IsRedelivered, ushort DeliveryCount) Peek()
    {
        ref readonly var head = ref Head();
        return (head.Position, head.Position < handedOutBelow || head.Position < _returnedBelow, head.DeliveryCount);
    }

    /// <summary>Takes the oldest message; there is one.</summary>
    public (ulong Position, bool IsRedelivered, ushort DeliveryCount) Take()
    {
        var taken = Peek();
        _first = _first with { Position = _first.Position + 1, Count = _first.Count - 1 };
        return taken;
    }

    private ref readonly Run Head()
    {
        if (_first.Count == 0 && !_runs.TryDequeue(out _first))
        {
            (_first, _last) = (_last, default);
        }

        return ref _first;
    }

    private readonly record struct Run(ulong Position, uint Count, ushort DeliveryCount);
}
