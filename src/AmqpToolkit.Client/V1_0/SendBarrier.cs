namespace AmqpToolkit.Client.V1_0;

/// <summary>The sends before some moment, until the last of them is over. Under the gate, but for its task.</summary>
/// <param name="before">Sends with a lower number count.</param>
/// <param name="open">How many of them are not over.</param>
internal sealed class SendBarrier(ulong before, int open)
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open = open;

    public Task Over => _over.Task;

    /// <summary>A send is over.</summary>
    /// <returns>Whether it was the last.</returns>
    public bool HandleOver(ulong number) => number < before && --_open == 0 && _over.TrySetResult();
}
