namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>How a <see cref="FuzzTransport"/> takes what the broker says.</summary>
internal enum FuzzHearing
{
    /// <summary>At once; past its limit the stream breaks.</summary>
    Good,

    /// <summary>A little later, on another thread; past its limit the stream breaks.</summary>
    Slow,

    /// <summary>At once; past its limit never.</summary>
    Deaf,
}
