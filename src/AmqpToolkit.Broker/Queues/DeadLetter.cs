using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>A message that died in a queue and is on its way out of it.</summary>
/// <param name="Message">The message; the holder of this value holds one reference.</param>
/// <param name="Reason">Why it died.</param>
/// <param name="Origin">Its name and its place in the journal, if it is there.</param>
internal readonly record struct DeadLetter(MessageRef Message, DeathReason Reason, JournalAck Origin);
