using AmqpToolkit.Broker.Messages;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages in the order of arrival, in chunks that never double: eight octets each. Used under the queue's lock, where it lies: it is not copied.
/// </summary>
internal struct ReadyList(MessageArena arena)
{
    private const int SmallChunk = 16;
    private const int FullChunk = 1024;

    private Chunk? _first;
    private Chunk? _last;
    private Chunk? _spare;

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

    /// <summary>The oldest; the list is not empty.</summary>
    public readonly MessageRef Peek() => _first!.Items[_first.Start];

    /// <summary>Takes the oldest; the list is not empty.</summary>
    public MessageRef Take()
    {
        var first = _first!;
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

    /// <summary>Octets of the bodies of all messages. Walks them.</summary>
    public readonly long CountBodyOctets()
    {
        long octets = 0;
        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
        {
            for (int index = chunk.Start; index < chunk.End; index++)
            {
                octets += arena.BodyOctetsOf(chunk.Items[index]);
            }
        }

        return octets;
    }

    /// <summary>Gives every message and all memory back.</summary>
    public void Drop()
    {
        while (Count > 0)
        {
            arena.Release(Take());
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
        public Chunk? Next;

        public int Octets => Items.Length * sizeof(ulong);
    }
}
