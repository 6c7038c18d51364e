using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;

namespace AmqpToolkit.Broker.Queues;

/// <content>Messages of the list that are on the disk alone, and octets that are counted late.</content>
internal partial struct ReadyList
{
    /// <summary>Octets of bodies that are paged out under one taking of the queue's lock.</summary>
    private const long PagedOutAtOnce = 1024 * 1024;

    /// <summary>Empty places between the messages of a run.</summary>
    private const int MostPassed = 4096;

    /// <summary>Messages that are paged out.</summary>
    public readonly int PagedOutCount => _marks?.PagedOutCount ?? 0;

    /// <summary>Whether so few messages lie in memory before the first that is paged out that more should be read.</summary>
    public readonly bool WantsRead => _marks is { PagedOutCount: > 0 } marks && marks.Number - FirstNumber <= (ulong)marks.Ahead;

    /// <summary>The message that was added last is paged out.</summary>
    public void MarkPagedOut() => MarkPagedOut(_last!, _last!.End - 1);

    /// <summary>Pages messages out that lie in memory, from the oldest on.</summary>
    /// <param name="kept">The oldest that stay in memory.</param>
    /// <param name="budget">Messages at most.</param>
    /// <param name="paging">Where to.</param>
    /// <returns>How many were.</returns>
    public int PageOut(int kept, int budget, MessagePaging paging)
    {
        int done = 0;
        long octets = 0;
        for (var chunk = _first; chunk is not null; chunk = chunk.Next)
        {
            int count = chunk.Count;
            for (int index = kept; chunk.PagedOutCount + chunk.HoleCount < count && index < count; index++)
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
                MarkPagedOut(chunk, at);
                octets += message.PagedOctets;
                done++;
            }

            kept = Math.Max(0, kept - count);
        }

        return done;
    }

    /// <summary>Gathers the first messages that are paged out, as far as they lie in a row.</summary>
    public readonly void Collect(PagedRun run)
    {
        if (_marks is { PagedOutCount: > 0 } marks)
        {
            run.List = marks;
            Collect(run, marks.Chunk!, marks.At);
        }
    }

    /// <summary>Gathers messages that are paged out and lie in a row, from the cursor on.</summary>
    public readonly void Collect(PagedRun run, in Cursor from) => Collect(run, from.Chunk!, (int)(from.Number - from.ChunkFirst));

    /// <summary>Puts messages that were read in the place of those that are here still.</summary>
    public readonly void Fill(PagedRun run)
    {
        var read = run.Messages;
        if (_marks is not { } marks || !ReferenceEquals(marks, run.List) || read.IsEmpty)
        {
            return;
        }

        // Who takes them slowly has few ahead, whoever takes them fast many.
        marks.Ahead = Math.Max(1, read.Length / 2);
        for (int index = 0; marks.PagedOutCount > 0; index++)
        {
            while (index < read.Length && run[index].Position < marks.Number)
            {
                index++;
            }

            var chunk = marks.Chunk!;
            if (index == read.Length || run[index].Position != marks.Number || chunk.Items[marks.At] != run[index].Message)
            {
                // It was in memory meanwhile, and left it again.
                return;
            }

            chunk.Items[marks.At] = read[index];
            read[index] = default;
            marks.HandleGone(chunk, marks.At);
        }
    }

    /// <summary>Begins to count the octets of the bodies that are there; what is added from now on is not among them.</summary>
    public void BeginCount() => _count = PlaceCount == 0 ? null : new OctetCount { Next = new Cursor { Number = FirstNumber }, End = NextNumber };

    /// <summary>Counts on, from the oldest to the youngest.</summary>
    /// <param name="budget">Messages that may be looked at; less those that were.</param>
    public readonly long CountOctets(ref int budget)
    {
        long octets = 0;
        if (_count is not { IsDone: false } count)
        {
            return octets;
        }

        while (TrySeek(ref count.Next, ref budget, out var message) && !count.IsDone)
        {
            octets += arena.BodyOctetsOf(message);
            count.Next.Number++;
            budget--;
        }

        if (budget > 0)
        {
            count.Next.Number = count.End;
        }

        return octets;
    }

    /// <summary>Whether the body of the oldest message is counted.</summary>
    public readonly bool IsHeadCounted() => _count is not { IsDone: false } count || count.Has(FirstNumber);

    /// <summary>Whether the body of a message is counted.</summary>
    public readonly bool IsCounted(in Cursor cursor) => _count is not { IsDone: false } count || count.Has(cursor.Number);

    /// <summary>Messages in a row, but for those that were taken before their turn.</summary>
    private static void Collect(PagedRun run, Chunk from, int at)
    {
        int passed = 0;
        run.First = from.First + (ulong)at;
        for (var chunk = from; chunk is not null; chunk = chunk.Next, at = chunk?.Start ?? 0)
        {
            for (; at < chunk.End; at++)
            {
                if (chunk.Items[at].IsNone && passed++ < MostPassed)
                {
                    continue;
                }

                if (run.IsFull || !chunk.Items[at].IsPagedOut)
                {
                    return;
                }

                run.Add(chunk.Items[at], chunk.Stored?[at] ?? default, chunk.First + (ulong)at);
            }
        }
    }

    private void MarkPagedOut(Chunk chunk, int at)
    {
        var marks = _marks ??= new ListMarks();
        chunk.PagedOutCount++;
        if (marks.PagedOutCount++ == 0 || chunk.First + (ulong)at < marks.Number)
        {
            (marks.Chunk, marks.At) = (chunk, at);
        }
    }

    /// <summary>What a list knows of its messages beyond their order: where the first lies that is paged out, and how many places are empty.</summary>
    private sealed class ListMarks
    {
        private const int UsualAhead = 256;

        /// <summary>Messages that are paged out.</summary>
        public int PagedOutCount;

        /// <summary>The chunk with the first of them, and its place there, while there is one.</summary>
        public Chunk? Chunk;
        public int At;

        /// <summary>Messages before it that are not enough.</summary>
        public int Ahead = UsualAhead;

        /// <summary>Places whose messages were taken before their turn.</summary>
        public int HoleCount;

        /// <summary>Places of chunks that were empty and are gone, of which nobody was told yet.</summary>
        public List<(ulong First, int Count)>? Gone;

        /// <summary>Its number.</summary>
        public ulong Number => Chunk!.First + (ulong)At;

        /// <summary>A message that was paged out is not any more.</summary>
        public void HandleGone(Chunk chunk, int at)
        {
            chunk.PagedOutCount--;
            PagedOutCount--;
            if (ReferenceEquals(chunk, Chunk) && at == At)
            {
                FindNext();
            }
        }

        private void FindNext()
        {
            if (PagedOutCount == 0)
            {
                Chunk = null;
                return;
            }

            At++;
            while (true)
            {
                var chunk = Chunk!;
                if (chunk.PagedOutCount > 0)
                {
                    for (; At < chunk.End; At++)
                    {
                        if (chunk.Items[At].IsPagedOut)
                        {
                            return;
                        }
                    }
                }

                Chunk = chunk.Next;
                At = Chunk!.Start;
            }
        }
    }

    /// <summary>How far the bodies are counted: the oldest are, those behind them not yet, what came later is none of its concern.</summary>
    private sealed class OctetCount
    {
        /// <summary>The first that is not counted, if it is there.</summary>
        public Cursor Next;

        /// <summary>The number behind the last that is to be counted.</summary>
        public ulong End;

        public bool IsDone => Next.Number >= End;

        public bool Has(ulong number) => number < Next.Number || number >= End;
    }
}
