namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// The deadlines of messages in a row, beside the list of the messages themselves. What arrives together mostly ends together, so that one
/// entry stands for a run of messages. Used under the queue's lock.
/// </summary>
internal sealed class DeadlineRuns
{
    private readonly RunList<long> _runs = new();

    /// <summary>Forgets all, and begins with messages that have no deadline.</summary>
    public void Begin(int without)
    {
        _runs.Clear();
        _runs.Add(QueuedMessage.Never, without);
    }

    /// <summary>The deadline of the oldest message; there is one.</summary>
    public long Peek() => _runs.At(0).Value;

    /// <summary>That of another.</summary>
    /// <param name="index">How many are before it.</param>
    public long At(int index) => _runs.At(index).Value;

    /// <summary>Adds a message.</summary>
    public void Add(long deadline)
    {
        if (!_runs.HasEntry || _runs.Last.Value != deadline)
        {
            _runs.Add(deadline, 1);
        }
        else
        {
            _runs.Lengthen();
        }
    }

    /// <summary>Takes the oldest message; there is one.</summary>
    /// <returns>Its deadline.</returns>
    public long Take()
    {
        long deadline = Peek();
        _runs.Take();
        return deadline;
    }

    /// <summary>Passes over messages that are not there any more, from the oldest on.</summary>
    public void Skip(int count) => _runs.Take(count);

    /// <summary>Forgets messages in a row that are not there any more.</summary>
    /// <param name="index">How many are before them.</param>
    /// <param name="count">How many they are.</param>
    public void Forget(int index, int count) => _runs.Forget(index, count);
}
