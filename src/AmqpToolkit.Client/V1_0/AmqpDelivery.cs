using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A message that has come, to be settled once by one of the outcomes (1.0 section 3.4). What is not settled when its link ends goes back. Any thread, at any time.</summary>
public sealed class AmqpDelivery
{
    private int _said;

    internal AmqpDelivery(AmqpReceiver receiver, AmqpMessage message, in ReceivedEntry entry)
    {
        Receiver = receiver;
        Message = message;
        Sequence = entry.Sequence;
        MessageFormat = entry.MessageFormat;
        IsSettled = entry.IsSettled;
    }

    /// <summary>Where it came.</summary>
    public AmqpReceiver Receiver { get; }

    /// <summary>The message.</summary>
    public AmqpMessage Message { get; }

    /// <summary>The format that its sender says it has (1.0 section 2.8.11): 0 for AMQP's own, as which it was read.</summary>
    public uint MessageFormat { get; }

    /// <summary>Whether its sender has settled it: there is nothing to say of it.</summary>
    public bool IsSettled { get; }

    internal ulong Sequence { get; }

    /// <summary>It was processed. Of a settled delivery nothing is said, nor of one that its sender has settled meanwhile.</summary>
    /// <exception cref="AmqpException">The link has ended.</exception>
    /// <exception cref="InvalidOperationException">An outcome was said before.</exception>
    public void Accept() => Settle(OutcomeStates.Accepted);

    /// <summary>It was not processed, and goes back.</summary>
    /// <inheritdoc cref="Accept"/>
    public void Release() => Settle(OutcomeStates.Released);

    /// <summary>It cannot be processed.</summary>
    /// <param name="condition">Why: a symbol, of ASCII; null for no reason.</param>
    /// <param name="description">The same, for people; only with a condition.</param>
    /// <inheritdoc cref="Accept"/>
    /// <exception cref="ArgumentException">The condition is no symbol, or missing; or both are more than a frame of the peer's takes. Nothing was said.</exception>
    public void Reject(string? condition = null, string? description = null) => Settle(OutcomeStates.Rejected(condition, description));

    /// <summary>It goes back, changed.</summary>
    /// <param name="deliveryFailed">Whether the attempt counts.</param>
    /// <param name="undeliverableHere">Whether it is not to come over this link again.</param>
    /// <param name="messageAnnotations">What is merged into its annotations: null or a map.</param>
    /// <inheritdoc cref="Accept"/>
    /// <exception cref="ArgumentException">The annotations are no map, or more than a frame of the peer's takes. Nothing was said.</exception>
    public void Modify(bool deliveryFailed, bool undeliverableHere = false, EncodedValue messageAnnotations = default) =>
        Settle(OutcomeStates.Modified(deliveryFailed, undeliverableHere, messageAnnotations));

    private void Settle(EncodedValue state)
    {
        if (IsSettled)
        {
            return;
        }

        if (Interlocked.Exchange(ref _said, 1) != 0)
        {
            throw new InvalidOperationException("An outcome was said before.");
        }

        try
        {
            Receiver.Settle(Sequence, state);
        }
        catch (ArgumentException)
        {
            Volatile.Write(ref _said, 0);
            throw;
        }
    }
}
