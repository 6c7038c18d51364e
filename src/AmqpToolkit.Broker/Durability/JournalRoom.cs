using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>Where publishers wait while more is to be written than the disk takes: until what waited when they came is written. Any thread.</summary>
internal sealed class JournalRoom(Journal journal) : IJournalWaiter
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private JournalTicket _ticket;

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Completes when what waits now is written, or never will be.</summary>
    public Task WaitAsync()
    {
        lock (_gate)
        {
            if (_room is null)
            {
                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                using var appender = journal.Append();
                appender.Commit(this, 0, CommitLevel.Os);
            }

            return _room.Task;
        }
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token) => Free();

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error) => Free();

    private void Free()
    {
        TaskCompletionSource? freed;
        lock (_gate)
        {
            freed = _room;
            _room = null;
        }

        freed?.TrySetResult();
    }
}
