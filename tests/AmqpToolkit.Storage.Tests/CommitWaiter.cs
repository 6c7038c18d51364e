using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>Waits for a commit.</summary>
internal sealed class CommitWaiter : IJournalWaiter
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(ulong Token, TaskCompletionSource Source)> _waiting = [];
    private JournalTicket _ticket;
    private ulong _committed;

    public ref JournalTicket Ticket => ref _ticket;

    /// <summary>The highest token that was told.</summary>
    public ulong Committed => Volatile.Read(ref _committed);

    /// <summary>Ends with the journal's failure.</summary>
    public Task Failed => _failed.Task;

    public void HandleCommitted(ulong token)
    {
        lock (_gate)
        {
            _committed = token;
            foreach (var (_, source) in _waiting.FindAll(waiting => waiting.Token <= token))
            {
                source.TrySetResult();
            }
        }
    }

    public void HandleFailed(ulong token, Exception error) => _failed.TrySetException(error);

    /// <summary>Waits for a token.</summary>
    public void Wait(ulong token)
    {
        WaitForAnswer(token);
        Assert.False(_failed.Task.IsFaulted, _failed.Task.Exception?.ToString());
    }

    /// <summary>Waits for a token, or the journal's failure.</summary>
    public void WaitForAnswer(ulong token)
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_committed >= token)
            {
                return;
            }

            _waiting.Add((token, source));
        }

        Assert.True(Task.WhenAny(source.Task, _failed.Task).Wait(TimeSpan.FromSeconds(60)), $"no commit of {token}");
    }
}
