using System.Buffers;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// What one queue writes to the journal: messages that are to survive a restart, and what became of them. Used under the queue's lock, save where it
/// says otherwise; takes the journal's, which is a leaf.
/// </summary>
/// <param name="store">The broker's store.</param>
/// <param name="number">The queue's number there.</param>
/// <param name="timers">Whose time deadlines are in.</param>
internal sealed class QueueJournal(BrokerStore store, uint number, TimerWheel timers)
{
    /// <summary>Messages that a queue is done with and that are told in one record.</summary>
    private const int MaxAcks = 1024;

    /// <summary>Whoever holds a queue's lock holds no other's: one row a thread is enough.</summary>
    [ThreadStatic]
    private static AckRow? t_acks;

    [ThreadStatic]
    private static StoredMessage[]? t_stored;

    [ThreadStatic]
    private static byte[]? t_head;

    /// <summary>The first message of the batch at hand that is written although it is not in the queue yet; -1 while there is none.</summary>
    private int _aheadFrom = -1;

    /// <summary>Whether messages that come now are kept. Those that were are in any case.</summary>
    public bool IsOpen { get; set; }

    /// <summary>When what is written counts as kept.</summary>
    public CommitLevel Level { get; set; }

    private Journal Journal => store.Journal;

    /// <summary>The first place of a line of messages: none that the queue had in another life.</summary>
    public ulong FirstPlace => store.FirstPlace;

    /// <summary>Messages below this place may have been handed out.</summary>
    public ulong HandedOutBelow => store.HandedOutBelow;

    /// <summary>Whether the message is one that is kept.</summary>
    public static bool IsKept(in MessageContent content) => (content.Flags & MessageFlags.Persistent) != 0;

    /// <summary>Writes the messages of a batch from <paramref name="next"/> on that are to be kept, in one go.</summary>
    /// <param name="batch">The messages.</param>
    /// <param name="next">The first of them.</param>
    /// <param name="position">Its place; the others follow.</param>
    /// <returns>A name for each message, none for what is not kept; the thread's own, until it asks again.</returns>
    public ReadOnlySpan<StoredMessage> Add(IncomingBatch batch, int next, ulong position)
    {
        var stored = (t_stored ??= new StoredMessage[IncomingBatch.MaxMessages]).AsSpan(0, batch.Count - next);
        using var appender = Journal.Append();
        store.UsePlaces(in appender, position + (ulong)stored.Length);
        for (int index = 0; index < stored.Length; index++)
        {
            var content = batch[next + index];
            stored[index] = IsKept(in content)
                ? Write(in appender, batch, next + index, in content, position + (ulong)index, default)
                : default;
        }

        batch.MarkWritten(Level);
        return stored;
    }

    /// <summary>A batch begins of which nothing is written.</summary>
    public void BeginBatch() => _aheadFrom = -1;

    /// <summary>
    /// Writes a message of a batch that a consumer gets, and all behind it, in one go: whoever takes those, they take the places that follow, and a message
    /// that nobody has to settle is acknowledged.
    /// </summary>
    /// <returns>The message's name; none for what is not kept.</returns>
    public StoredMessage AddAhead(IncomingBatch batch, int index, ulong position)
    {
        if (_aheadFrom < 0)
        {
            Add(batch, index, position);
            _aheadFrom = index;
        }

        return t_stored![index - _aheadFrom];
    }

    /// <summary>Gives what <see cref="AddAhead"/> has written of the messages from <paramref name="next"/> on.</summary>
    /// <returns>Whether it has written any.</returns>
    public bool TryGetAhead(IncomingBatch batch, int next, out ReadOnlySpan<StoredMessage> stored)
    {
        bool isWritten = _aheadFrom >= 0;
        stored = isWritten ? t_stored.AsSpan(next - _aheadFrom, batch.Count - next) : default;
        return isWritten;
    }

    /// <summary>Writes one message of a batch, if it is to be kept.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="index">Its place there.</param>
    /// <param name="content">The message.</param>
    /// <param name="position">Its place in the journal.</param>
    /// <param name="deadline">When its time is over, on the wheel.</param>
    public StoredMessage Add(IncomingBatch batch, int index, in MessageContent content, ulong position, long deadline = QueuedMessage.Never)
    {
        if (!IsKept(in content))
        {
            return default;
        }

        Span<byte> overlay = stackalloc byte[StoredMessageFormat.OverlayOctets];
        batch.MarkWritten(Level);
        using var appender = Journal.Append();
        store.UsePlaces(in appender, position & QueuedMessage.PlaceMask);
        return Write(in appender, batch, index, in content, position, deadline == QueuedMessage.Never ? default : Overlay(overlay, false, 0, deadline));
    }

    /// <summary>The queue is done with a message; told when <see cref="Flush"/> is called.</summary>
    public void Ack(in QueuedMessage message)
    {
        var acks = t_acks ??= new AckRow();
        if (acks.Owner != this)
        {
            acks.TakeOver(this);
        }

        acks.Row[acks.Count++] = new JournalAck(message.JournalPosition, message.Stored);
        if (acks.Count == MaxAcks)
        {
            Flush(acks.Group);
        }
    }

    /// <summary>
    /// What the queue is done with from here on belongs to a group, also what is written because the row is full; so do messages of batches that belong to
    /// none. 0 for none again.
    /// </summary>
    public void UseGroup(uint group) => (t_acks ??= new AckRow()).Group = group;

    /// <summary>Nothing belongs to the group any more. What an exception has left unwritten is forgotten: the group will not hold either.</summary>
    public void EndUseOfGroup()
    {
        if (t_acks is { } acks)
        {
            acks.Group = 0;
            acks.Count = acks.Owner == this ? 0 : acks.Count;
        }
    }

    /// <summary>Writes what the queue is done with. Before its lock is left.</summary>
    public void Flush(uint group = 0)
    {
        if (t_acks is { Count: > 0 } acks && acks.Owner == this)
        {
            try
            {
                using var appender = Journal.Append();
                appender.Ack(number, acks.Row.AsSpan(0, acks.Count), group);
            }
            catch (ObjectDisposedException)
            {
                // The journal was closed meanwhile. The row is the thread's, and other journals come.
                acks.Count = 0;
                throw;
            }

            acks.Count = 0;
        }
    }

    /// <summary>The queue is done with messages. Any thread; the queue's lock is not needed.</summary>
    public void Ack(ReadOnlySpan<JournalAck> acks, uint group)
    {
        using var appender = Journal.Append();
        appender.Ack(number, acks, group);
    }

    /// <summary>A message went back to the queue, and is no longer what it was.</summary>
    public void Update(in QueuedMessage message, uint group = 0)
    {
        Span<byte> overlay = stackalloc byte[StoredMessageFormat.OverlayOctets];
        var written = Overlay(overlay, message.Redelivered, message.DeliveryCount, message.Deadline);
        using var appender = Journal.Append();
        appender.Update(number, message.JournalPosition, message.Stored, written, group);
    }

    /// <summary>The deadline of a restored message on the wheel.</summary>
    public long DeadlineOf(long utcMilliseconds) =>
        utcMilliseconds == 0 ? QueuedMessage.Never : utcMilliseconds - UtcOfWheel();

    /// <summary>Is done with messages that were taken out of the queue, a slice at a time. Any thread, no lock held.</summary>
    public void Drop(MessageLine line, byte priority, MessageArena arena)
    {
        while (line.TryTake(priority, out var message))
        {
            arena.Release(message.Message);
            if (!message.Stored.IsNone)
            {
                Ack(in message);
            }
        }

        Flush();
    }

    /// <summary>Gives up messages of a queue whose removal stands in the journal. Any thread, no lock held.</summary>
    public void Forget(MessageLine line, MessageArena arena)
    {
        while (line.HasMessage)
        {
            using var appender = Journal.Append();
            for (int count = 0; count < MaxAcks && line.TryTake(priority: 0, out var message); count++)
            {
                if (!message.Stored.IsNone)
                {
                    appender.Forget(message.Stored);
                }

                arena.Release(message.Message);
            }
        }
    }

    /// <summary>Begins a group: what is written with it holds from its end on, or not at all. Any thread.</summary>
    public uint BeginGroup() => store.BeginGroup();

    /// <summary>Ends a group. Any thread.</summary>
    public void EndGroup(uint group) => store.EndGroup(group);

    private StoredMessage Write(
        in Journal.Appender appender, IncomingBatch batch, int index, in MessageContent content, ulong position, scoped ReadOnlySpan<byte> overlay)
    {
        Span<byte> head = t_head ??= new byte[StoredMessageFormat.MaxHeadOctets];
        int octets = StoredMessageFormat.WriteHead(head, in content);
        byte[]? rented = content.Large is null ? null : Gather(content.Large);
        var parts = new ContentParts(head[..octets], content.Properties, rented is null ? content.Body : rented.AsSpan(0, (int)content.Large!.Octets));
        uint group = batch.Group != 0 ? batch.Group : t_acks?.Group ?? 0;
        var stored = batch.IsShared
            ? appender.Enqueue(number, position, overlay, ShareContent(in appender, batch, index, in parts), group)
            : appender.Message(number, position, overlay, in parts, group);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return stored;
    }

    private StoredContent ShareContent(in Journal.Appender appender, IncomingBatch batch, int index, scoped in ContentParts parts)
    {
        var shared = batch.SharedContent(index);
        if (shared.IsNone)
        {
            shared = appender.Content(in parts, batch.Group);
            batch.SetSharedContent(index, shared, Journal);
        }

        return shared;
    }

    private static byte[] Gather(LargeBody large)
    {
        byte[] octets = ArrayPool<byte>.Shared.Rent((int)large.Octets);
        int at = 0;
        foreach (var chunk in large.Chunks)
        {
            chunk.AsSpan().CopyTo(octets.AsSpan(at));
            at += chunk.Count;
        }

        return octets;
    }

    private ReadOnlySpan<byte> Overlay(Span<byte> destination, bool isRedelivered, ushort deliveryCount, long deadline) =>
        StoredMessageFormat.WriteOverlay(destination, isRedelivered, deliveryCount, deadline == QueuedMessage.Never ? 0 : deadline + UtcOfWheel());

    /// <summary>What the wheel's zero is in milliseconds since 1970.</summary>
    private long UtcOfWheel() => timers.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - timers.Now;

    private sealed class AckRow
    {
        public readonly JournalAck[] Row = new JournalAck[MaxAcks];
        public QueueJournal? Owner;
        public int Count;
        public uint Group;

        /// <summary>Another queue's row begins. What an exception has left of the last one's is written, unless its journal was closed: then it was not.</summary>
        public void TakeOver(QueueJournal owner)
        {
            try
            {
                Owner?.Flush();
            }
            catch (ObjectDisposedException)
            {
                // Nor will it be: they are there when it is opened again.
            }

            Owner = owner;
        }
    }
}
