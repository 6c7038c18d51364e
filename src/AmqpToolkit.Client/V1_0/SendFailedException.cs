namespace AmqpToolkit.Client.V1_0;

/// <summary>A message was not accepted, and the caller asked for an exception (<see cref="DeliveryOutcome.ThrowIfNotAccepted"/>).</summary>
public sealed class SendFailedException : Exception
{
    internal SendFailedException(DeliveryOutcome outcome)
        : base($"The message was not accepted: {outcome}") => Outcome = outcome;

    /// <summary>What became of it.</summary>
    public DeliveryOutcome Outcome { get; }
}
