using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// What is outstanding under the rising delivery tags of one channel: deliveries that a consumer has not settled, or
/// publishes that a broker has not confirmed (0-9-1 basic.ack; tags start at 1). Not thread-safe.
/// </summary>
/// <remarks>
/// Entries lie in chunks of 128 tags, named in a list in the order of their numbers. A chunk whose entries are all settled is given up, and
/// its place in the list is used again, so that one entry that stays for ever costs a chunk, however many tags come behind it.
/// </remarks>
/// <typeparam name="T">What is kept under a tag.</typeparam>
public sealed class DeliveryTagWindow<T>
    where T : struct
{
    private static readonly int ChunkOctets = ChunkSize * Unsafe.SizeOf<T>();

    private readonly Action<long>? _countOctets;

    private const int ChunkShift = 7;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;

    // From _start to _end: numbers rise; a place without a chunk was given up. Only the last chunk may be empty.
    private Place[] _places = [];
    private int _start;
    private int _end;
    private int _givenUp;
    private ulong _lowest = 1;
    private ulong _next = 1;

    /// <summary>A window with tags from 1 on.</summary>
    /// <param name="countOctets">Is told what memory the window takes, and, negative, gives back; seldom: a hundred entries and more at a time.</param>
    public DeliveryTagWindow(Action<long>? countOctets = null) => _countOctets = countOctets;

    /// <summary>Entries outstanding.</summary>
    public int Count { get; private set; }

    /// <summary>The tag that the next entry gets.</summary>
    public ulong NextTag => _next;

    /// <summary>A tag at or below every outstanding one.</summary>
    public ulong LowestTag => Count == 0 ? _next : Math.Max(_lowest, _places[_start].Number << ChunkShift);

    /// <summary>Takes a tag that leaves nothing outstanding: its delivery counts as settled.</summary>
    public ulong Skip() => _next++;

    /// <summary>Keeps <paramref name="value"/> under the next tag.</summary>
    /// <returns>The tag.</returns>
    public ulong Add(in T value)
    {
        ulong tag = _next++;
        if (Count++ == 0)
        {
            _lowest = tag;
        }

        var chunk = _end > _start && _places[_end - 1].Number == tag >> ChunkShift ? _places[_end - 1].Chunk! : Append(tag >> ChunkShift);
        chunk.Put((int)(tag & ChunkMask), in value);
        return tag;
    }

    /// <summary>Takes one entry out.</summary>
    /// <returns>False when the tag is unknown or was taken before.</returns>
    public bool TryRemove(ulong tag, [MaybeNullWhen(false)] out T value)
    {
        int slot = (int)(tag & ChunkMask);
        int place = Find(tag >> ChunkShift);
        if (place < 0 || _places[place].Chunk is not { } chunk || !chunk.Has(slot))
        {
            value = default;
            return false;
        }

        value = chunk.Take(slot);
        Count--;
        if (chunk.Count == 0)
        {
            GiveUp(place);
        }

        return true;
    }

    /// <summary>Takes out every entry up to and with <paramref name="tag"/>, in order of their tags, into <paramref name="taken"/>.</summary>
    /// <returns>
    /// False, with nothing taken, when the tag was never given out, or nothing at or below it is outstanding.
    /// </returns>
    public bool TryRemoveUpTo(ulong tag, List<T> taken)
    {
        ArgumentNullException.ThrowIfNull(taken);
        if (tag >= _next)
        {
            return false;
        }

        int before = Count;
        for (int place = _start; place < _end && _places[place].Number <= tag >> ChunkShift; place++)
        {
            if (_places[place].Chunk is not { } chunk)
            {
                continue;
            }

            int last = LastSlot(place, tag);
            for (int slot = chunk.NextFrom(0); slot <= last; slot = chunk.NextFrom(slot + 1))
            {
                taken.Add(chunk.Take(slot));
                Count--;
            }

            if (chunk.Count == 0)
            {
                GiveUp(place);
            }
        }

        _lowest = Math.Max(_lowest, tag + 1);
        return Count < before;
    }

    /// <summary>The oldest entry at or above a tag, which stays.</summary>
    /// <returns>False when nothing from there on is outstanding.</returns>
    public bool TryPeekFrom(ulong from, out ulong tag, out T value)
    {
        ulong number = from >> ChunkShift;
        for (int place = FirstFrom(number); place < _end; place++)
        {
            if (_places[place].Chunk is not { Count: > 0 } chunk)
            {
                continue;
            }

            int slot = chunk.NextFrom(_places[place].Number == number ? (int)(from & ChunkMask) : 0);
            if (slot < ChunkSize)
            {
                tag = (_places[place].Number << ChunkShift) + (ulong)slot;
                value = chunk.Peek(slot);
                return true;
            }
        }

        tag = 0;
        value = default;
        return false;
    }

    /// <summary>Gives back the memory that is kept for entries to come; nothing is outstanding.</summary>
    public void Trim()
    {
        for (int place = _start; place < _end && Count == 0; place++)
        {
            if (_places[place].Chunk is { } chunk)
            {
                Give(chunk);
            }
        }

        if (Count == 0)
        {
            _places = [];
            _start = _end = _givenUp = 0;
        }
    }

    /// <summary>The entry of a tag, which stays.</summary>
    /// <returns>False when nothing is outstanding under it.</returns>
    public bool TryPeek(ulong tag, out T value)
    {
        int slot = (int)(tag & ChunkMask);
        int place = Find(tag >> ChunkShift);
        bool isThere = place >= 0 && _places[place].Chunk is { } chunk && chunk.Has(slot);
        value = isThere ? _places[place].Chunk!.Peek(slot) : default;
        return isThere;
    }

    /// <summary>Whether something is outstanding under <paramref name="tag"/>.</summary>
    public bool Contains(ulong tag)
    {
        int place = Find(tag >> ChunkShift);
        return place >= 0 && _places[place].Chunk is { } chunk && chunk.Has((int)(tag & ChunkMask));
    }

    /// <summary>Lists the outstanding tags up to and with <paramref name="upTo"/>, in order, and takes nothing out.</summary>
    public void CollectTags(ulong upTo, List<ulong> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        for (int place = _start; place < _end && _places[place].Number <= upTo >> ChunkShift; place++)
        {
            if (_places[place].Chunk is not { } chunk)
            {
                continue;
            }

            int last = LastSlot(place, upTo);
            for (int slot = chunk.NextFrom(0); slot <= last; slot = chunk.NextFrom(slot + 1))
            {
                tags.Add((_places[place].Number << ChunkShift) + (ulong)slot);
            }
        }
    }

    /// <summary>Takes out everything, in order of the tags.</summary>
    public void RemoveAll(List<T> taken) => TryRemoveUpTo(_next - 1, taken);

    /// <summary>The last slot of a chunk that holds tags up to <paramref name="tag"/>.</summary>
    private int LastSlot(int place, ulong tag) => _places[place].Number == tag >> ChunkShift ? (int)(tag & ChunkMask) : ChunkMask;

    /// <summary>The first place with this number or a higher one.</summary>
    private int FirstFrom(ulong number)
    {
        int low = _start;
        int high = _end;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_places[middle].Number < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Where the chunk stands, or stood; -1 when there is none.</summary>
    private int Find(ulong number)
    {
        int low = _start;
        int high = _end - 1;
        if (low > high)
        {
            return -1;
        }

        // New tags are in the last chunk, and most that are settled in the first.
        if (_places[low].Number == number)
        {
            return low;
        }

        if (_places[high].Number == number)
        {
            return high;
        }

        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            ulong found = _places[middle].Number;
            if (found == number)
            {
                return middle;
            }

            if (found < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return -1;
    }

    /// <summary>Returns an empty chunk to the pool, unless the next entry goes there.</summary>
    private void GiveUp(int place)
    {
        if (place == _end - 1 && _places[place].Number == _next >> ChunkShift)
        {
            return;
        }

        Give(_places[place].Chunk!);
        _places[place].Chunk = null;
        _givenUp++;
        while (_start < _end && _places[_start].Chunk is null)
        {
            _start++;
            _givenUp--;
        }
    }

    private Chunk Append(ulong number)
    {
        if (_end > _start && _places[_end - 1].Chunk is { Count: 0 })
        {
            GiveUp(_end - 1);
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_end == _places.Length)
        {
            MakeRoom();
        }

        var chunk = ChunkPool.Take();
        _countOctets?.Invoke(ChunkOctets);
        _places[_end++] = new Place { Number = number, Chunk = chunk };
        return chunk;
    }

    /// <summary>Drops the places that were given up, into a larger list where they are less than half.</summary>
    private void MakeRoom()
    {
        int live = _end - _start - _givenUp;
        var target = live <= _places.Length / 2 && live < _places.Length ? _places : new Place[Math.Max(2, _places.Length * 2)];
        int at = 0;
        for (int place = _start; place < _end; place++)
        {
            if (_places[place].Chunk is not null)
            {
                target[at++] = _places[place];
            }
        }

        target.AsSpan(at).Clear();
        _places = target;
        _start = 0;
        _end = at;
        _givenUp = 0;
    }

    private void Give(Chunk chunk)
    {
        ChunkPool.Give(chunk);
        _countOctets?.Invoke(-ChunkOctets);
    }

    private struct Place
    {
        public ulong Number;
        public Chunk? Chunk;
    }

    /// <summary>Empty chunks for all windows of the kind.</summary>
    private static class ChunkPool
    {
        private const int MaxChunks = 256;

        private static readonly System.Collections.Concurrent.ConcurrentQueue<Chunk> Chunks = new();

        public static Chunk Take() => Chunks.TryDequeue(out var chunk) ? chunk : new Chunk();

        public static void Give(Chunk chunk)
        {
            if (Chunks.Count < MaxChunks)
            {
                Chunks.Enqueue(chunk);
            }
        }
    }

    private sealed class Chunk
    {
        private readonly T[] _values = new T[ChunkSize];
        private ulong _low;
        private ulong _high;

        public int Count { get; private set; }

        public bool Has(int slot) => ((slot < 64 ? _low : _high) >> slot & 1) != 0;

        public void Put(int slot, in T value)
        {
            _values[slot] = value;
            (slot < 64 ? ref _low : ref _high) |= 1UL << slot;
            Count++;
        }

        public T Take(int slot)
        {
            var value = _values[slot];
            _values[slot] = default;
            (slot < 64 ? ref _low : ref _high) &= ~(1UL << slot);
            Count--;
            return value;
        }

        public T Peek(int slot) => _values[slot];

        /// <summary>The first used slot from <paramref name="slot"/> on; <see cref="ChunkSize"/> when there is none.</summary>
        public int NextFrom(int slot)
        {
            if (slot < 64)
            {
                ulong low = _low >> slot;
                if (low != 0)
                {
                    return slot + BitOperations.TrailingZeroCount(low);
                }

                slot = 64;
            }

            if (slot == ChunkSize)
            {
                return ChunkSize;
            }

            ulong high = _high >> slot;
            return high == 0 ? ChunkSize : slot + BitOperations.TrailingZeroCount(high);
        }
    }
}
