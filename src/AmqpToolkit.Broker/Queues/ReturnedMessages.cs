using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages that consumers gave back, the oldest first. As long as they are taken in turn a heap does; where somebody takes them before their turn they stand in order, one entry
/// each, and are found by their places. Used under the queue's lock.
/// </summary>
internal sealed class ReturnedMessages
{
    private readonly PriorityQueue<QueuedMessage, ulong> _heap = new();
    private SortedSet<QueuedMessage>? _ordered;

    /// <summary>No messages.</summary>
    /// <param name="isOrdered">Whether somebody takes messages before their turn.</param>
    public ReturnedMessages(bool isOrdered) => _ordered = isOrdered ? new SortedSet<QueuedMessage>(ByPosition.Instance) : null;

    public int Count => _ordered?.Count ?? _heap.Count;

    /// <summary>All of them, in any order.</summary>
    public IEnumerable<QueuedMessage> All => _ordered is { } ordered ? ordered : _heap.UnorderedItems.Select(static item => item.Element);

    public void Add(in QueuedMessage message)
    {
        if (_ordered is { } ordered)
        {
            ordered.Add(message);
        }
        else
        {
            _heap.Enqueue(message, message.Position);
        }
    }

    /// <summary>The oldest; there is one.</summary>
    public QueuedMessage Peek() => _ordered?.Min ?? _heap.Peek();

    /// <summary>Takes the oldest, if there is one.</summary>
    public bool TryTake(out QueuedMessage message)
    {
        if (_ordered is not { } ordered)
        {
            return _heap.TryDequeue(out message, out _);
        }

        message = ordered.Min;
        return ordered.Remove(message);
    }

    /// <summary>Finds one by its place. Where they stand in order.</summary>
    public bool TryFind(ulong position, [MaybeNullWhen(false)] out QueuedMessage message) => _ordered!.TryGetValue(At(position), out message);

    /// <summary>Finds the first from a place on. Where they stand in order.</summary>
    public bool TryFindFrom(ulong position, out QueuedMessage message)
    {
        message = default;
        if (_ordered is not { Count: > 0 } ordered || ordered.Max.Position < position)
        {
            return false;
        }

        message = ordered.GetViewBetween(At(position), At(ulong.MaxValue)).Min;
        return true;
    }

    /// <summary>Takes one by its place. Where they stand in order.</summary>
    public void Remove(in QueuedMessage message) => _ordered!.Remove(message);

    /// <summary>From now on they are taken before their turn. They stay in order, whoever comes and goes, until all are gone.</summary>
    public void Order()
    {
        if (_ordered is null)
        {
            _ordered = new SortedSet<QueuedMessage>(_heap.UnorderedItems.Select(static item => item.Element), ByPosition.Instance);
            _heap.Clear();
            _heap.TrimExcess();
        }
    }

    private static QueuedMessage At(ulong position) => new(default, position, 0, 0, 0, Redelivered: false);

    private sealed class ByPosition : IComparer<QueuedMessage>
    {
        public static ByPosition Instance { get; } = new();

        public int Compare(QueuedMessage x, QueuedMessage y) => x.Position.CompareTo(y.Position);
    }
}
