using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// Messages of the list that are looked at and taken before their turn. The place of one that is taken stays, empty, until those before it are gone; a chunk of nothing but empty places goes at
/// once, and its numbers with it.
/// </content>
internal partial struct ReadyList
{
    /// <summary>Whether messages were taken before their turn, and those before them were not.</summary>
    public readonly bool HasHoles => _marks is { HoleCount: > 0 };

    /// <summary>Where a message stands among the places.</summary>
    public readonly int IndexOf(in Cursor cursor) => (int)(cursor.Number - FirstNumber);

    /// <summary>Whether it is the oldest.</summary>
    public readonly bool IsFirst(in Cursor cursor) => cursor.Number == FirstNumber;

    /// <summary>Brings a cursor to the first message that stands where it is, or behind.</summary>
    /// <param name="cursor">The cursor; at the end it stands where the next message will be.</param>
    /// <param name="budget">Empty places that may be passed; less those that were.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when there is none, or the budget is used up.</returns>
    public readonly bool TrySeek(ref Cursor cursor, ref int budget, out MessageRef message)
    {
        message = default;
        if (PlaceCount == 0)
        {
            // The chunk may be one of a list that is gone.
            (cursor.Number, cursor.Chunk) = (Math.Max(cursor.Number, NextNumber), null);
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

                // Of what lay between them nothing is left.
                chunk = next;
                (cursor.Chunk, cursor.ChunkFirst) = (chunk, chunk.First);
                cursor.Number = Math.Max(cursor.Number, chunk.First);
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
        var marks = _marks ??= new ListMarks();
        bool isPagedOut = chunk.Items[at].IsPagedOut;
        chunk.Items[at] = default;
        if (chunk.Stored is { } names)
        {
            names[at] = default;
        }

        marks.HoleCount++;
        chunk.HoleCount++;
        if (isPagedOut)
        {
            marks.HandleGone(chunk, at);
        }

        DropIfEmpty(chunk);
    }

    /// <summary>Places in a row that are gone for good although there are some before them: what is told of them beside the list may go.</summary>
    public readonly bool TryTakeGone(out ulong first, out int count)
    {
        (first, count) = (0, 0);
        if (_marks?.Gone is not { Count: > 0 } gone)
        {
            return false;
        }

        (first, count) = gone[^1];
        gone.RemoveAt(gone.Count - 1);
        return true;
    }

    private readonly void Find(ref Cursor cursor)
    {
        cursor.Number = Math.Max(cursor.Number, FirstNumber);
        var chunk = _first!;
        if (cursor.Number - FirstNumber > (ulong)PlaceCount / 2)
        {
            // Who is through stands at the end.
            chunk = _last!;
            while (chunk.First > cursor.Number && chunk.Previous is { } before)
            {
                chunk = before;
            }
        }

        while (chunk.Next is { } next && next.First <= cursor.Number)
        {
            chunk = next;
        }

        (cursor.Chunk, cursor.ChunkFirst) = (chunk, chunk.First);
    }

    private void HandleTaken(ListMarks marks, Chunk first, MessageRef message)
    {
        if (message.IsPagedOut)
        {
            marks.HandleGone(first, first.Start - 1);
        }

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
    private void DropHoles(ListMarks marks)
    {
        while (_first is { } first && first.Start < first.End && first.Items[first.Start].IsNone)
        {
            first.Start++;
            first.HoleCount--;
            marks.HoleCount--;
            PlaceCount--;
            if (first.Start == first.End)
            {
                DropFirst();
            }
        }
    }

    /// <summary>The places between a chunk that was used up and the next are gone with it.</summary>
    private void PassGap(int count)
    {
        if (count > 0)
        {
            PlaceCount -= count;
            _marks!.HoleCount -= count;
        }
    }

    /// <summary>A chunk that is full of empty places takes memory for nothing. The first has a message at its head, and the last may get more.</summary>
    private void DropIfEmpty(Chunk chunk)
    {
        if (chunk.HoleCount < chunk.Count || chunk.Previous is not { } before || chunk.Next is not { } next)
        {
            return;
        }

        (before.Next, next.Previous) = (next, before);
        (_marks!.Gone ??= []).Add((chunk.First, chunk.Count));
        PutAway(chunk);
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
}
