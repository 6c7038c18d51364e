namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A publish was not confirmed, and the caller asked for an exception (<see cref="PublishOutcome.ThrowIfNotConfirmed"/>).</summary>
public sealed class PublishFailedException : Exception
{
    internal PublishFailedException(PublishOutcome outcome)
        : base($"The publish was not confirmed: {outcome}") => Outcome = outcome;

    /// <summary>How it ended.</summary>
    public PublishOutcome Outcome { get; }
}
