using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// References in the order in which they came, each once. Short lists are searched; longer ones get an index, which is kept for
/// the next use. Allocates only to grow. A field of its owner, never copied; one thread.
/// </summary>
internal struct DistinctList<T>
    where T : class
{
    private const int SmallestLength = 8;

    /// <summary>Up to here a search of the list is as fast as an index.</summary>
    private const int SearchedLength = 16;

    private T?[]? _items;
    private int[]? _index;
    private int _indexed;

    public int Count { get; private set; }

    public readonly T this[int index] => _items![index]!;

    public readonly ReadOnlySpan<T> Items => _items.AsSpan(0, Count)!;

    public bool Add(T item)
    {
        _items ??= new T?[SmallestLength];
        if (Count <= SearchedLength)
        {
            foreach (T? known in _items.AsSpan(0, Count))
            {
                if (ReferenceEquals(known, item))
                {
                    return false;
                }
            }
        }
        else if (!AddToIndex(item))
        {
            return false;
        }

        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        _items[Count++] = item;
        return true;
    }

    public void Clear()
    {
        if (Count > 0)
        {
            Array.Clear(_items!, 0, Count);
            Count = 0;
        }

        if (_indexed > 0)
        {
            Array.Clear(_index!);
            _indexed = 0;
        }
    }

    /// <summary>Gives back what one large use made grow.</summary>
    public void Trim(int length)
    {
        Debug.Assert(Count == 0, "trimmed while in use");
        if (_items?.Length > length)
        {
            _items = null;
            _index = null;
        }
    }

    /// <summary>Puts the item, which would become number <see cref="Count"/>, into the index; false when it is there.</summary>
    private bool AddToIndex(T item)
    {
        if (_index is null || (Count + 1) * 2 > _index.Length)
        {
            Array.Clear(_index = new int[Count * 4 <= 64 ? 128 : (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Count * 4)]);
            _indexed = 0;
        }

        for (; _indexed < Count; _indexed++)
        {
            TryPlace(_items![_indexed]!, _indexed);
        }

        if (!TryPlace(item, Count))
        {
            return false;
        }

        _indexed++;
        return true;
    }

    private readonly bool TryPlace(T item, int position)
    {
        int[] index = _index!;
        int mask = index.Length - 1;
        int slot = (int)((uint)RuntimeHelpers.GetHashCode(item) * 2654435769u >> 7) & mask;
        for (; index[slot] != 0; slot = (slot + 1) & mask)
        {
            if (ReferenceEquals(_items![index[slot] - 1], item))
            {
                return false;
            }
        }

        index[slot] = position + 1;
        return true;
    }
}
