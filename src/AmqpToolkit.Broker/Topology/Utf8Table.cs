using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// Objects by their UTF-8 key: open addressing over one array of references, so that an entry costs 11 to 22 octets of table
/// and an empty table none. Any number of threads look up without a lock while one, under the topology lock, adds and removes.
/// </summary>
/// <remarks>
/// Why readers need no lock: a slot goes from empty to an entry to <c>Removed</c> and never back, so a probe that passed
/// a slot may pass it still; entries are immutable and published with a release; growing fills a new array and publishes that,
/// and whoever reads the old one sees the table as it was when the reading began.
/// </remarks>
internal class Utf8Table<T>
    where T : Utf8Entry
{
    private const int SmallestLength = 2;

    private Utf8Entry?[] _slots = Utf8TableSlots.None;
    private int _used;

    /// <summary>The entries. Read it under the topology lock, or as a hint.</summary>
    public int Count { get; private set; }

    public T? Find(ReadOnlySpan<byte> key) => Find(key, Utf8Hash.Of(key));

    public T? Find(ReadOnlySpan<byte> key, int hash)
    {
        Utf8Entry?[] slots = Volatile.Read(ref _slots);
        int mask = slots.Length - 1;
        for (int index = hash & mask; ; index = (index + 1) & mask)
        {
            Utf8Entry? entry = Volatile.Read(ref slots[index]);
            if (entry is null)
            {
                return null;
            }

            if (entry.Hash == hash && !ReferenceEquals(entry, Utf8TableSlots.Removed) && key.SequenceEqual(entry.Key))
            {
                return Unsafe.As<T>(entry);
            }
        }
    }

    /// <summary>Adds an entry whose key is not there yet. Under the topology lock.</summary>
    public void Add(T entry)
    {
        Debug.Assert(Find(entry.Key, entry.Hash) is null, "the key is there already");
        if ((_used + 1) * 4 > _slots.Length * 3)
        {
            Rebuild(Count + 1);
        }

        Place(_slots, entry);
        _used++;
        Count++;
    }

    /// <summary>Puts an entry with the same key in the place of another, which is there. Readers find the one or the other. Under the topology lock.</summary>
    public void Replace(T entry, T replacement)
    {
        Debug.Assert(entry.Hash == replacement.Hash && entry.Key.AsSpan().SequenceEqual(replacement.Key), "another key");
        Utf8Entry?[] slots = _slots;
        int mask = slots.Length - 1;
        int index = entry.Hash & mask;
        while (!ReferenceEquals(slots[index], entry))
        {
            index = (index + 1) & mask;
        }

        Volatile.Write(ref slots[index], replacement);
    }

    /// <summary>Removes this very entry; false when it is not there. Under the topology lock.</summary>
    public bool Remove(T entry)
    {
        Utf8Entry?[] slots = _slots;
        int mask = slots.Length - 1;
        for (int index = entry.Hash & mask; slots[index] is { } found; index = (index + 1) & mask)
        {
            if (!ReferenceEquals(found, entry))
            {
                continue;
            }

            Volatile.Write(ref slots[index], Utf8TableSlots.Removed);
            Count--;
            if (Count == 0)
            {
                _used = 0;
                Volatile.Write(ref _slots, Utf8TableSlots.None);
            }
            else if (slots.Length > 16 && Count * 8 < slots.Length)
            {
                Rebuild(Count);
            }

            return true;
        }

        return false;
    }

    /// <summary>The entries, in no order. Without the topology lock it is the table as it was when the walk began, give or take what changed since.</summary>
    public IEnumerable<T> Entries()
    {
        Utf8Entry?[] slots = Volatile.Read(ref _slots);
        for (int index = 0; index < slots.Length; index++)
        {
            Utf8Entry? entry = Volatile.Read(ref slots[index]);
            if (entry is not null && !ReferenceEquals(entry, Utf8TableSlots.Removed))
            {
                yield return Unsafe.As<T>(entry);
            }
        }
    }

    /// <summary>Drops the removed slots and leaves at least half of the array free, so that the next rebuild is as far away as this one was.</summary>
    private void Rebuild(int entries)
    {
        int length = Math.Max(SmallestLength, (int)BitOperations.RoundUpToPowerOf2((uint)entries * 2));
        var slots = new Utf8Entry?[length];
        foreach (Utf8Entry? entry in _slots)
        {
            if (entry is not null && !ReferenceEquals(entry, Utf8TableSlots.Removed))
            {
                Place(slots, entry);
            }
        }

        _used = Count;
        Volatile.Write(ref _slots, slots);
    }

    private static void Place(Utf8Entry?[] slots, Utf8Entry entry)
    {
        int mask = slots.Length - 1;
        int index = entry.Hash & mask;
        while (slots[index] is not null)
        {
            index = (index + 1) & mask;
        }

        Volatile.Write(ref slots[index], entry);
    }
}
