using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Topology;

/// <summary>
/// An exchange that keeps messages which come by: to route them later, or to show them to who comes later. Routing only notes that it
/// wants one (<see cref="RouteCollector.AddKeeper"/>); who routes stores the message and hands it over. What a durable one keeps of persistent messages
/// outlives the broker.
/// </summary>
internal abstract class KeepingExchange(VirtualHost virtualHost, byte[] name, in ExchangeProperties properties) : Exchange(virtualHost, name, properties)
{
    private KeeperJournal? _journal;

    /// <summary>What is kept depends on each message.</summary>
    public override bool RoutesByKeyAlone => false;

    /// <summary>What it writes to the journal; null for an exchange that is not kept itself.</summary>
    protected KeeperJournal? Journal =>
        StoreNumber == 0 || VirtualHost.Store is not { } store ? null : _journal ??= new KeeperJournal(store, StoreNumber, VirtualHost.Timers);

    /// <summary>Keeps a message, with a reference of its own. Any thread, no lock held.</summary>
    /// <param name="message">The message.</param>
    /// <param name="stamp">What <see cref="Exchange.Match"/> gave to the collector: which bindings the message has seen.</param>
    /// <param name="turn">Whose thread it is.</param>
    /// <param name="group">The group of the journal that this belongs to, or 0.</param>
    /// <returns>When what was written of it counts as kept; null when nothing was.</returns>
    public abstract CommitLevel? Keep(MessageRef message, long stamp, Turn turn, uint group = 0);

    /// <summary>Gives back what is kept, and keeps nothing any more: the exchange is deleted. Any thread, no lock held.</summary>
    internal abstract void DropKept();

    /// <summary>Puts a message back that the journal knows. Places rise from call to call. While the broker starts, as the members below.</summary>
    /// <returns>False when nothing can be made of it.</returns>
    internal bool Restore(in RecoveredMessage recovered)
    {
        if (!StoredMessageFormat.TryRead(recovered.Content, out MessageContent content))
        {
            return false;
        }

        StoredMessageFormat.ReadOverlay(recovered.Overlay, out _, out _, out long utc);
        RestoreKept(StoreWhole(in content), recovered.Position, Journal!.DueOf(utc), recovered.Message);
        return true;
    }

    /// <summary>All messages were put back, and the journal can be written to.</summary>
    internal abstract void FinishRestore();

    /// <summary>Keeps a message as it was kept before.</summary>
    protected abstract void RestoreKept(MessageRef message, ulong place, long due, StoredMessage stored);

    /// <summary>Writes a message to the journal if it is to outlive the broker; says nothing else of it.</summary>
    protected StoredMessage Write(MessageRef message, ulong place, long due, uint group)
    {
        MessageContent content = VirtualHost.Arena.Read(message);
        return (content.Flags & MessageFlags.Persistent) != 0 && VirtualHost.Durability != DurabilityLevel.Memory && Journal is { } journal
            ? journal.Add(in content, place, due, group)
            : default;
    }

    /// <summary>When what was written counts as kept.</summary>
    protected CommitLevel? LevelOf(StoredMessage stored) => stored.IsNone ? null : BrokerStore.LevelOf(VirtualHost.Durability);

    private MessageRef StoreWhole(in MessageContent content)
    {
        MessageArena arena = VirtualHost.Arena;
        if (content.Body.Length < LargeBody.ThresholdOctets)
        {
            return arena.Store(in content);
        }

        var large = new LargeBody(arena);
        large.Append(content.Body);
        return arena.Store(new MessageContent
        {
            Exchange = content.Exchange,
            RoutingKey = content.RoutingKey,
            Properties = content.Properties,
            Body = default,
            Large = large,
            Flags = content.Flags,
        });
    }
}
