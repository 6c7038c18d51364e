using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Broker.Queues;

/// <summary>Consumers that can take something: in turn among those of one priority (x-priority), the higher priorities first. Used under the queue's lock.</summary>
internal sealed class ConsumerRotation
{
    private readonly Queue<Consumer> _usual = new(2);

    /// <summary>Those with a priority other than 0, the highest first.</summary>
    private List<Level>? _others;

    public int Count { get; private set; }

    public void Enqueue(Consumer consumer)
    {
        Count++;
        (consumer.Priority == 0 ? _usual : OfPriority(consumer.Priority)).Enqueue(consumer);
    }

    /// <summary>Takes the consumer out whose turn it is.</summary>
    public bool TryDequeue([MaybeNullWhen(false)] out Consumer consumer)
    {
        if (_others is null ? _usual.TryDequeue(out consumer) : TryDequeueHighest(out consumer))
        {
            Count--;
            return true;
        }

        return false;
    }

    /// <summary>How many of the same priority wait for their turn.</summary>
    public int CountBeside(Consumer consumer) => consumer.Priority == 0 ? _usual.Count : OfPriority(consumer.Priority).Count;

    private bool TryDequeueHighest([MaybeNullWhen(false)] out Consumer consumer)
    {
        bool isUsualTried = false;
        foreach (var level in _others!)
        {
            if (level.Priority < 0 && !isUsualTried)
            {
                isUsualTried = true;
                if (_usual.TryDequeue(out consumer))
                {
                    return true;
                }
            }

            if (level.Consumers.TryDequeue(out consumer))
            {
                return true;
            }
        }

        if (!isUsualTried)
        {
            return _usual.TryDequeue(out consumer);
        }

        consumer = null;
        return false;
    }

    private Queue<Consumer> OfPriority(long priority)
    {
        var others = _others ??= [];
        int at = others.FindIndex(level => level.Priority <= priority);
        if (at >= 0 && others[at].Priority == priority)
        {
            return others[at].Consumers;
        }

        // A consumer that is gone leaves an empty level: they are swept when another comes, so that they cannot grow in number.
        others.RemoveAll(static level => level.Consumers.Count == 0);
        at = others.FindIndex(level => level.Priority <= priority);
        var added = new Level(priority, new Queue<Consumer>(2));
        others.Insert(at < 0 ? others.Count : at, added);
        return added.Consumers;
    }

    private sealed record Level(long Priority, Queue<Consumer> Consumers);
}
