using System.Diagnostics;
using System.Numerics;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// The bindings of one source by what tells them apart: destination, key and arguments. Open addressing over references, so that a
/// binding costs some 16 octets here and an exchange without bindings nothing. A field of its owner, never copied; under the topology lock.
/// </summary>
internal struct BindingTable
{
    private const int SmallestLength = 2;

    private Binding?[]? _slots;

    public int Count { get; private set; }

    /// <summary>The binding with the same identity; null when there is none.</summary>
    public readonly Binding? Find(Binding like)
    {
        if (_slots is null)
        {
            return null;
        }

        int mask = _slots.Length - 1;
        for (int index = like.IdentityHash & mask; _slots[index] is { } binding; index = (index + 1) & mask)
        {
            if (binding.IsSameAs(like))
            {
                return binding;
            }
        }

        return null;
    }

    /// <summary>Adds a binding whose like is not there.</summary>
    public void Add(Binding binding)
    {
        Debug.Assert(Find(binding) is null, "the binding is there already");
        if (_slots is null || (Count + 1) * 4 > _slots.Length * 3)
        {
            Resize((int)BitOperations.RoundUpToPowerOf2((uint)(Count + 1) * 2));
        }

        Place(_slots!, binding);
        Count++;
    }

    /// <summary>Removes a binding that is there, and moves up those that stand where they do because of it.</summary>
    public void Remove(Binding binding)
    {
        Binding?[] slots = _slots!;
        int mask = slots.Length - 1;
        int gap = binding.IdentityHash & mask;
        while (!ReferenceEquals(slots[gap], binding))
        {
            gap = (gap + 1) & mask;
        }

        for (int index = (gap + 1) & mask; slots[index] is { } next; index = (index + 1) & mask)
        {
            int distance = (index - (next.IdentityHash & mask)) & mask;
            if (distance >= ((index - gap) & mask))
            {
                slots[gap] = next;
                gap = index;
            }
        }

        slots[gap] = null;
        Count--;
        if (Count == 0)
        {
            _slots = null;
        }
        else if (Count * 8 < slots.Length)
        {
            Resize(slots.Length / 2);
        }
    }

    /// <summary>Empties the table and hands out what it held; empty places are null.</summary>
    public Binding?[] TakeAll()
    {
        Binding?[] slots = _slots ?? [];
        _slots = null;
        Count = 0;
        return slots;
    }

    public readonly IEnumerable<Binding> Bindings() => (_slots ?? []).OfType<Binding>();

    private void Resize(int length)
    {
        var slots = new Binding?[Math.Max(length, SmallestLength)];
        foreach (Binding? binding in _slots ?? [])
        {
            if (binding is not null)
            {
                Place(slots, binding);
            }
        }

        _slots = slots;
    }

    private static void Place(Binding?[] slots, Binding binding)
    {
        int mask = slots.Length - 1;
        int index = binding.IdentityHash & mask;
        while (slots[index] is not null)
        {
            index = (index + 1) & mask;
        }

        slots[index] = binding;
    }
}
