using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <summary>A message that has come, to be settled once by one of the outcomes (1.0 section 3.4). What is not settled when its link ends goes back.</summary>
public sealed class AmqpDelivery
{
    private static readonly EncodedValue AcceptedState = EncodedValue.Of(default(Accepted));
    private static readonly EncodedValue ReleasedState = EncodedValue.Of(default(Released));

    private int _said;

    internal AmqpDelivery(AmqpReceiver receiver, AmqpMessage message, ulong sequence, bool isSettled)
    {
        Receiver = receiver;
        Message = message;
        Sequence = sequence;
        IsSettled = isSettled;
    }

    /// <summary>Where it came.</summary>
    public AmqpReceiver Receiver { get; }

    /// <summary>The message.</summary>
    public AmqpMessage Message { get; }

    /// <summary>Whether its sender has settled it: there is nothing to say of it.</summary>
    public bool IsSettled { get; }

    internal ulong Sequence { get; }

    /// <summary>It was processed. Of a settled delivery nothing is said, nor of one that its sender has settled meanwhile.</summary>
    /// <exception cref="AmqpException">The link has ended.</exception>
    /// <exception cref="InvalidOperationException">An outcome was said before.</exception>
    public void Accept() => Settle(AcceptedState);

    /// <summary>It was not processed, and goes back.</summary>
    /// <inheritdoc cref="Accept"/>
    public void Release() => Settle(ReleasedState);

    /// <summary>It cannot be processed.</summary>
    /// <param name="condition">Why: a symbol, of ASCII; null for no reason.</param>
    /// <param name="description">The same, for people; only with a condition.</param>
    /// <inheritdoc cref="Accept"/>
    /// <exception cref="ArgumentException">The condition is no symbol, or missing; or both are more than a frame of the peer's takes. Nothing was said.</exception>
    public void Reject(string? condition = null, string? description = null)
    {
        if (condition is null ? description is not null : !System.Text.Ascii.IsValid(condition))
        {
            throw new ArgumentException("A reason has a condition, a symbol of ASCII.", nameof(condition));
        }

        Settle(EncodedValue.Of(condition is null ? default : new Rejected { Error = new Error { Condition = condition, Description = description ?? string.Empty } }));
    }

    /// <summary>It goes back, changed.</summary>
    /// <param name="deliveryFailed">Whether the attempt counts.</param>
    /// <param name="undeliverableHere">Whether it is not to come over this link again.</param>
    /// <param name="messageAnnotations">What is merged into its annotations: null or a map.</param>
    /// <inheritdoc cref="Accept"/>
    /// <exception cref="ArgumentException">The annotations are no map, or more than a frame of the peer's takes. Nothing was said.</exception>
    public void Modify(bool deliveryFailed, bool undeliverableHere = false, EncodedValue messageAnnotations = default)
    {
        if (!messageAnnotations.IsNull && !messageAnnotations.View.TryGetMap(out _))
        {
            throw new ArgumentException("Annotations are a map.", nameof(messageAnnotations));
        }

        Settle(EncodedValue.Of(new Modified { DeliveryFailed = deliveryFailed, UndeliverableHere = undeliverableHere, MessageAnnotations = messageAnnotations }));
    }

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
            Receiver.Settle(this, state);
        }
        catch (ArgumentException)
        {
            Volatile.Write(ref _said, 0);
            throw;
        }
    }
}
