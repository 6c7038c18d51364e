using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages that wait in one order: a queue's, or those of one priority. They lie in <c>ready</c> in the order of arrival, and in <c>returned</c>, by
/// their position, when a consumer gave them back: everything returned is older than everything ready, so it goes first, unless somebody takes messages before their turn. Used under the queue's lock.
/// </summary>
/// <param name="arena">Where the messages lie.</param>
/// <param name="firstPosition">The first place: where there is a journal, one that was never used before.</param>
internal sealed partial class MessageLine(MessageArena arena, ulong firstPosition = 0)
{
    private ReadyList _ready = new(arena);
    private ReturnedMessages? _returned;
    private DeadlineRuns? _deadlines;
    private RestoredRuns? _restored;
    private int _readyDeadlines;
    private int _returnedDeadlines;
    private readonly ulong _firstPosition = firstPosition;
    private ulong _nextPosition = firstPosition;

    /// <summary>Whether no message has ever come.</summary>
    public bool IsUnused => _nextPosition == _firstPosition;

    public int Count => _ready.Count + (_returned?.Count ?? 0);

    public bool HasMessage => _ready.PlaceCount > 0 || _returned is { Count: > 0 };

    /// <summary>Whether a message waits that a consumer gave back.</summary>
    public bool HasReturned => _returned is { Count: > 0 } || _restored is { IsHeadReturned: true };

    /// <summary>The place of the next message.</summary>
    public ulong NextPosition => _nextPosition;

    /// <summary>Whether a message waits that may not wait for ever.</summary>
    public bool HasDeadlines => _readyDeadlines + _returnedDeadlines > 0;

    /// <summary>Adds the youngest message, which may wait for ever.</summary>
    public void Add(MessageRef message)
    {
        _ready.Add(message);
        _nextPosition++;
        if (_readyDeadlines > 0)
        {
            _deadlines!.Add(QueuedMessage.Never);
        }
    }

    /// <summary>Adds the youngest message with a deadline, and with its name in the journal if it is there.</summary>
    public void Add(MessageRef message, long deadline, StoredMessage stored = default)
    {
        AddReady(message, deadline, stored);
        _nextPosition++;
    }

    /// <summary>
    /// Puts a message back that was there before the broker was. Places rise from call to call. One that came back from a consumer is followed by
    /// none older, so that all before it were handed out, too.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="handedOutBelow">Places below which a message may have been handed out.</param>
    public void Restore(in QueuedMessage message, ulong handedOutBelow)
    {
        _nextPosition = Math.Max(_nextPosition, message.Position + 1);
        (_restored ??= new RestoredRuns(handedOutBelow)).Add(in message);
        AddReady(message.Message, message.Deadline, message.Stored);
    }

    /// <summary>The place of a message that does not wait here.</summary>
    public ulong Pass() => _nextPosition++;

    /// <summary>Puts a message back in its place.</summary>
    public void Return(in QueuedMessage message)
    {
        (_returned ??= new ReturnedMessages(_isWalked)).Add(in message);
        CountReturned(in message, 1);
        if (message.Deadline != QueuedMessage.Never)
        {
            _returnedDeadlines++;
        }
    }

    /// <summary>The oldest message; there is one.</summary>
    public MessageRef Peek(out bool isRedelivered, out int deliveryCount)
    {
        if (_returned is { Count: > 0 } returned && IsReturnedNext(returned))
        {
            var message = returned.Peek();
            isRedelivered = message.Redelivered;
            deliveryCount = message.DeliveryCount;
            return message.Message;
        }

        isRedelivered = false;
        deliveryCount = 0;
        if (_restored is { } restored)
        {
            (_, isRedelivered, deliveryCount) = restored.Peek();
        }

        return _ready.Peek();
    }

    /// <summary>When the oldest message's time is over; there is a message.</summary>
    public long PeekDeadline() =>
        _returned is { Count: > 0 } returned && IsReturnedNext(returned) ? returned.Peek().Deadline : _readyDeadlines > 0 ? _deadlines!.Peek() : QueuedMessage.Never;

    /// <summary>Takes the oldest message; there is one.</summary>
    public QueuedMessage Take(byte priority)
    {
        if (_returned is { Count: > 0 } returned && IsReturnedNext(returned))
        {
            returned.TryTake(out var oldest);
            HandleReturnedTaken(in oldest);
            return oldest;
        }

        return TakeReady(priority);
    }

    /// <summary>Takes the oldest message when nobody has to know anything of it but where it lies; there is a message.</summary>
    /// <returns>False when more is known of it: nothing was taken.</returns>
    public bool TryTakeReady(out MessageRef message)
    {
        if (_returned is not null || _restored is not null || _readyDeadlines > 0)
        {
            message = default;
            return false;
        }

        message = _ready.Take(out _);
        return true;
    }

    /// <summary>Takes the oldest message if there is one, whatever will become of it.</summary>
    public bool TryTake(byte priority, out QueuedMessage message)
    {
        bool isThere = HasMessage;
        message = isThere ? Take(priority) : default;
        return isThere;
    }

    /// <summary>
    /// Begins to count the octets of bodies: what comes from now on is the caller's to count. What was returned is counted at once: it came under one
    /// taking of the lock, and is counted under one.
    /// </summary>
    /// <returns>The octets of what was returned.</returns>
    public long BeginCount()
    {
        _ready.BeginCount();
        long octets = 0;
        foreach (var message in _returned?.All ?? [])
        {
            octets += arena.BodyOctetsOf(message.Message);
        }

        return octets;
    }

    /// <summary>Goes on to count, from the oldest message to the youngest.</summary>
    /// <param name="budget">Messages that may be looked at; less those that were.</param>
    /// <returns>Octets of their bodies.</returns>
    public long CountOctets(ref int budget) => _ready.CountOctets(ref budget);

    /// <summary>Whether the body of the oldest message is counted.</summary>
    public bool IsHeadCounted() => (_returned is { Count: > 0 } returned && IsReturnedNext(returned)) || _ready.IsHeadCounted();

    /// <summary>Takes everything out, in a line of its own; places go on rising here.</summary>
    public MessageLine TakeAll()
    {
        var all = new MessageLine(arena, _nextPosition) { _ready = _ready, _returned = _returned, _restored = _restored, _isWalked = _isWalked };

        // Who stands at the end of the list that is gone must not take it for the end of this one.
        _ready = new ReadyList(arena, _ready.NextNumber + 1);
        _returned = null;
        _returnedPagedOut = 0;
        _restored = null;
        _readyDeadlines = _returnedDeadlines = 0;
        return all;
    }

    /// <summary>Gives every message and all memory back.</summary>
    public void Drop()
    {
        _ready.Drop();
        while (_returned is { Count: > 0 })
        {
            arena.Release(Take(priority: 0).Message);
        }
    }

    private void HandleReturnedTaken(in QueuedMessage taken)
    {
        if (_returned is { Count: 0 })
        {
            // What came back in great numbers leaves a great table: it is not kept.
            _returned = null;
        }

        CountReturned(in taken, -1);
        if (taken.Deadline != QueuedMessage.Never)
        {
            _returnedDeadlines--;
        }
    }

    private void AddReady(MessageRef message, long deadline, StoredMessage stored)
    {
        if (deadline != QueuedMessage.Never && _readyDeadlines++ == 0)
        {
            (_deadlines ??= new DeadlineRuns()).Begin(_ready.PlaceCount);
        }

        if (stored.IsNone)
        {
            _ready.Add(message);
        }
        else
        {
            _ready.Add(message, stored);
        }

        if (!message.IsInMemory)
        {
            _ready.MarkPagedOut();
        }

        if (_readyDeadlines > 0)
        {
            _deadlines!.Add(deadline);
        }
    }

    private QueuedMessage TakeReady(byte priority)
    {
        // Everything ready lies in a row behind the last position that was handed out; save for what was there before the broker was.
        ulong position = _nextPosition - (ulong)_ready.PlaceCount;
        bool isRedelivered = false;
        ushort deliveryCount = 0;
        if (_restored is { } restored)
        {
            (position, isRedelivered, deliveryCount) = restored.Take();
            if (restored.IsEmpty)
            {
                _restored = null;
            }
        }

        long deadline = _readyDeadlines > 0 ? TakeDeadline() : QueuedMessage.Never;
        int places = _ready.PlaceCount - 1;
        var message = _ready.Take(out var stored);
        if (_ready.PlaceCount < places)
        {
            PassHoles(places - _ready.PlaceCount);
        }

        return new QueuedMessage(message, position, deadline, deliveryCount, priority, isRedelivered, stored);
    }

    private long TakeDeadline()
    {
        long deadline = _deadlines!.Take();
        if (deadline != QueuedMessage.Never)
        {
            _readyDeadlines--;
        }

        return deadline;
    }
}
