namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// Somebody who promised something and waits until it is kept. Called on the journal's thread, outside its lock; must not wait.
/// </summary>
internal interface IJournalWaiter
{
    /// <summary>Where the journal notes the waiter's place in the batch that is gathering; nobody else touches it.</summary>
    ref JournalTicket Ticket { get; }

    /// <summary>All that was appended before the token was given is kept.</summary>
    /// <param name="token">The last token that was given for this batch.</param>
    void HandleCommitted(ulong token);

    /// <summary>It is not known to be kept, and never will be: the journal has failed.</summary>
    void HandleFailed(ulong token, Exception error);
}
