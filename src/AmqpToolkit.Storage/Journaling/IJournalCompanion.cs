namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// A log of its own that is written and synced with the journal's batches, before them: a commit of the journal covers what was appended to either, and what the journal
/// says to be done with in favour of something in the other log is never on the disk without that. Its members are called on the journal's thread, outside its lock.
/// </summary>
internal interface IJournalCompanion
{
    /// <summary>Where the journal notes the batch that the log is part of; nobody else touches it.</summary>
    ref ulong Batch { get; }

    /// <summary>Writes everything that was appended. After a disk that was full it is called again, and goes on where it was.</summary>
    /// <exception cref="IOException">Not everything could be written.</exception>
    void Write();

    /// <summary>Waits until what was written is on the disk, as far as that was asked for. Beside others, on the journal's thread or one that works for it meanwhile.</summary>
    /// <exception cref="IOException">It may not be there.</exception>
    void Sync();

    /// <summary>What was written is committed.</summary>
    void HandleCommitted();

    /// <summary>The journal has failed: nothing more will be committed.</summary>
    void HandleFailed();
}
