using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>Has a recovery make what the definitions of a journal declare, and nothing of what waits in it: messages stay where they are. Used once, by one thread.</summary>
internal sealed class DefinitionsVisitor(BrokerRecovery recovery) : IJournalVisitor
{
    public void VisitDefinition(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if ((DefinitionKind)kind != DefinitionKind.Stream)
        {
            recovery.VisitDefinition(kind, name, value);
        }
    }

    public void VisitQueues(bool wasClosed, ulong highestPlace) => recovery.VisitQueues(wasClosed, highestPlace);

    public bool WantsContents(uint queue) => false;

    public bool HasQueue(uint queue) => recovery.HasQueue(queue);

    public void VisitReplaced(ushort kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => recovery.VisitReplaced(kind, name, value);

    public bool WasRemoved(uint queue) => recovery.WasRemoved(queue);

    public void VisitMessage(in RecoveredMessage message)
    {
        // It is its queue's, which is only named.
    }

    public void VisitDamage(JournalDamage damage) => recovery.VisitDamage(damage);

    public void VisitEnd(bool wasClosed) => recovery.VisitEnd(wasClosed);
}
