using System.Diagnostics.CodeAnalysis;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// Messages that are looked at and taken before their turn. One that was never handed out leaves its place empty; one that came back is taken out of a table by its place, and its entry in the
/// order of those that came back is passed over later.
/// </content>
internal sealed partial class MessageLine
{
    /// <summary>What came back, by place; null until somebody takes messages before their turn. The order has entries that are here no more, but never at its head.</summary>
    private Dictionary<ulong, QueuedMessage>? _places;

    /// <summary>Places of messages that came back and wait. After <see cref="BeginWalks"/>.</summary>
    public IReadOnlyCollection<ulong> ReturnedPlaces => _places!.Keys;

    private int ReturnedCount => _places?.Count ?? _returned?.Count ?? 0;

    private ulong ReadyPosition => _restored is { } restored ? restored.Peek().Position : _nextPosition - (ulong)_ready.PlaceCount;

    /// <summary>From now on messages may be taken before their turn.</summary>
    public void BeginWalks()
    {
        if (_places is not null)
        {
            return;
        }

        _places = [];
        if (_returned is not null)
        {
            foreach (var (message, place) in _returned.UnorderedItems)
            {
                _places.Add(place, message);
            }
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

    /// <summary>The message at a cursor is about to be taken.</summary>
    /// <returns>Whether its body was counted.</returns>
    public bool Uncount(in ReadyList.Cursor cursor) => _ready.IsFirst(in cursor) ? _ready.Uncount() : _ready.IsCounted(in cursor);

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
        _ready.TakeAt(in cursor);
        return taken;
    }

    /// <summary>Finds a message that came back and waits.</summary>
    public bool TryFindReturned(ulong position, [MaybeNullWhen(false)] out QueuedMessage message) => _places!.TryGetValue(position, out message);

    /// <summary>Takes a message that came back and waits.</summary>
    public QueuedMessage TakeReturned(ulong position)
    {
        _places!.Remove(position, out var message);
        HandleReturnedTaken(in message);
        return message;
    }

    /// <summary>Gathers messages that are to be read, from a cursor on.</summary>
    public void Collect(PagedRun run, in ReadyList.Cursor from) => _ready.Collect(run, in from);

    /// <summary>Puts a message in its place that was read.</summary>
    public void Replace(in ReadyList.Cursor cursor, MessageRef read) => _ready.Replace(in cursor, read);

    /// <summary>Places whose messages went before their turn are gone, with those before them: what is told of them goes, too.</summary>
    private void PassHoles(int count)
    {
        for (; count > 0; count--)
        {
            if (_restored is { } restored)
            {
                restored.Take();
                _restored = restored.IsEmpty ? null : restored;
            }

            if (_readyDeadlines > 0)
            {
                TakeDeadline();
            }
        }
    }

    /// <summary>Whether the next message is one that came back: not if it was taken before its turn, and older ones wait.</summary>
    private bool IsReturnedNext(PriorityQueue<QueuedMessage, ulong> returned) =>
        _places is null || _ready.PlaceCount == 0 || returned.Peek().Position < ReadyPosition;

    /// <summary>What came back first; one that came back before has an older entry in the order.</summary>
    private QueuedMessage PeekReturned(PriorityQueue<QueuedMessage, ulong> returned) => _places is null ? returned.Peek() : _places[returned.Peek().Position];

    private bool IsThere(in QueuedMessage returned) => _places is null || (_places.TryGetValue(returned.Position, out var present) && present.Message == returned.Message);

    /// <summary>The order of what came back begins with one that is there.</summary>
    private void DropTaken(Dictionary<ulong, QueuedMessage> places)
    {
        while (_returned is { Count: > 0 } returned && returned.Peek() is var oldest && !places.ContainsKey(oldest.Position))
        {
            returned.Dequeue();
        }
    }
}
