namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// The places of messages that were there before the broker was: beside the list of the messages themselves, since what others have settled has
/// left gaps. One entry stands for a run without a gap. Used under the queue's lock.
/// </summary>
internal sealed class RestoredRuns
{
    private readonly Queue<Run> _runs = new();
    private Run _first;
    private Run _last;

    /// <summary>Whether nothing is left.</summary>
    public bool IsEmpty => _first.Count == 0 && _last.Count == 0 && _runs.Count == 0;

    /// <summary>Whether the messages may have been handed out before: the broker did not stop in order.</summary>
    public bool MayBeRedelivered { get; init; }

    /// <summary>Adds a message; places rise.</summary>
    public void Add(ulong position)
    {
        if (_last.Count > 0 && _last.Position + _last.Count == position)
        {
            _last = _last with { Count = _last.Count + 1 };
            return;
        }

        if (_last.Count > 0)
        {
            _runs.Enqueue(_last);
        }

        _last = new Run(position, 1);
    }

    /// <summary>Takes the oldest message; there is one.</summary>
    /// <returns>Its place.</returns>
    public ulong Take()
    {
        while (_first.Count == 0)
        {
            if (!_runs.TryDequeue(out _first))
            {
                (_first, _last) = (_last, default);
            }
        }

        ulong position = _first.Position;
        _first = new Run(position + 1, _first.Count - 1);
        return position;
    }

    private readonly record struct Run(ulong Position, uint Count);
}
