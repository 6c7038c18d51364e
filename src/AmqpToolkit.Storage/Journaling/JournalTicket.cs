namespace AmqpToolkit.Storage.Journaling;

/// <summary>A waiter's place in the batch that is gathering, so that it stands there once.</summary>
internal struct JournalTicket
{
    internal ulong Batch;
    internal int Index;
}
