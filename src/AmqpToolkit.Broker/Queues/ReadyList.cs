using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages in the order of arrival, in chunks that never double: eight octets each, and four more where the journal has them. Used under the queue's lock, where it lies: it is not copied.
/// </summary>
internal struct ReadyList(MessageArena arena)
{
    private const int SmallChunk = 16;
    private const int FullChunk = 1024;

    private Chunk? _first;
    private Chunk? _last;
    private Chunk? _spare;
    private OctetCount? _count;

    public int Count { readonly get; private set; }

    public void Add(MessageRef message)
    {
        var last = _last;
        if (last is null || last.End == last.Items.Length)
        {
            last = AddChunk();
        }

        last.Items[last.End++] = message;
        Count++;
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
        Count--;
        if (first.Start == first.End)
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

        if (_last is null)
        {
            _first = chunk;
        }
        else
        {
            _last.Next = chunk;
        }

        return _last = chunk;
    }

    private void DropFirst()
    {
        var empty = _first!;
        if (empty.Next is null)
        {
            empty.Start = empty.End = 0;
            if (empty.Items.Length == SmallChunk || _spare is null)
            {
                return;
            }
        }

        _first = empty.Next;
        if (_first is null)
        {
            _last = null;
        }

        empty.Next = null;
        empty.Start = empty.End = 0;
        if (empty.Items.Length == FullChunk && _spare is null)
        {
            _spare = empty;
        }
        else
        {
            arena.CountListOctets(-empty.Octets);
        }
    }

    /// <summary>Begins to count the octets of the bodies that are there; what is added from now on is not among them.</summary>
    public void BeginCount() => _count = Count == 0 ? null : new OctetCount { Left = Count };

    /// <summary>Counts on, from the oldest to the youngest.</summary>
    /// <param name="budget">Messages that may be looked at; less those that were.</param>
    public readonly long CountOctets(ref int budget)
    {
        long octets = 0;
        if (_count is not { Left: > 0 } count)
        {
            return octets;
        }

        if (count.Counted == 0)
        {
            (count.Chunk, count.At) = (_first!, _first!.Start);
        }

        for (; budget > 0 && count.Left > 0; budget--)
        {
            if (count.At == count.Chunk!.End)
            {
                count.Chunk = count.Chunk.Next!;
                count.At = count.Chunk.Start;
            }

            octets += arena.BodyOctetsOf(count.Chunk.Items[count.At++]);
            count.Counted++;
            count.Left--;
        }

        return octets;
    }

    /// <summary>The oldest message is about to be taken.</summary>
    /// <returns>Whether it was counted.</returns>
    public readonly bool Uncount()
    {
        if (_count is not { Left: > 0 } count)
        {
            return true;
        }

        if (count.Counted > 0)
        {
            count.Counted--;
            return true;
        }

        count.Left--;
        return false;
    }

    /// <summary>Gives all memory back, and every message that is left.</summary>
    public void Drop()
    {
        while (Count > 0)
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

    private sealed class Chunk(int length)
    {
        public readonly MessageRef[] Items = new MessageRef[length];
        public int Start;
        public int End;
        public StoredMessage[]? Stored;
        public Chunk? Next;

        public int Octets => (Items.Length * sizeof(ulong)) + StoredOctets;

        public int StoredOctets => Stored is null ? 0 : Stored.Length * sizeof(uint);
    }

    /// <summary>How far the bodies are counted: the oldest are, those behind them not yet, what came later is none of its concern.</summary>
    private sealed class OctetCount
    {
        /// <summary>Where the first message lies that is not counted; holds while <see cref="Counted"/> is above 0.</summary>
        public Chunk? Chunk;
        public int At;

        /// <summary>Messages at the head that are counted.</summary>
        public int Counted;

        /// <summary>Messages behind them that are not.</summary>
        public int Left;
    }
}
