namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a <see cref="PublishSource"/> stands; changed under the output's gate.</summary>
internal enum PublishPhase : byte
{
    /// <summary>In the pool.</summary>
    Idle,

    /// <summary>Waits for a place in the window, or for room in the output.</summary>
    Queued,

    /// <summary>Sent; the broker's answer is due.</summary>
    Sent,

    /// <summary>Ended; the caller has its outcome, or gets it at once.</summary>
    Ended,

    /// <summary>Ended by the caller's token.</summary>
    Abandoned,
}
