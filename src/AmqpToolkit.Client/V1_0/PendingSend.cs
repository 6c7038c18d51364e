namespace AmqpToolkit.Client.V1_0;

/// <summary>A message that was given to a sender and whose end is not known. Under the gate, but for its task.</summary>
internal sealed class PendingSend(ulong number, bool isSettled)
{
    private readonly TaskCompletionSource<DeliveryOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ulong Number => number;

    public bool IsSettled => isSettled;

    public Task<DeliveryOutcome> Ended => _ended.Task;

    /// <summary>Whether its first octets were written.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Its place among those that wait; null when it does not.</summary>
    public LinkedListNode<PendingSend>? Place { get; set; }

    /// <summary>What it counted among those that wait, in octets.</summary>
    public int WaitingOctets { get; set; }

    /// <summary>What of it was not written.</summary>
    public ReadOnlyMemory<byte> Rest { get; set; }

    public void End(DeliveryOutcome outcome) => _ended.TrySetResult(outcome);

    public void Fail(Exception reason)
    {
        _ended.TrySetException(reason);

        // Who has given up does not look.
        _ = _ended.Task.Exception;
    }
}
