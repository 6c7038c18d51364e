using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// What of a group of the journal goes to streams, whose logs are not the journal. It is written to the journal with the group, and appended to the logs when the group's
/// end is kept, so that it is there with everything else of the group or not at all; the journal is done with it when the logs are written and synced. A broker that ends in
/// between finds it in the journal, and goes on; what a log has already it knows by its place.
/// </summary>
/// <remarks>Filled by the thread whose group it is, or that starts the broker; from the group's end on it is the journal's thread's.</remarks>
internal sealed class StreamTransfer(BrokerStore store) : IJournalWaiter
{
    /// <summary>What the journal is to tell first: the group holds.</summary>
    private const ulong EndIsKept = 1;

    /// <summary>What it is to tell then: the logs have it.</summary>
    private const ulong LogsAreKept = 2;

    private readonly List<Item> _items = [];
    private JournalTicket _ticket;
    private CommitLevel _level = store.DefinitionLevel;

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Adds a message that stands in the journal.</summary>
    /// <param name="stream">Where it goes.</param>
    /// <param name="position">Its place in the journal.</param>
    /// <param name="stored">Its name there.</param>
    /// <param name="content">As the stream's log has it.</param>
    /// <param name="isTaken">Whether the log has it already.</param>
    public void Add(StreamQueue stream, ulong position, StoredMessage stored, byte[] content, bool isTaken = false)
    {
        _items.Add(new Item(stream, new JournalAck(position, stored), content, isTaken));
        _level = stream.CommitLevel == CommitLevel.Fsync ? CommitLevel.Fsync : _level;
    }

    /// <summary>The group has its end: what follows waits until that is kept.</summary>
    public void Begin(in Journal.Appender append) => append.Commit(this, EndIsKept, _level);

    /// <summary>The group holds: it was there when the broker started.</summary>
    public void Resume() => HandOver();

    /// <summary>The group was given up: nothing of it holds.</summary>
    public void Drop(in Journal.Appender append)
    {
        foreach (var item in _items)
        {
            append.Forget(item.Ack.Message);
        }
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        try
        {
            if (token == EndIsKept)
            {
                HandOver();
            }
            else
            {
                Settle();
            }
        }
        catch (ObjectDisposedException)
        {
            // The journal is being closed. It has what is left, and the next broker goes on with it.
        }
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error)
    {
        // As above, as far as the group holds.
    }

    private void HandOver()
    {
        foreach (var run in Runs())
        {
            run[0].Stream.Take(run.Where(static item => !item.IsTaken).Select(static item => item.Content));
        }

        using var append = store.Journal.Append();
        append.Commit(this, LogsAreKept, CommitLevel.Os);
    }

    private void Settle()
    {
        foreach (var run in Runs())
        {
            using var append = store.Journal.Append();
            append.Ack(run[0].Stream.StoreNumber, run.Select(static item => item.Ack).ToArray());
        }
    }

    /// <summary>Items that follow each other and go to one stream.</summary>
    private IEnumerable<ArraySegment<Item>> Runs()
    {
        Item[] items = [.. _items];
        for (int start = 0; start < items.Length;)
        {
            int end = start + 1;
            while (end < items.Length && items[end].Stream == items[start].Stream)
            {
                end++;
            }

            yield return new ArraySegment<Item>(items, start, end - start);
            start = end;
        }
    }

    private readonly record struct Item(StreamQueue Stream, JournalAck Ack, byte[] Content, bool IsTaken);
}
