using System.Buffers;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// What an exchange that keeps messages writes to the journal, where its number stands in the place of a queue's: messages that are to survive a restart, and which it is
/// done with. Any thread; takes the journal's lock, which is a leaf.
/// </summary>
/// <param name="store">The broker's store.</param>
/// <param name="number">The exchange's number there.</param>
/// <param name="timers">Whose time deadlines are in.</param>
internal sealed class KeeperJournal(BrokerStore store, uint number, TimerWheel timers)
{
    /// <summary>A place that the exchange gave to no message before, in any life of the store.</summary>
    public ulong FirstPlace => store.FirstPlace;

    /// <summary>Writes a message.</summary>
    /// <param name="content">The message.</param>
    /// <param name="place">Its place; places rise and are never used again.</param>
    /// <param name="due">When its time has come, on the wheel; <see cref="QueuedMessage.Never"/> for never.</param>
    /// <param name="group">The group that it belongs to, or 0.</param>
    public StoredMessage Add(in MessageContent content, ulong place, long due, uint group)
    {
        int count = StoredMessageFormat.CountOctets(in content);
        byte[] octets = ArrayPool<byte>.Shared.Rent(count);
        StoredMessageFormat.Write(octets, in content);
        Span<byte> overlay = stackalloc byte[StoredMessageFormat.OverlayOctets];
        var told = due == QueuedMessage.Never ? default : StoredMessageFormat.WriteOverlay(overlay, isRedelivered: false, 0, due + UtcOfWheel());
        StoredMessage stored;
        using (var appender = store.Journal.Append())
        {
            store.UsePlaces(in appender, place);
            stored = appender.Message(number, place, told, new ContentParts(octets.AsSpan(0, count)), group);
        }

        ArrayPool<byte>.Shared.Return(octets);
        return stored;
    }

    /// <summary>The exchange is done with messages.</summary>
    public void Ack(ReadOnlySpan<JournalAck> acks, uint group = 0)
    {
        using var appender = store.Journal.Append();
        appender.Ack(number, acks, group);
    }

    /// <summary>Gives up messages of an exchange whose removal stands in the journal.</summary>
    public void Forget(IEnumerable<StoredMessage> messages)
    {
        using var appender = store.Journal.Append();
        foreach (var message in messages)
        {
            if (!message.IsNone)
            {
                appender.Forget(message);
            }
        }
    }

    /// <summary>Begins a group: what belongs to it holds from its end on, or not at all.</summary>
    public uint BeginGroup() => store.BeginGroup();

    /// <summary>Ends a group.</summary>
    public void EndGroup(uint group) => store.EndGroup(group);

    /// <summary>When the time of a restored message has come, on the wheel.</summary>
    public long DueOf(long utcMilliseconds) => utcMilliseconds == 0 ? QueuedMessage.Never : utcMilliseconds - UtcOfWheel();

    /// <summary>What the wheel's zero is in milliseconds since 1970.</summary>
    private long UtcOfWheel() => timers.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - timers.Now;
}
