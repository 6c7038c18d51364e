namespace AmqpToolkit.Broker.Timers;

/// <summary>Something that wants to be called at a time.</summary>
internal interface IDeadline
{
    /// <summary>The time has come.</summary>
    /// <param name="now">Milliseconds of the wheel's clock.</param>
    /// <returns>When to call next, in the same milliseconds; -1 for never.</returns>
    long HandleDeadline(long now);
}
