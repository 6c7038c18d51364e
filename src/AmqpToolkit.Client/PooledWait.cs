using System.Threading.Tasks.Sources;

namespace AmqpToolkit.Client;

/// <summary>
/// What one caller waits on, pooled by whoever made it: awaited once, and then used for the next. A second await meets a newer version and throws. A token ends the wait and not what
/// the wait is for.
/// </summary>
/// <typeparam name="TResult">What the caller is told.</typeparam>
internal abstract class PooledWait<TResult> : IValueTaskSource<TResult>
{
    private ManualResetValueTaskSourceCore<TResult> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;

    /// <summary>Guards the phases of the wait.</summary>
    protected abstract Lock Gate { get; }

    /// <summary>Whether somebody waits still. Under the gate.</summary>
    protected abstract bool IsWaiting { get; }

    /// <summary>Names the present wait in a task.</summary>
    protected short Version => _core.Version;

    /// <summary>Lets the caller's token end the wait. Outside every lock, before the caller has the task.</summary>
    public void Watch(CancellationToken token)
    {
        _token = token;
        _registration = token.UnsafeRegister(static (state, token) => ((PooledWait<TResult>)state!).Leave(token), this);
    }

    /// <inheritdoc/>
    public TResult GetResult(short token)
    {
        bool isOver = _core.GetStatus(token) != ValueTaskSourceStatus.Pending;
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (isOver)
            {
                Finish();
            }
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>Whoever waits goes on elsewhere.</summary>
    protected void SetResult(TResult result) => _core.SetResult(result);

    /// <inheritdoc cref="SetResult"/>
    protected void SetException(Exception failure) => _core.SetException(failure);

    /// <summary>The caller's token has come: what is left of it is nobody's. Under the gate.</summary>
    protected abstract void Abandon();

    /// <summary>Becomes as new.</summary>
    /// <returns>False for one that was abandoned, which somebody may still know.</returns>
    protected abstract bool TryReset();

    /// <summary>Goes back to where it came from.</summary>
    protected abstract void Recycle();

    private void Finish()
    {
        _registration.Unregister();
        _registration = default;
        if (TryReset())
        {
            _token = default;
            _core.Reset();
            Recycle();
        }
    }

    private void Leave(CancellationToken token)
    {
        lock (Gate)
        {
            // The callback of an earlier wait may come late: only the token of the present one counts.
            if (token != _token || !IsWaiting)
            {
                return;
            }

            Abandon();
        }

        _core.SetException(new OperationCanceledException(token));
    }
}
