namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A call whose answer is a <typeparamref name="TResult"/>.</summary>
/// <param name="requestKey">The method that was sent.</param>
/// <typeparam name="TResult">What the caller gets.</typeparam>
internal class PendingCall<TResult>(uint requestKey) : PendingCall(requestKey)
{
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends the call with its answer.</summary>
    /// <returns>False when the caller has gone: the answer is eaten here, and what it brought is to be undone.</returns>
    public bool Complete(TResult result) => _completion.TrySetResult(result);

    public override void Fail(Exception exception)
    {
        _completion.TrySetException(exception);

        // A caller that has gone does not look; its exception is no surprise.
        _ = _completion.Task.Exception;
    }

    /// <summary>Waits for the answer; a cancelled wait leaves the call in its place.</summary>
    public ValueTask<TResult> WaitAsync(CancellationToken cancellationToken) =>
        cancellationToken.CanBeCanceled ? WaitOrLeaveAsync(cancellationToken) : new ValueTask<TResult>(_completion.Task);

    private async ValueTask<TResult> WaitOrLeaveAsync(CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((PendingCall<TResult>)state!)._completion.TrySetCanceled(token), this);
        return await _completion.Task.ConfigureAwait(false);
    }
}
