namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Bindings that match the same messages. Adding and removing cost O(1) on average, under the topology lock; readers take no
/// lock and copy nothing.
/// </summary>
/// <remarks>
/// Slots are appended and emptied, never refilled; when the array is full or half empty, what lives moves in the same order to
/// a new one. A reader takes the count first and the array second: the array it gets is as new as the count or newer, and what
/// lived in the first <c>count</c> slots then, and lives still, stands in the first <c>count</c> slots of every later array.
/// </remarks>
internal sealed class BindingList
{
    private const int SmallestLength = 4;

    private const int MaxPicks = 64;

    private Binding?[] _slots = new Binding?[SmallestLength];
    private int _used;
    private int _count;

    public int Count => _count;

    public void Add(Binding binding)
    {
        if (_used == _slots.Length)
        {
            Compact((_count + 1) * 2);
        }

        binding.Position = _used;
        Volatile.Write(ref _slots[_used], binding);
        Volatile.Write(ref _used, _used + 1);
        _count++;
    }

    public void Remove(Binding binding)
    {
        Volatile.Write(ref _slots[binding.Position], null);
        _count--;
        if (_slots.Length > SmallestLength * 2 && _count * 4 < _slots.Length)
        {
            Compact(_count * 2);
        }
    }

    public void Collect(RouteCollector collector)
    {
        foreach (Binding? binding in Snapshot())
        {
            if (binding is not null)
            {
                collector.Add(binding.Destination);
            }
        }
    }

    /// <summary>The bindings now; empty slots are null. Valid for one walk.</summary>
    public ReadOnlySpan<Binding?> Snapshot()
    {
        int used = Volatile.Read(ref _used);
        Binding?[] slots = Volatile.Read(ref _slots);
        return slots.AsSpan(0, Math.Min(used, slots.Length));
    }

    /// <summary>One binding by a number that is spread over all 64 bits: the same for the same number while the list stands; null when it is empty.</summary>
    public Binding? Pick(ulong number)
    {
        ReadOnlySpan<Binding?> slots = Snapshot();
        if (slots.IsEmpty)
        {
            return null;
        }

        // Where nothing was removed, the first look hits; else each misses as often as slots are empty, up to seven times in eight.
        for (int tries = 0; tries < MaxPicks; tries++)
        {
            if (slots[(int)(number % (uint)slots.Length)] is { } binding)
            {
                return binding;
            }

            number = StableHash.Mix(number + 1);
        }

        foreach (Binding? binding in slots)
        {
            if (binding is not null)
            {
                return binding;
            }
        }

        return null;
    }

    private void Compact(int length)
    {
        var slots = new Binding?[Math.Max(length, SmallestLength)];
        int used = 0;
        foreach (Binding? binding in _slots)
        {
            if (binding is not null)
            {
                binding.Position = used;
                slots[used++] = binding;
            }
        }

        Volatile.Write(ref _slots, slots);
        Volatile.Write(ref _used, used);
    }
}
