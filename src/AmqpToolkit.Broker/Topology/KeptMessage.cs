using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Topology;

/// <summary>A message that an exchange keeps.</summary>
/// <param name="Message">The message; whoever holds this holds one reference.</param>
/// <param name="Place">Its place among those that the exchange has kept: places rise.</param>
/// <param name="Stored">Its name in the journal, if it is kept there.</param>
internal readonly record struct KeptMessage(MessageRef Message, ulong Place, StoredMessage Stored)
{
    /// <summary>What the journal is told when the exchange is done with it.</summary>
    public JournalAck Ack => new(Place, Stored);
}
