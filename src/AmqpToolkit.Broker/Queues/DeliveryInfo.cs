namespace AmqpToolkit.Broker.Queues;

/// <summary>What a queue tells of a message that it offers.</summary>
/// <param name="IsRedelivered">Whether it was handed out before.</param>
/// <param name="DeliveryCount">Attempts that failed.</param>
/// <param name="Milliseconds">How long it may still wait; below 0 when that is not known, or for ever.</param>
internal readonly record struct DeliveryInfo(bool IsRedelivered, int DeliveryCount, long Milliseconds)
{
    /// <summary>That of a message that has just come.</summary>
    public static DeliveryInfo New => new(false, 0, -1);
}
