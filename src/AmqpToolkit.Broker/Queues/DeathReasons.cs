namespace AmqpToolkit.Broker.Queues;

/// <summary>Reasons of deaths in the words of RabbitMQ.</summary>
internal static class DeathReasons
{
    /// <summary>The word for a reason.</summary>
    public static ReadOnlySpan<byte> TextOf(DeathReason reason) => reason switch
    {
        DeathReason.Rejected => "rejected"u8,
        DeathReason.Expired => "expired"u8,
        DeathReason.MaxLength => "maxlen"u8,
        _ => "delivery_limit"u8,
    };

    /// <summary>The same word.</summary>
    public static string NameOf(DeathReason reason) => reason switch
    {
        DeathReason.Rejected => "rejected",
        DeathReason.Expired => "expired",
        DeathReason.MaxLength => "maxlen",
        _ => "delivery_limit",
    };
}
