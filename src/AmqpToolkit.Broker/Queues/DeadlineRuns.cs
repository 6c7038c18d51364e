namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// The deadlines of messages in a row, beside the list of the messages themselves. What arrives together mostly ends together, so that one
/// entry stands for a run of messages. Used under the queue's lock.
/// </summary>
internal sealed class DeadlineRuns
{
    private readonly Queue<Run> _runs = new();
    private Run _first;
    private Run _last;

    /// <summary>Forgets all, and begins with messages that have no deadline.</summary>
    public void Begin(int without)
    {
        _runs.Clear();
        _first = new Run(QueuedMessage.Never, without);
        _last = default;
    }

    /// <summary>The deadline of the oldest message; there is one.</summary>
    public long Peek()
    {
        Settle();
        return _first.Deadline;
    }

    /// <summary>Adds a message.</summary>
    public void Add(long deadline)
    {
        if (_last.Count > 0 && _last.Deadline == deadline)
        {
            _last = _last with { Count = _last.Count + 1 };
            return;
        }

        if (_last.Count > 0)
        {
            _runs.Enqueue(_last);
        }

        _last = new Run(deadline, 1);
    }

    /// <summary>Takes the oldest message; there is one.</summary>
    /// <returns>Its deadline.</returns>
    public long Take()
    {
        Settle();
        _first = _first with { Count = _first.Count - 1 };
        return _first.Deadline;
    }

    /// <summary>Brings the run with the oldest message to the front.</summary>
    private void Settle()
    {
        while (_first.Count == 0)
        {
            if (!_runs.TryDequeue(out _first))
            {
                _first = _last;
                _last = default;
                return;
            }
        }
    }

    private readonly record struct Run(long Deadline, int Count);
}
