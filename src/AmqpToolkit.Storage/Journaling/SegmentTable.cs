namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Something of each segment, in the order of their numbers. Not the platform's sorted dictionary: a start asks for several of these before anybody is served, and the platform's code for them would have to
/// be compiled each time. Numbers come in order but for a few, and are removed one at a time. One thread, or under a lock.
/// </summary>
internal sealed class SegmentTable<T>
{
    private const int LeastRoom = 4;

    private uint[] _numbers = [];
    private T[] _values = [];

    public int Count { get; private set; }

    /// <summary>The numbers, in order; valid until a change.</summary>
    public ReadOnlySpan<uint> Numbers => _numbers.AsSpan(0, Count);

    /// <summary>What there is of them, in the same order; valid until a change.</summary>
    public ReadOnlySpan<T> Values => _values.AsSpan(0, Count);

    /// <summary>What there is of a number.</summary>
    /// <exception cref="KeyNotFoundException">There is nothing (when it is read).</exception>
    public T this[uint number]
    {
        get => TryGetValue(number, out var value) ? value : throw new KeyNotFoundException($"There is no segment {number}.");
        set
        {
            int index = Find(number);
            if (index < 0)
            {
                Insert(~index, number);
                index = ~index;
            }

            _values[index] = value;
        }
    }

    public bool ContainsKey(uint number) => Find(number) >= 0;

    public bool TryGetValue(uint number, out T value)
    {
        int index = Find(number);
        value = index < 0 ? default! : _values[index];
        return index >= 0;
    }

    /// <summary>Adds a number.</summary>
    /// <exception cref="ArgumentException">It is there already.</exception>
    public void Add(uint number, T value)
    {
        int index = Find(number);
        if (index >= 0)
        {
            throw new ArgumentException($"There is a segment {number} already.", nameof(number));
        }

        Insert(~index, number);
        _values[~index] = value;
    }

    public bool Remove(uint number)
    {
        int index = Find(number);
        if (index < 0)
        {
            return false;
        }

        Count--;
        Array.Copy(_numbers, index + 1, _numbers, index, Count - index);
        Array.Copy(_values, index + 1, _values, index, Count - index);
        _values[Count] = default!;
        return true;
    }

    public void Clear()
    {
        (_numbers, _values) = ([], []);
        Count = 0;
    }

    /// <returns>Where it stands; if it does not, where it would, inverted.</returns>
    private int Find(uint number)
    {
        int low = 0;
        int high = Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            uint found = _numbers[middle];
            if (found == number)
            {
                return middle;
            }

            (low, high) = found < number ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }

    private void Insert(int index, uint number)
    {
        if (Count == _numbers.Length)
        {
            int room = Math.Max(LeastRoom, Count * 2);
            (uint[] numbers, T[] values) = (new uint[room], new T[room]);
            Array.Copy(_numbers, numbers, Count);
            Array.Copy(_values, values, Count);
            (_numbers, _values) = (numbers, values);
        }

        Array.Copy(_numbers, index, _numbers, index + 1, Count - index);
        Array.Copy(_values, index, _values, index + 1, Count - index);
        _numbers[index] = number;
        Count++;
    }
}
