using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>
/// What is outstanding under the rising delivery tags of one channel: deliveries that a consumer has not settled, or
/// publishes that a broker has not confirmed (0-9-1 basic.ack; tags start at 1). Not thread-safe.
/// </summary>
/// <remarks>
/// Entries lie in chunks in the order of their tags; a chunk whose entries are all settled is given up, so that one entry that
/// stays for ever costs a chunk and not the whole span of tags behind it.
/// </remarks>
/// <typeparam name="T">What is kept under a tag.</typeparam>
public sealed class DeliveryTagWindow<T>
    where T : struct
{
    private const int ChunkShift = 7;
    private const int ChunkSize = 1 << ChunkShift;
    private const int ChunkMask = ChunkSize - 1;

    private Chunk?[] _chunks = [];
    private ulong _firstChunk;
    private int _start;
    private int _chunkCount;
    private ulong _lowest = 1;
    private ulong _next = 1;

    /// <summary>Entries outstanding.</summary>
    public int Count { get; private set; }

    /// <summary>The tag that the next entry gets.</summary>
    public ulong NextTag => _next;

    /// <summary>A tag at or below every outstanding one.</summary>
    public ulong LowestTag => _lowest;

    /// <summary>Takes a tag that leaves nothing outstanding: its delivery counts as settled.</summary>
    public ulong Skip()
    {
        if (Count == 0)
        {
            // Nothing lies below: the window moves along.
            _lowest = _next + 1;
        }

        return _next++;
    }

    /// <summary>Keeps <paramref name="value"/> under the next tag.</summary>
    /// <returns>The tag.</returns>
    public ulong Add(in T value)
    {
        ulong tag = _next++;
        if (Count == 0)
        {
            _lowest = tag;
            if (_chunkCount > 0 && _firstChunk != tag >> ChunkShift)
            {
                ChunkPool.Give(_chunks[_start]);
                Array.Clear(_chunks);
                _chunkCount = 0;
            }
        }

        var chunk = Reach(tag >> ChunkShift);
        int slot = (int)(tag & ChunkMask);
        chunk.Values[slot] = value;
        chunk.SetPresent(slot);
        chunk.Count++;
        Count++;
        return tag;
    }

    /// <summary>Takes one entry out.</summary>
    /// <returns>False when the tag is unknown or was taken before.</returns>
    public bool TryRemove(ulong tag, [MaybeNullWhen(false)] out T value)
    {
        if (tag < _lowest || tag >= _next || Find(tag >> ChunkShift) is not { } chunk || !chunk.IsPresent((int)(tag & ChunkMask)))
        {
            value = default;
            return false;
        }

        Take(chunk, tag, out value);
        Trim();
        return true;
    }

    /// <summary>Takes out every entry up to and with <paramref name="tag"/>, in order of their tags, into <paramref name="taken"/>.</summary>
    /// <returns>
    /// False, with nothing taken, when the tag was never given out, or nothing at or below it is outstanding.
    /// </returns>
    public bool TryRemoveUpTo(ulong tag, List<T> taken)
    {
        ArgumentNullException.ThrowIfNull(taken);
        if (tag >= _next || tag < _lowest || Count == 0)
        {
            return false;
        }

        bool any = false;
        for (ulong at = _lowest; at <= tag;)
        {
            if (Find(at >> ChunkShift) is not { } chunk)
            {
                at = ((at >> ChunkShift) + 1) << ChunkShift;
                continue;
            }

            if (chunk.IsPresent((int)(at & ChunkMask)))
            {
                Take(chunk, at, out var value);
                taken.Add(value);
                any = true;
            }

            at++;
        }

        _lowest = Math.Max(_lowest, tag + 1);
        Trim();
        return any;
    }

    /// <summary>Whether something is outstanding under <paramref name="tag"/>.</summary>
    public bool Contains(ulong tag) =>
        tag >= _lowest && tag < _next && Find(tag >> ChunkShift) is { } chunk && chunk.IsPresent((int)(tag & ChunkMask));

    /// <summary>Lists the outstanding tags up to and with <paramref name="upTo"/>, in order, and takes nothing out.</summary>
    public void CollectTags(ulong upTo, List<ulong> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        for (ulong at = _lowest; at <= upTo && at < _next;)
        {
            if (Find(at >> ChunkShift) is not { } chunk)
            {
                at = ((at >> ChunkShift) + 1) << ChunkShift;
                continue;
            }

            if (chunk.IsPresent((int)(at & ChunkMask)))
            {
                tags.Add(at);
            }

            at++;
        }
    }

    /// <summary>Takes out everything, in order of the tags.</summary>
    public void RemoveAll(List<T> taken)
    {
        if (Count > 0)
        {
            TryRemoveUpTo(_next - 1, taken);
        }
    }

    private void Take(Chunk chunk, ulong tag, out T value)
    {
        int slot = (int)(tag & ChunkMask);
        value = chunk.Values[slot];
        chunk.Values[slot] = default;
        chunk.ClearPresent(slot);
        chunk.Count--;
        Count--;
        if (chunk.Count == 0 && tag >> ChunkShift != _next >> ChunkShift)
        {
            _chunks[Position(tag >> ChunkShift)] = null;
            ChunkPool.Give(chunk);
        }
    }

    /// <summary>Moves the lowest tag and the first chunk up to what is really outstanding.</summary>
    private void Trim()
    {
        if (Count == 0)
        {
            _lowest = _next;
        }

        while (_chunkCount > 0 && (_chunks[_start] is null || (Count == 0 && _firstChunk < _next >> ChunkShift)))
        {
            ChunkPool.Give(_chunks[_start]);
            _chunks[_start] = null;

            _start = (_start + 1) & (_chunks.Length - 1);
            _firstChunk++;
            _chunkCount--;
        }

        if (_chunkCount > 0)
        {
            _lowest = Math.Max(_lowest, _firstChunk << ChunkShift);
        }
    }

    private Chunk? Find(ulong number) =>
        number < _firstChunk || number >= _firstChunk + (ulong)_chunkCount ? null : _chunks[Position(number)];

    private int Position(ulong number) => (_start + (int)(number - _firstChunk)) & (_chunks.Length - 1);

    private Chunk Reach(ulong number)
    {
        if (_chunkCount == 0)
        {
            _firstChunk = number;
            _start = 0;
        }

        while (number >= _firstChunk + (ulong)_chunkCount)
        {
            if (_chunkCount == _chunks.Length)
            {
                Grow();
            }

            _chunkCount++;
        }

        int position = Position(number);
        if (_chunks[position] is { } chunk)
        {
            return chunk;
        }

        chunk = ChunkPool.Take();
        _chunks[position] = chunk;
        return chunk;
    }

    private void Grow()
    {
        var larger = new Chunk?[Math.Max(2, _chunks.Length * 2)];
        for (int index = 0; index < _chunkCount; index++)
        {
            larger[index] = _chunks[(_start + index) & (_chunks.Length - 1)];
        }

        _chunks = larger;
        _start = 0;
    }

    /// <summary>Empty chunks for all windows of the kind.</summary>
    private static class ChunkPool
    {
        private const int MaxChunks = 256;

        private static readonly System.Collections.Concurrent.ConcurrentQueue<Chunk> Chunks = new();

        public static Chunk Take() => Chunks.TryDequeue(out var chunk) ? chunk : new Chunk();

        public static void Give(Chunk? chunk)
        {
            if (chunk is not null && Chunks.Count < MaxChunks)
            {
                Chunks.Enqueue(chunk);
            }
        }
    }

    private sealed class Chunk
    {
        public readonly T[] Values = new T[ChunkSize];
        public int Count;
        private ulong _low;
        private ulong _high;

        public bool IsPresent(int slot) => ((slot < 64 ? _low : _high) >> slot & 1) != 0;

        public void SetPresent(int slot)
        {
            if (slot < 64)
            {
                _low |= 1UL << slot;
            }
            else
            {
                _high |= 1UL << slot;
            }
        }

        public void ClearPresent(int slot)
        {
            if (slot < 64)
            {
                _low &= ~(1UL << slot);
            }
            else
            {
                _high &= ~(1UL << slot);
            }
        }
    }
}
