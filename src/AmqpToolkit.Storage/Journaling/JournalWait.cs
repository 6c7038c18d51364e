namespace AmqpToolkit.Storage.Journaling;

/// <summary>Who waits for a batch, and for what.</summary>
internal readonly record struct JournalWait(IJournalWaiter Waiter, ulong Token);
