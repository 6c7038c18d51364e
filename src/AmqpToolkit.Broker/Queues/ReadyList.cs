using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages in the order of arrival, in chunks that never double: eight octets each, and four more where the journal has them. Used under the queue's lock, where it lies: it is not copied.
/// </summary>
internal partial struct ReadyList(MessageArena arena, ulong nextNumber = 0)
{
    private const int SmallChunk = 16;
    private const int FullChunk = 1024;

    private Chunk? _first;
    private Chunk? _last;
    private Chunk? _spare;

    /// <summary>The number of the next message while the list has no chunk: numbers rise with each that is added.</summary>
    private ulong _nextNumber = nextNumber;

    /// <summary>Null as long as all are in memory, and none was taken but the oldest.</summary>
    private ListMarks? _marks;

    /// <summary>How far bodies are counted; null when all are.</summary>
    private OctetCount? _count;

    /// <summary>Places: of messages, and of those that were taken before their turn.</summary>
    public int PlaceCount { readonly get; private set; }

    /// <summary>Messages.</summary>
    public readonly int Count => PlaceCount - (_marks?.HoleCount ?? 0);

    /// <summary>The number that the next message will have.</summary>
    public readonly ulong NextNumber => _last is { } last ? last.First + (ulong)last.End : _nextNumber;

    /// <summary>The number of the oldest message, or that of the next where there is none.</summary>
    public readonly ulong FirstNumber => _first is { } first ? first.First + (ulong)first.Start : _nextNumber;

    public void Add(MessageRef message)
    {
        var last = _last;
        if (last is null || last.End == last.Items.Length)
        {
            last = AddChunk();
        }

        last.Items[last.End++] = message;
        PlaceCount++;
    }

    /// <summary>Adds a message that the journal has, too.</summary>
    public void Add(MessageRef message, StoredMessage stored)
    {
        Add(message);
        var last = _last!;
        if (last.Stored is null)
        {
            last.Stored = new StoredMessage[last.Items.Length];
            arena.CountListOctets(last.StoredOctets);
        }

        last.Stored[last.End - 1] = stored;
    }

    /// <summary>The oldest; the list is not empty.</summary>
    public readonly MessageRef Peek() => _first!.Items[_first.Start];

    /// <summary>Takes the oldest; the list is not empty.</summary>
    /// <param name="stored">Its name in the journal, if it is there.</param>
    public MessageRef Take(out StoredMessage stored)
    {
        var first = _first!;
        stored = default;
        if (first.Stored is { } names)
        {
            // What is free is empty: a message that only memory has does not write there.
            stored = names[first.Start];
            names[first.Start] = default;
        }

        var message = first.Items[first.Start++];
        PlaceCount--;
        if (_marks is { } marks)
        {
            HandleTaken(marks, first, message);
        }
        else if (first.Start == first.End)
        {
            DropFirst();
        }

        return message;
    }

    private Chunk AddChunk()
    {
        Chunk chunk;
        if (_spare is { } spare)
        {
            chunk = spare;
            _spare = null;
        }
        else
        {
            // Most queues hold next to nothing: the first chunk is small.
            chunk = new Chunk(_last is null ? SmallChunk : FullChunk);
            arena.CountListOctets(chunk.Octets);
        }

        chunk.First = NextNumber;
        var before = _last;
        _last = chunk;
        if (before is null)
        {
            _first = chunk;
            return chunk;
        }

        (before.Next, chunk.Previous) = (chunk, before);
        if (before.HoleCount > 0)
        {
            DropIfEmpty(before);
        }

        return chunk;
    }

    private void DropFirst()
    {
        var empty = _first!;
        if (empty.Next is null)
        {
            empty.First += (ulong)empty.End;
            empty.Start = empty.End = 0;
            if (empty.Items.Length == SmallChunk || _spare is null)
            {
                return;
            }
        }

        _first = empty.Next;
        if (_first is { } next)
        {
            next.Previous = null;
            PassGap((int)(next.First - empty.First) - empty.End);
        }
        else
        {
            _last = null;
            _nextNumber = empty.First;
        }

        PutAway(empty);
    }

    /// <summary>A chunk is in the list no more: the next that is needed may be this.</summary>
    private void PutAway(Chunk empty)
    {
        empty.First = Chunk.Nowhere;
        empty.Next = empty.Previous = null;
        empty.Start = empty.End = empty.HoleCount = 0;
        if (empty.Items.Length == FullChunk && _spare is null)
        {
            _spare = empty;
        }
        else
        {
            arena.CountListOctets(-empty.Octets);
        }
    }

    /// <summary>Gives all memory back, and every message that is left.</summary>
    public void Drop()
    {
        while (PlaceCount > 0)
        {
            arena.Release(Take(out _));
        }

        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
        {
            arena.CountListOctets(-chunk.Octets);
        }

        if (_spare is not null)
        {
            arena.CountListOctets(-_spare.Octets);
        }

        _first = _last = _spare = null;
    }

    /// <summary>Messages in a row.</summary>
    internal sealed class Chunk(int length)
    {
        /// <summary>The first number of a chunk that is in no list.</summary>
        public const ulong Nowhere = ulong.MaxValue;

        /// <summary>The number of what lies at 0.</summary>
        public ulong First;
        public readonly MessageRef[] Items = new MessageRef[length];
        public int Start;
        public int End;
        public int PagedOutCount;

        /// <summary>Places whose messages were taken before their turn.</summary>
        public int HoleCount;
        public StoredMessage[]? Stored;
        public Chunk? Next;
        public Chunk? Previous;

        /// <summary>Places that are left.</summary>
        public int Count => End - Start;

        public int Octets => (Items.Length * sizeof(ulong)) + StoredOctets;

        public int StoredOctets => Stored is null ? 0 : Stored.Length * sizeof(uint);
    }
}
