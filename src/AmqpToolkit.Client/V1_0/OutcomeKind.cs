namespace AmqpToolkit.Client.V1_0;

/// <summary>What became of a message that was sent (1.0 section 3.4).</summary>
public enum OutcomeKind : byte
{
    /// <summary>The receiver has settled and said nothing.</summary>
    None,

    /// <summary>The receiver has it.</summary>
    Accepted,

    /// <summary>It cannot be processed.</summary>
    Rejected,

    /// <summary>It was not processed, and may be sent again.</summary>
    Released,

    /// <summary>The same, and something of it is to be changed.</summary>
    Modified,

    /// <summary>It was sent settled: nobody says what becomes of it.</summary>
    Sent,

    /// <summary>It was sent, in whole or in part, and the link ended before anybody said anything: it may have arrived or not.</summary>
    InDoubt,
}
