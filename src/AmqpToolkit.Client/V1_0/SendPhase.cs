namespace AmqpToolkit.Client.V1_0;

/// <summary>Where a <see cref="PendingSend"/> stands; changed under the output's gate.</summary>
internal enum SendPhase : byte
{
    /// <summary>In the pool.</summary>
    Idle,

    /// <summary>Nothing of it was written: it waits for credit, window or room.</summary>
    Waiting,

    /// <summary>Some or all of it was written.</summary>
    Begun,

    /// <summary>Ended; the caller has its outcome, or gets it at once.</summary>
    Ended,

    /// <summary>Ended by the caller's token.</summary>
    Abandoned,
}
