namespace AmqpToolkit.Broker.Topology;

/// <summary>Arguments of exchange.declare and of bindings that the broker knows.</summary>
internal static class ExchangeArguments
{
    /// <summary>exchange.declare: where messages go that match no binding.</summary>
    public static ReadOnlySpan<byte> AlternateExchange => "alternate-exchange"u8;

    /// <summary>A binding of a headers exchange: how many of the other arguments must match.</summary>
    public static ReadOnlySpan<byte> Match => "x-match"u8;

    /// <summary>Arguments that begin so are matched only where x-match says so.</summary>
    public static ReadOnlySpan<byte> ReservedPrefix => "x-"u8;
}
