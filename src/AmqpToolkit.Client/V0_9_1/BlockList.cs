namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A list of blocks that is emptied by exchanging it, never by copying. Not thread-safe.</summary>
internal struct BlockList
{
    private DeliveryBlock?[]? _items;

    public int Count { get; private set; }

    public readonly DeliveryBlock this[int index] => _items![index]!;

    public void Add(DeliveryBlock block)
    {
        if (_items is null || Count == _items.Length)
        {
            Array.Resize(ref _items, Math.Max(16, Count * 2));
        }

        _items[Count++] = block;
    }

    public void AddRange(in BlockList other)
    {
        for (int index = 0; index < other.Count; index++)
        {
            Add(other[index]);
        }
    }

    public DeliveryBlock? TryPop()
    {
        if (Count == 0)
        {
            return null;
        }

        var block = _items![--Count];
        _items[Count] = null;
        return block;
    }

    public void Clear()
    {
        if (_items is not null)
        {
            Array.Clear(_items, 0, Count);
        }

        Count = 0;
    }
}
