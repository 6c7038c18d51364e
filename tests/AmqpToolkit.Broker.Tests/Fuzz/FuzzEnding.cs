namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>How a <see cref="FuzzTransport"/> goes on when it has said everything.</summary>
internal enum FuzzEnding
{
    /// <summary>The stream ends.</summary>
    End,

    /// <summary>The stream breaks.</summary>
    Break,

    /// <summary>Nothing more comes.</summary>
    Silence,
}
