using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;
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

    /// <summary>Messages that came back and are noted one by one; of more it looks at all from the first on.</summary>
    public const int MostReturned = 256;

    /// <summary>Steps of its selectors that a message may cost: some 1 ms.</summary>
    private const int MostSteps = 256 * 1024;

    /// <summary>Steps that it takes to look at a message at all.</summary>
    public const int StepsOfLook = 16;

    private readonly SortedSet<ulong> _returned = [];
    private ReadyList.Cursor[] _cursors = new ReadyList.Cursor[1];
    private ulong[] _passed = new ulong[1];
    private HashSet<ulong>? _excluded;
    private WalkReading? _reading;
    private int _debt;

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

    /// <summary>Whether messages are to be read for it; it is told when they were.</summary>
    public bool WaitsForDisk { get; set; }

    /// <summary>Whether it has waited until memory was less short, and is not to wait behind others again.</summary>
    public bool WasHeld { get; set; }

    /// <summary>Whether it looked last as far as to messages that are to be read first.</summary>
    public bool IsAtDisk { get; set; }

    /// <summary>Whether its consumer wants to hear when it stands at the end.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Messages that are read for it in one go: no more than it could look at. By the queue's paging alone.</summary>
    public int MostRead { get; set; } = PagedRun.MaxMessages;

    /// <summary>The message at hand; none when it was not looked for one yet.</summary>
    public MessageRef Current { get; set; }

    /// <summary>Whether that was read for this walk alone: the queue has it on the disk still.</summary>
    public bool IsCurrentRead { get; set; }

    /// <summary>Its priority.</summary>
    public byte CurrentPriority { get; set; }

    /// <summary>Its place if it came back from a consumer; else it is where the cursor stands.</summary>
    public ulong? CurrentPlace { get; set; }

    /// <summary>
    /// The place, or the number, of the message that was found to be wanted last. It is not asked again before it is taken: a consumer without credit, and looks that end behind a dear message, would have it
    /// evaluated again and again, and nobody would get on.
    /// </summary>
    public (bool IsReturned, byte Priority, ulong Number)? Judged { get; set; }

    /// <summary>What there is to tell of it.</summary>
    public DeliveryInfo CurrentInfo { get; set; }

    /// <summary>The first place of messages that came back and are noted; <see cref="ulong.MaxValue"/> for none.</summary>
    public ulong FirstReturned => _returned.Count > 0 ? _returned.Min : ulong.MaxValue;

    /// <summary>The place from which on all that came back is to be looked at; <see cref="ulong.MaxValue"/> for none. A new one looks at everything.</summary>
    public ulong ReturnedFrom { get; private set; }

    /// <summary>Whether nothing but messages that are kept from it tells it from a consumer that takes what comes.</summary>
    public bool IsNeedless => selectors.Length == 0 && !IsBrowsing && !IsDraining && _excluded is not { Count: > 0 };

    /// <summary>What was read from the disk for it; null as long as it came to nothing there.</summary>
    public WalkReading? Reading => _reading;

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

    /// <summary>Whether its consumer wants a message, by what it says. Any thread.</summary>
    /// <param name="content">The message.</param>
    /// <param name="isRedelivered">Whether it was delivered before.</param>
    /// <param name="deliveryCount">Attempts that failed.</param>
    /// <param name="steps">Less what it took to see.</param>
    public bool Wants(in MessageContent content, bool isRedelivered, int deliveryCount, ref int steps)
    {
        int left = MostSteps;
        bool isWanted = true;
        for (int index = 0; index < selectors.Length && isWanted; index++)
        {
            isWanted = selectors[index].Matches(in content, isRedelivered, (uint)deliveryCount, ref left);
        }

        steps -= StepsOfLook + (MostSteps - left);
        return isWanted;
    }

    /// <summary>A message came back.</summary>
    public void AddReturned(ulong place)
    {
        if (Judged is { IsReturned: true } judged && PlaceOf(judged.Priority, judged.Number) == place)
        {
            Judged = null;
        }

        if (place >= ReturnedFrom || IsExcluded(place))
        {
            return;
        }

        _returned.Add(place);
        if (_returned.Count > MostReturned)
        {
            AddReturnedFrom(_returned.Min);
        }
    }

    /// <summary>Messages came back, too many to note each: it looks at all from a place on.</summary>
    public void AddReturnedFrom(ulong place)
    {
        Judged = Judged is { IsReturned: true } ? null : Judged;
        ReturnedFrom = Math.Min(ReturnedFrom, Math.Min(place, FirstReturned));
        _returned.Clear();
    }

    /// <summary>A message that came back was looked at, or is not there any more.</summary>
    public void PassReturned(ulong place)
    {
        _returned.Remove(place);
        if (IsBrowsing)
        {
            var (priority, position) = Split(place);
            Pass(priority, position);
        }

        if (ReturnedFrom <= place)
        {
            ReturnedFrom = place == ulong.MaxValue ? place : place + 1;
        }
    }

    /// <summary>Who browses has passed a place: what comes back there, or before, is not looked at again. It may be given back again and again, and nobody would get on.</summary>
    public void Pass(byte priority, ulong position)
    {
        if (priority >= _passed.Length)
        {
            Array.Resize(ref _passed, priority + 1);
        }

        _passed[priority] = Math.Max(_passed[priority], position + 1);
    }

    /// <summary>From which position on who browses has not passed what came back; 0 for others.</summary>
    public ulong PassedOf(byte priority) => priority < _passed.Length ? _passed[priority] : 0;

    /// <summary>Nothing is left of what came back from that place on.</summary>
    public void EndReturned() => ReturnedFrom = ulong.MaxValue;

    /// <summary>A message is never to be its consumer's again, once it is back.</summary>
    /// <returns>False when it is so of too many.</returns>
    public bool TryExclude(ulong place) => (_excluded ??= []).Count < MostExcluded && _excluded.Add(place);

    /// <summary>The queue is done with a message: nobody will ask any more whether it is kept from this one.</summary>
    /// <returns>Whether it was.</returns>
    public bool Forget(ulong place) => _excluded is { } excluded && excluded.Remove(place);

    /// <summary>Forgets what was kept from it and is gone.</summary>
    /// <returns>How many messages.</returns>
    public int ForgetAll(Predicate<ulong> isGone) => _excluded?.RemoveWhere(isGone) ?? 0;

    /// <summary>Whether a message is never to be its consumer's.</summary>
    public bool IsExcluded(ulong place) => _excluded is { } excluded && excluded.Contains(place);

    /// <summary>How many messages are kept from it.</summary>
    public int ExcludedCount => _excluded?.Count ?? 0;

    /// <summary>Looks for the next message anew: others may have taken the one at hand.</summary>
    public void Forget() => (Current, IsThrough, IsBehind, IsAtDisk) = (default, false, false, false);

    /// <summary>Its share of steps, less what it took too many before.</summary>
    /// <returns>What is left of it; 0 while it owes more.</returns>
    public int Pay(int share)
    {
        int paid = Math.Min(_debt, Math.Max(0, share));
        _debt -= paid;
        return share - paid;
    }

    /// <summary>It has taken more steps than it had; not if below 0.</summary>
    public void Owe(int steps) => _debt += Math.Max(0, steps);

    /// <summary>Messages were read for it.</summary>
    public WalkReading BeginReading() => _reading ??= new WalkReading();

    /// <summary>A place among all priorities, in the order of delivery.</summary>
    public static ulong PlaceOf(byte priority, ulong position) => QueuedMessage.JournalPositionOf((byte)(byte.MaxValue - priority), position);

    /// <summary>What a place means.</summary>
    public static (byte Priority, ulong Position) Split(ulong place)
    {
        var (inverse, position) = QueuedMessage.SplitJournalPosition(place);
        return ((byte)(byte.MaxValue - inverse), position);
    }
}
