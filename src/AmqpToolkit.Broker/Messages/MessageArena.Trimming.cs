using System.Runtime.InteropServices;

namespace AmqpToolkit.Broker.Messages;

/// <content>What is not used any more goes back to the runtime.</content>
internal sealed partial class MessageArena
{
    /// <summary>
    /// Gives slabs back to the runtime in which nothing is used. Walks all free slots: not for a busy moment. Slots that threads keep at
    /// hand hold their slabs.
    /// </summary>
    /// <returns>Octets given back.</returns>
    public long Trim()
    {
        long freed = 0;
        for (int sizeClass = 0; sizeClass < _shared.Length; sizeClass++)
        {
            freed += Trim(sizeClass);
        }

        return freed;
    }

    private long Trim(int sizeClass)
    {
        var shared = _shared[sizeClass];
        (ulong Head, int Count)[] chains;
        int freshSlab;
        lock (shared.Gate)
        {
            chains = [.. shared.Chains];
            shared.Chains.Clear();
            freshSlab = shared.FreshEnd > 0 ? shared.FreshSlab : -1;
        }

        if (chains.Length == 0)
        {
            return 0;
        }

        int size = SlotSizes.OctetsOf(sizeClass);
        var slotsFree = new Dictionary<int, int>();
        foreach (var (head, _) in chains)
        {
            for (ulong at = head; at != 0; at = NextFree(at))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(slotsFree, new MessageRef(at).Slab, out _)++;
            }
        }

        var empty = new HashSet<int>();
        foreach (var (slab, count) in slotsFree)
        {
            if (slab != freshSlab && count == _slabs[slab]!.Length / size)
            {
                empty.Add(slab);
            }
        }

        var kept = new List<(ulong Head, int Count)>();
        foreach (var chain in chains)
        {
            var rest = empty.Count == 0 ? chain : Without(chain.Head, empty);
            if (rest.Count > 0)
            {
                kept.Add(rest);
            }
        }

        lock (shared.Gate)
        {
            foreach (var chain in kept)
            {
                shared.Chains.Push(chain);
            }
        }

        return RemoveSlabs(empty);
    }

    private long RemoveSlabs(HashSet<int> slabs)
    {
        long freed = 0;
        lock (_gate)
        {
            foreach (int slab in slabs)
            {
                freed += _slabs[slab]!.Length;
                _slabs[slab] = null;
                _freeSlabNumbers.Push(slab);
            }

            ReservedOctets -= freed;
        }

        return freed;
    }

    private (ulong Head, int Count) Without(ulong head, HashSet<int> slabs)
    {
        ulong kept = 0;
        int count = 0;
        for (ulong at = head; at != 0;)
        {
            ulong next = NextFree(at);
            if (!slabs.Contains(new MessageRef(at).Slab))
            {
                MemoryMarshal.Write(_slabs[new MessageRef(at).Slab].AsSpan(new MessageRef(at).Offset), in kept);
                kept = at;
                count++;
            }

            at = next;
        }

        return (kept, count);
    }

    private ulong NextFree(ulong slot)
    {
        var message = new MessageRef(slot);
        return MemoryMarshal.Read<ulong>(_slabs[message.Slab].AsSpan(message.Offset));
    }
}
