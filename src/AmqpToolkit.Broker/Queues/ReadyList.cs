using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages in the order of arrival, in chunks that never double: eight octets each, and four more where the journal has them. Used under the queue's lock, where it lies: it is not copied.
/// </summary>
internal struct ReadyList(MessageArena arena, ulong nextNumber = 0)
{
    private const int SmallChunk = 16;
    private const int FullChunk = 1024;

    /// <summary>Octets of bodies that are paged out under one taking of the queue's lock.</summary>
    private const long PagedOutAtOnce = 1024 * 1024;

    private Chunk? _first;
    private Chunk? _last;
    private Chunk? _spare;
    private OctetCount? _count;

    /// <summary>The number of the next message while the list has no chunk: numbers rise with each that is added.</summary>
    private ulong _nextNumber = nextNumber;

    /// <summary>Null as long as all are in memory, and none was taken but the oldest.</summary>
    private PagedMark? _paged;

    /// <summary>Places: of messages, and of those that were taken before their turn.</summary>
    public int PlaceCount { readonly get; private set; }

    /// <summary>Messages.</summary>
    public readonly int Count => PlaceCount - (_paged?.HoleCount ?? 0);

    /// <summary>Whether messages were taken before their turn, and those before them were not.</summary>
    public readonly bool HasHoles => _paged is { HoleCount: > 0 };

    /// <summary>The number that the next message will have.</summary>
    public readonly ulong NextNumber => _last is { } last ? last.First + (ulong)last.End : _nextNumber;

    /// <summary>The number of the oldest message, or that of the next where there is none.</summary>
    public readonly ulong FirstNumber => _first is { } first ? first.First + (ulong)first.Start : _nextNumber;

    /// <summary>Messages that are paged out.</summary>
    public readonly int PagedOutCount => _paged?.Count ?? 0;

    /// <summary>Whether so few messages lie in memory before the first that is paged out that more should be read.</summary>
    public readonly bool WantsRead => _paged is { Count: > 0 } paged && paged.Number - paged.FirstNumber <= (ulong)paged.Ahead;

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

    /// <summary>The message that was added last is paged out.</summary>
    public void MarkPagedOut() => MarkPagedOut(_last!, _last!.End - 1, PlaceCount - 1);

    /// <summary>Pages messages out that lie in memory, from the oldest on.</summary>
    /// <param name="kept">The oldest that stay in memory.</param>
    /// <param name="budget">Messages at most.</param>
    /// <param name="paging">Where to.</param>
    /// <returns>How many were.</returns>
    public int PageOut(int kept, int budget, MessagePaging paging)
    {
        int done = 0;
        int before = 0;
        long octets = 0;
        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
        {
            int count = chunk.End - chunk.Start;
            for (int index = kept; chunk.PagedOutCount < count && index < count; index++)
            {
                int at = chunk.Start + index;
                if (!chunk.Items[at].IsInMemory)
                {
                    continue;
                }

                if (done == budget || octets >= PagedOutAtOnce || !paging.TryPageOut(chunk.Items[at], chunk.Stored?[at] ?? default, out var message))
                {
                    return done;
                }

                chunk.Items[at] = message;
                MarkPagedOut(chunk, at, before + index);
                octets += message.PagedOctets;
                done++;
            }

            before += count;
            kept = Math.Max(0, kept - count);
        }

        return done;
    }

    /// <summary>Gathers the first messages that are paged out, as far as they lie in a row.</summary>
    public readonly void Collect(PagedRun run)
    {
        if (_paged is not { Count: > 0 } paged)
        {
            return;
        }

        (run.List, run.First) = (paged, paged.Number);
        for (var (chunk, at) = (paged.Chunk, paged.At); chunk is not null; chunk = chunk.Next, at = chunk?.Start ?? 0)
        {
            for (; at < chunk.End; at++)
            {
                if (run.IsFull || !chunk.Items[at].IsPagedOut)
                {
                    return;
                }

                run.Add(chunk.Items[at], chunk.Stored?[at] ?? default, position: 0);
            }
        }
    }

    /// <summary>Puts messages that were read in the place of those that are here still.</summary>
    public readonly void Fill(PagedRun run)
    {
        var read = run.Messages;
        if (_paged is not { } paged || !ReferenceEquals(paged, run.List) || read.IsEmpty)
        {
            return;
        }

        // Who takes them slowly has few ahead, whoever takes them fast many.
        paged.Ahead = Math.Max(1, read.Length / 2);
        while (paged.Count > 0 && paged.Number >= run.First && paged.Number - run.First < (ulong)read.Length)
        {
            int index = (int)(paged.Number - run.First);
            var chunk = paged.Chunk!;
            if (chunk.Items[paged.At] != run[index].Message)
            {
                // It was in memory meanwhile, and left it again.
                return;
            }

            chunk.Items[paged.At] = read[index];
            read[index] = default;
            chunk.PagedOutCount--;
            paged.Count--;
            paged.FindNext();
        }
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
        if (_paged is { } marks)
        {
            HandleTaken(marks, first, message);
        }
        else if (first.Start == first.End)
        {
            DropFirst();
        }

        return message;
    }

    private void MarkPagedOut(Chunk chunk, int at, int index)
    {
        var paged = _paged ??= new PagedMark();
        ulong number = paged.FirstNumber + (ulong)index;
        chunk.PagedOutCount++;
        if (paged.Count++ == 0 || number < paged.Number)
        {
            (paged.Chunk, paged.At, paged.Number) = (chunk, at, number);
        }
    }

    private void HandleTaken(PagedMark marks, Chunk first, MessageRef message)
    {
        marks.HandleTaken(first, message);
        if (first.Start == first.End)
        {
            DropFirst();
        }

        if (marks.HoleCount > 0)
        {
            DropHoles(marks);
        }
    }

    /// <summary>The first of the list is a message always: places that are empty go with those before them.</summary>
    private void DropHoles(PagedMark marks)
    {
        while (_first is { } first && first.Start < first.End && first.Items[first.Start].IsNone)
        {
            first.Start++;
            PlaceCount--;
            marks.HoleCount--;
            marks.HandleTaken(first, default);
            Uncount();
            if (first.Start == first.End)
            {
                DropFirst();
            }
        }
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
            empty.First += (ulong)empty.End;
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
            _nextNumber = empty.First;
        }

        empty.First = Chunk.Nowhere;
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
    public void BeginCount() => _count = PlaceCount == 0 ? null : new OctetCount { Left = PlaceCount };

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

            var message = count.Chunk.Items[count.At++];
            octets += message.IsNone ? 0 : arena.BodyOctetsOf(message);
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

    /// <summary>Whether the body of a message is counted.</summary>
    public readonly bool IsCounted(in Cursor cursor) =>
        _count is not { Left: > 0 } count || IndexOf(in cursor) is var index && (index < count.Counted || index >= count.Counted + count.Left);

    /// <summary>Where a message stands among the places.</summary>
    public readonly int IndexOf(in Cursor cursor) => (int)(cursor.Number - FirstNumber);

    /// <summary>Whether it is the oldest.</summary>
    public readonly bool IsFirst(in Cursor cursor) => cursor.Number == FirstNumber;

    /// <summary>Brings a cursor to the first message that stands where it is, or behind.</summary>
    /// <param name="cursor">The cursor; at the end it stands where the next message will be.</param>
    /// <param name="budget">Places that may be looked at; less those that were.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when there is none, or the budget is used up.</returns>
    public readonly bool TrySeek(ref Cursor cursor, ref int budget, out MessageRef message)
    {
        message = default;
        if (PlaceCount == 0)
        {
            cursor.Number = Math.Max(cursor.Number, NextNumber);
            return false;
        }

        if (cursor.Number < FirstNumber || cursor.Chunk is null || cursor.Chunk.First != cursor.ChunkFirst)
        {
            Find(ref cursor);
        }

        var chunk = cursor.Chunk!;
        while (budget > 0)
        {
            int at = (int)(cursor.Number - chunk.First);
            if (at >= chunk.End)
            {
                if (chunk.Next is not { } next)
                {
                    return false;
                }

                chunk = next;
                (cursor.Chunk, cursor.ChunkFirst) = (chunk, chunk.First);
                continue;
            }

            message = chunk.Items[at];
            if (!message.IsNone)
            {
                return true;
            }

            budget--;
            cursor.Number++;
        }

        return false;
    }

    /// <summary>Its name in the journal, if the message at the cursor is there.</summary>
    public readonly StoredMessage StoredAt(in Cursor cursor) => cursor.Chunk!.Stored?[(int)(cursor.Number - cursor.ChunkFirst)] ?? default;

    /// <summary>Takes the message at the cursor, which is not the oldest: its place stays.</summary>
    public void TakeAt(in Cursor cursor)
    {
        var chunk = cursor.Chunk!;
        int at = (int)(cursor.Number - chunk.First);
        var marks = _paged ??= new PagedMark();
        bool isPagedOut = chunk.Items[at].IsPagedOut;
        chunk.Items[at] = default;
        if (chunk.Stored is { } names)
        {
            names[at] = default;
        }

        marks.HoleCount++;
        if (isPagedOut)
        {
            marks.HandleGone(chunk, at);
        }
    }

    /// <summary>Gathers messages that are paged out and lie in a row, from the cursor on.</summary>
    public readonly void Collect(PagedRun run, in Cursor from)
    {
        run.First = from.Number;
        int at = (int)(from.Number - from.ChunkFirst);
        for (var chunk = from.Chunk; chunk is not null; chunk = chunk.Next, at = chunk?.Start ?? 0)
        {
            for (; at < chunk.End; at++)
            {
                if (run.IsFull || !chunk.Items[at].IsPagedOut)
                {
                    return;
                }

                run.Add(chunk.Items[at], chunk.Stored?[at] ?? default, position: 0);
            }
        }
    }

    /// <summary>Puts a message in its place that was read.</summary>
    public readonly void Replace(in Cursor cursor, MessageRef read)
    {
        var chunk = cursor.Chunk!;
        int at = (int)(cursor.Number - chunk.First);
        chunk.Items[at] = read;
        _paged!.HandleGone(chunk, at);
    }

    private readonly void Find(ref Cursor cursor)
    {
        cursor.Number = Math.Max(cursor.Number, FirstNumber);
        var chunk = _first!;
        while (cursor.Number - chunk.First >= (ulong)chunk.End && chunk.Next is { } next)
        {
            chunk = next;
        }

        (cursor.Chunk, cursor.ChunkFirst) = (chunk, chunk.First);
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

    /// <summary>A place in the list that stands when messages before it go. Numbers rise for as long as the queue lives.</summary>
    internal struct Cursor
    {
        /// <summary>The number of the message that it stands at, or before.</summary>
        public ulong Number;

        /// <summary>The chunk where it was, and its first number then: a chunk that is used again has another.</summary>
        public Chunk? Chunk;
        public ulong ChunkFirst;
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
        public StoredMessage[]? Stored;
        public Chunk? Next;

        public int Octets => (Items.Length * sizeof(ulong)) + StoredOctets;

        public int StoredOctets => Stored is null ? 0 : Stored.Length * sizeof(uint);
    }

    /// <summary>Where the first message lies that is paged out. Messages are counted from when there was one: so it is found again however many have gone before it.</summary>
    private sealed class PagedMark
    {
        private const int UsualAhead = 256;

        /// <summary>Messages that are paged out.</summary>
        public int Count;

        /// <summary>The number of the oldest message of the list.</summary>
        public ulong FirstNumber;

        /// <summary>The chunk with the first of them, its place there and its number, while there is one.</summary>
        public Chunk? Chunk;
        public int At;
        public ulong Number;

        /// <summary>Messages before it that are not enough.</summary>
        public int Ahead = UsualAhead;

        /// <summary>Places whose messages were taken before their turn.</summary>
        public int HoleCount;

        /// <summary>A message that was paged out is not any more.</summary>
        public void HandleGone(Chunk chunk, int at)
        {
            chunk.PagedOutCount--;
            Count--;
            if (ReferenceEquals(chunk, Chunk) && at == At)
            {
                FindNext();
            }
        }

        /// <summary>The oldest message was taken.</summary>
        public void HandleTaken(Chunk first, MessageRef message)
        {
            FirstNumber++;
            if (message.IsPagedOut)
            {
                first.PagedOutCount--;
                Count--;
                FindNext();
            }
        }

        /// <summary>Goes on to the next: the one here is not paged out any more, or about to be gone.</summary>
        public void FindNext()
        {
            if (Count == 0)
            {
                Chunk = null;
                return;
            }

            At++;
            Number++;
            while (true)
            {
                var chunk = Chunk!;
                if (chunk.PagedOutCount > 0)
                {
                    for (; At < chunk.End; At++, Number++)
                    {
                        if (chunk.Items[At].IsPagedOut)
                        {
                            return;
                        }
                    }
                }

                Number += (ulong)Math.Max(0, chunk.End - At);
                Chunk = chunk.Next;
                At = Chunk!.Start;
            }
        }
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
