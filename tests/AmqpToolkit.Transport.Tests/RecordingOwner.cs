namespace AmqpToolkit.Transport.Tests;

/// <summary>An owner that writes down what it is told.</summary>
internal sealed class RecordingOwner : IOutputOwner
{
    private readonly TaskCompletionSource<Exception?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _drained;
    private int _endings;

    public int Drained => Volatile.Read(ref _drained);

    public int Endings => Volatile.Read(ref _endings);

    public Task<Exception?> Ended => _ended.Task;

    /// <summary>Called in <see cref="HandleOutputDrained"/>.</summary>
    public Action? OnDrained { get; set; }

    public void HandleOutputDrained()
    {
        Interlocked.Increment(ref _drained);
        OnDrained?.Invoke();
    }

    public void HandleOutputEnded(Exception? cause)
    {
        Interlocked.Increment(ref _endings);
        _ended.TrySetResult(cause);
    }
}
