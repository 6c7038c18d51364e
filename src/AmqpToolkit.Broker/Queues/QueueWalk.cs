using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Selectors;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// A consumer's own way through a queue: it looks at each message once, takes those that it wants, and leaves the others where they are. It stands behind what it has refused, so that
/// a deep queue is not looked through again for each message that comes; what comes back it is told of. Owned by the consumer; used under the queue's lock.
/// </summary>
internal sealed class QueueWalk(MessageQueue queue, Consumer consumer, params Selector[] selectors) : IMessageSource
{
    /// <summary>Messages that may be kept from it one by one (undeliverable-here).</summary>
    private const int MostExcluded = 16_384;

    /// <summary>Places of what came back that are kept until it is looked whether they are there still.</summary>
    private const int FewReturned = 4096;

    private readonly SortedSet<ulong> _returned = [];
    private ReadyList.Cursor[] _cursors = new ReadyList.Cursor[1];
    private HashSet<ulong>? _excluded;
    private int _pruneAt = FewReturned;

    /// <summary>Whose way it is.</summary>
    public Consumer Consumer => consumer;

    /// <summary>Whether it gets copies, and all messages stay (distribution-mode copy).</summary>
    public bool IsBrowsing { get; init; }

    /// <summary>Whether the queue is its own, so that it is done with what it does not want.</summary>
    public bool DropsRefused { get; init; }

    /// <summary>Whether it stands at the end, and wants nothing of what waits.</summary>
    public bool IsThrough { get; set; }

    /// <summary>Whether it has not looked at all that waits because others are to get their turn.</summary>
    public bool IsBehind { get; set; }

    /// <summary>Whether it has come to messages on the disk, and goes on when they were read.</summary>
    public bool WaitsForDisk { get; set; }

    /// <summary>Whether its consumer wants to hear when it stands at the end.</summary>
    public bool IsDraining { get; set; }

    /// <summary>The priority of messages on the disk before which those that it wants are in memory, and their number.</summary>
    public (byte Priority, ulong Number) ReadUpTo { get; set; }

    /// <summary>The message at hand; none when it was not looked for one yet.</summary>
    public MessageRef Current { get; set; }

    /// <summary>Its priority.</summary>
    public byte CurrentPriority { get; set; }

    /// <summary>Its place if it came back from a consumer; else it is where the cursor stands.</summary>
    public ulong? CurrentPlace { get; set; }

    /// <summary>What there is to tell of it.</summary>
    public DeliveryInfo CurrentInfo { get; set; }

    /// <summary>Places of messages that came back and that it has not looked at: by priority, the highest first, then in order.</summary>
    public SortedSet<ulong> Returned => _returned;

    /// <inheritdoc/>
    public bool HasMessage => queue.FindWanted(this);

    /// <inheritdoc/>
    public MessageContent Peek(out DeliveryInfo info)
    {
        info = CurrentInfo;
        return queue.ReadWanted(this);
    }

    /// <inheritdoc/>
    public void TakeAccepted() => queue.DropWanted(this);

    /// <inheritdoc/>
    public Unsettled TakeUnsettled() => queue.TakeWanted(this);

    /// <summary>Where it stands among the messages of a priority.</summary>
    public ref ReadyList.Cursor CursorOf(byte priority)
    {
        if (priority >= _cursors.Length)
        {
            Array.Resize(ref _cursors, priority + 1);
        }

        return ref _cursors[priority];
    }

    /// <summary>Whether its consumer wants a message, by what it says.</summary>
    public bool Wants(in MessageContent content, bool isRedelivered, int deliveryCount)
    {
        foreach (var selector in selectors)
        {
            if (!selector.Matches(in content, isRedelivered, (uint)deliveryCount))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A message came back.</summary>
    public void AddReturned(byte priority, ulong position)
    {
        ulong place = PlaceOf(priority, position);
        if (_excluded is null || !_excluded.Contains(place))
        {
            _returned.Add(place);
            if (_returned.Count > _pruneAt)
            {
                _returned.RemoveWhere(other => !queue.IsReturned(other));
                _pruneAt = Math.Max(FewReturned, 2 * _returned.Count);
            }
        }
    }

    /// <summary>A message is never to be its consumer's again, once it is back.</summary>
    /// <returns>False when it is so of too many.</returns>
    public bool TryExclude(in QueuedMessage message)
    {
        _excluded ??= [];
        if (_excluded.Count >= MostExcluded)
        {
            _excluded.RemoveWhere(place => !queue.IsReturned(place));
        }

        return _excluded.Count < MostExcluded && _excluded.Add(PlaceOf(message.Priority, message.Position));
    }

    /// <summary>Looks for the next message anew: others may have taken the one at hand.</summary>
    public void Forget() => (Current, IsThrough, IsBehind) = (default, false, false);

    /// <summary>A place among all priorities, in the order of delivery.</summary>
    public static ulong PlaceOf(byte priority, ulong position) => QueuedMessage.JournalPositionOf((byte)(byte.MaxValue - priority), position);

    /// <summary>What a place means.</summary>
    public static (byte Priority, ulong Position) Split(ulong place)
    {
        var (inverse, position) = QueuedMessage.SplitJournalPosition(place);
        return ((byte)(byte.MaxValue - inverse), position);
    }
}
