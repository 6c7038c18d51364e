using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Conversion;

/// <summary>
/// Names that were seen in one span of octets, so that none is written twice: a map has each key once (1.6.23), and so have the headers that readers
/// make of a table. A lookup costs the same however many there are. Owned by one thread; allocates only to grow.
/// </summary>
internal sealed class KeySet
{
    /// <summary>Slots that are kept for the next time.</summary>
    private const int KeptSlots = 4096;

    private const int FirstSlots = 32;

    private int[] _slots = new int[FirstSlots];
    private Key[] _keys = new Key[FirstSlots / 2];
    private int _count;

    public void Clear()
    {
        if (_slots.Length > KeptSlots)
        {
            _slots = new int[FirstSlots];
            _keys = new Key[FirstSlots / 2];
            _count = 0;
        }

        // Name by name: a set that was large once costs no more than what was in it the last time.
        while (_count > 0)
        {
            RemoveLast();
        }
    }

    /// <summary>Adds a name.</summary>
    /// <param name="octets">What all names of the set lie in.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="length">How long it is.</param>
    /// <returns>False when it was there.</returns>
    public bool Add(ReadOnlySpan<byte> octets, int start, int length)
    {
        if (_count == _keys.Length)
        {
            Grow();
        }

        var name = octets.Slice(start, length);
        int hash = Utf8Hash.Of(name);
        int mask = _slots.Length - 1;
        int slot = hash & mask;
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            ref readonly var key = ref _keys[_slots[slot] - 1];
            if (key.Hash == hash && octets.Slice(key.Start, key.Length).SequenceEqual(name))
            {
                return false;
            }
        }

        _keys[_count++] = new Key(hash, start, length);
        _slots[slot] = _count;
        return true;
    }

    /// <summary>Takes back the name that was added last.</summary>
    public void RemoveLast()
    {
        int mask = _slots.Length - 1;
        int slot = _keys[--_count].Hash & mask;
        while (_slots[slot] != _count + 1)
        {
            slot = (slot + 1) & mask;
        }

        // Nothing was added after it, and so nothing passed over its slot.
        _slots[slot] = 0;
    }

    /// <summary>Half of the slots stay empty.</summary>
    private void Grow()
    {
        Array.Resize(ref _keys, _keys.Length * 2);
        _slots = new int[_slots.Length * 2];
        int mask = _slots.Length - 1;
        for (int index = 0; index < _count; index++)
        {
            int slot = _keys[index].Hash & mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & mask;
            }

            _slots[slot] = index + 1;
        }
    }

    private readonly record struct Key(int Hash, int Start, int Length);
}
