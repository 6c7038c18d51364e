namespace AmqpToolkit.Client.V1_0;

/// <summary>What became of a message at its receiver (1.0 section 3.4).</summary>
public enum OutcomeKind
{
    /// <summary>The receiver has settled and said nothing.</summary>
    None,

    /// <summary>It has it.</summary>
    Accepted,

    /// <summary>It cannot be processed.</summary>
    Rejected,

    /// <summary>It was not processed, and may be sent again.</summary>
    Released,

    /// <summary>The same, and something of it is to be changed.</summary>
    Modified,
}
