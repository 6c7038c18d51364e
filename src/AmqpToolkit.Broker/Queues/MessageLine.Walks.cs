using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>Messages that are looked at and taken before their turn. One that was never handed out leaves its place empty, one that came back leaves nothing.</content>
internal sealed partial class MessageLine
{
    /// <summary>Whether somebody takes messages before their turn, so that those that came back are to be found by their places.</summary>
    private bool _isWalked;

    private ulong ReadyPosition => _restored is { } restored ? restored.Peek().Position : _nextPosition - (ulong)_ready.PlaceCount;

    /// <summary>From now on messages may be taken before their turn, or not any more.</summary>
    public void SetWalked(bool isWalked)
    {
        _isWalked = isWalked;
        if (isWalked)
        {
            _returned?.Order();
        }
    }

    /// <summary>Finds the next message that was never handed out.</summary>
    public bool TrySeek(ref ReadyList.Cursor cursor, ref int budget, out MessageRef message) => _ready.TrySeek(ref cursor, ref budget, out message);

    /// <summary>What is told of the message at a cursor.</summary>
    public void Tell(in ReadyList.Cursor cursor, out bool isRedelivered, out ushort deliveryCount, out long deadline)
    {
        (isRedelivered, deliveryCount) = (false, 0);
        int index = _restored is null && _readyDeadlines == 0 ? 0 : _ready.IndexOf(in cursor);
        if (_restored is { } restored && restored.Has(index))
        {
            (_, isRedelivered, deliveryCount) = restored.At(index);
        }

        deadline = _readyDeadlines == 0 ? QueuedMessage.Never : _deadlines!.At(index);
    }

    /// <summary>Whether the body of the message at a cursor is counted.</summary>
    public bool IsCounted(in ReadyList.Cursor cursor) => _ready.IsCounted(in cursor);

    /// <summary>The place of the message at a cursor.</summary>
    public ulong PositionOf(in ReadyList.Cursor cursor)
    {
        int index = _ready.IndexOf(in cursor);
        return _restored is { } restored && restored.Has(index) ? restored.At(index).Position : _nextPosition - (ulong)(_ready.PlaceCount - index);
    }

    /// <summary>From which place on messages are that a cursor has not passed: of those that are not here any more, too.</summary>
    public ulong PlaceAt(in ReadyList.Cursor cursor)
    {
        if (cursor.Number >= _ready.NextNumber)
        {
            return _nextPosition;
        }

        ulong passed = _ready.FirstNumber > cursor.Number ? _ready.FirstNumber - cursor.Number : 0;
        if (passed == 0)
        {
            return PositionOf(in cursor);
        }

        ulong first = _ready.PlaceCount == 0 ? _nextPosition : ReadyPosition;
        return first - Math.Min(first, passed);
    }

    /// <summary>Takes the message at a cursor.</summary>
    public QueuedMessage Take(in ReadyList.Cursor cursor, MessageRef message, byte priority)
    {
        if (_ready.IsFirst(in cursor))
        {
            return TakeReady(priority);
        }

        Tell(in cursor, out bool isRedelivered, out ushort deliveryCount, out long deadline);
        var taken = new QueuedMessage(message, PositionOf(in cursor), deadline, deliveryCount, priority, isRedelivered, _ready.StoredAt(in cursor));
        if (deadline != QueuedMessage.Never)
        {
            _readyDeadlines--;
        }

        _ready.TakeAt(in cursor);
        while (_ready.TryTakeGone(out ulong first, out int count))
        {
            if (_readyDeadlines > 0 && first >= _ready.FirstNumber)
            {
                _deadlines!.Forget((int)(first - _ready.FirstNumber), count);
            }
        }

        return taken;
    }

    /// <summary>Finds a message that came back and waits. After <see cref="SetWalked"/>.</summary>
    public bool TryFindReturned(ulong position, out QueuedMessage message)
    {
        message = default;
        return _returned?.TryFind(position, out message) == true;
    }

    /// <summary>Finds the first message that came back and waits, from a place on. After <see cref="SetWalked"/>.</summary>
    public bool TryFindReturnedFrom(ulong position, out QueuedMessage message)
    {
        message = default;
        return _returned?.TryFindFrom(position, out message) == true;
    }

    /// <summary>Takes a message that came back and waits. After <see cref="SetWalked"/>.</summary>
    public void TakeReturned(in QueuedMessage message)
    {
        _returned!.Remove(in message);
        HandleReturnedTaken(in message);
    }

    /// <summary>Gathers messages that are to be read, from a cursor on.</summary>
    public void Collect(PagedRun run, in ReadyList.Cursor from) => _ready.Collect(run, in from);

    /// <summary>Places whose messages went before their turn are gone, with those before them: what is told of them goes, too.</summary>
    private void PassHoles(int count)
    {
        if (_restored is { } restored)
        {
            restored.Skip(count);
            _restored = restored.IsEmpty ? null : restored;
        }

        if (_readyDeadlines > 0)
        {
            _deadlines!.Skip(count);
        }
    }

    /// <summary>Whether the next message is one that came back: not if it was taken before its turn, and older ones wait.</summary>
    private bool IsReturnedNext(ReturnedMessages returned) => _ready.PlaceCount == 0 || returned.Peek().Position < ReadyPosition;
}
