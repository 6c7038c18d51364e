using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages that a queue offers to one consumer, in order: those that wait in the queue, those of a publisher's batch that need
/// not wait, or those of a source of the consumer's own. Lives on the stack, under the queue's lock.
/// </summary>
internal ref struct DeliveryRun
{
    private readonly MessageQueue _queue;
    private readonly IncomingBatch? _batch;
    private readonly IMessageSource? _source;
    private readonly bool _isLastQueue;
    private readonly int _end;
    private int _left;

    /// <summary>Offers messages of <paramref name="batch"/> from <paramref name="next"/> on.</summary>
    public DeliveryRun(MessageQueue queue, IncomingBatch batch, int next, int end, bool isLastQueue, int limit)
    {
        _queue = queue;
        _batch = batch;
        _isLastQueue = isLastQueue;
        _end = end;
        _left = limit;
        Next = next;
    }

    /// <summary>Offers what waits in the queue.</summary>
    public DeliveryRun(MessageQueue queue, int limit)
    {
        _queue = queue;
        _left = limit;
    }

    /// <summary>Offers what a stream has for its reader, or a queue for one who does not take messages in turn.</summary>
    public DeliveryRun(MessageQueue queue, IMessageSource source, int limit = int.MaxValue)
    {
        _queue = queue;
        _source = source;
        _left = limit;
    }

    /// <summary>The batch's first message that was not taken.</summary>
    public int Next { get; private set; }

    /// <summary>Whether there is a message to take.</summary>
    public readonly bool HasMessage => _left > 0 && (_batch is not null ? Next < _end : _source is null ? _queue.HasDeliverable() : _source.HasMessage);

    /// <summary>The message to take, and whether it was handed out before.</summary>
    public readonly MessageContent Peek(out bool isRedelivered)
    {
        if (_batch is not null)
        {
            isRedelivered = false;
            return _batch[Next];
        }

        if (_source is not null)
        {
            var content = _source.Peek(out var info);
            isRedelivered = info.IsRedelivered;
            return content;
        }

        return _queue.PeekReady(out isRedelivered);
    }

    /// <summary>The message to take as it came, and what there is to tell of it.</summary>
    public readonly MessageContent PeekAsItCame(out DeliveryInfo info)
    {
        if (_batch is not null)
        {
            info = DeliveryInfo.New;
            return _batch[Next];
        }

        if (_source is not null)
        {
            return _source.Peek(out info);
        }

        return _queue.PeekReady(out info);
    }

    /// <summary>Takes the message for good: it needs no settlement. To be called when its octets were copied.</summary>
    public void TakeAccepted()
    {
        _left--;
        if (_batch is not null)
        {
            _queue.PassAccepted(_batch, Next++);
        }
        else if (_source is not null)
        {
            _source.TakeAccepted();
        }
        else
        {
            _queue.DropReady();
        }
    }

    /// <summary>Takes the message until it is settled.</summary>
    public Unsettled TakeUnsettled(Consumer consumer)
    {
        _left--;
        consumer.UnsettledCount++;
        return _batch is not null
            ? _queue.PassUnsettled(consumer, _batch, Next++, _isLastQueue)
            : _source is not null ? _source.TakeUnsettled()
            : _queue.TakeReady(consumer);
    }
}
