namespace AmqpToolkit.Transport;

/// <summary>What a <see cref="ReceivePump"/> feeds. Called by the pump's task alone.</summary>
public interface IInputHandler
{
    /// <summary>
    /// Takes what it can of the received octets, from the start; called once a receive, so what belongs to a batch (flushing,
    /// confirming) is done before it returns. Nothing of <paramref name="buffer"/> may be kept.
    /// </summary>
    /// <returns>Octets taken, or -1 when nothing more is to be received.</returns>
    int HandleInput(byte[] buffer, int start, int count);

    /// <summary>
    /// Whether the handler left octets that it could have taken: they come again after <see cref="WaitUntilReadyAsync"/>, before anything
    /// more is received.
    /// </summary>
    bool HasPaused => false;

    /// <summary>Awaited after each batch: the place to hold the peer back (bounds, watermarks). Completed at once as a rule.</summary>
    ValueTask WaitUntilReadyAsync();
}
