namespace AmqpToolkit.Storage.Journaling;

/// <summary>One message that its queue is done with.</summary>
internal readonly record struct JournalAck(ulong Position, StoredMessage Message);
