namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Waits until every publish up to a tag is answered.</summary>
/// <param name="tag">The last tag that matters.</param>
internal sealed class ConfirmWaiter(ulong tag)
{
    private readonly TaskCompletionSource<ConfirmSummary> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong Tag => tag;

    public Task<ConfirmSummary> Task => _completion.Task;

    /// <summary>What the waiter gets; set under the gate.</summary>
    public ConfirmSummary Summary { get; set; }

    public void Complete() => _completion.TrySetResult(Summary);
}
