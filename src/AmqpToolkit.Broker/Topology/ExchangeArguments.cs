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

    /// <summary>exchange.declare of x-delayed-message: the type that routes after the delay.</summary>
    public static ReadOnlySpan<byte> DelayedType => "x-delayed-type"u8;

    /// <summary>A header: the milliseconds by which an x-delayed-message exchange delays the message.</summary>
    public static ReadOnlySpan<byte> Delay => "x-delay"u8;

    /// <summary>exchange.declare of x-consistent-hash: the header that is hashed.</summary>
    public static ReadOnlySpan<byte> HashHeader => "hash-header"u8;

    /// <summary>exchange.declare of x-consistent-hash: the property that is hashed.</summary>
    public static ReadOnlySpan<byte> HashProperty => "hash-property"u8;

    /// <summary>exchange.declare of x-recent-history: how many messages are kept.</summary>
    public static ReadOnlySpan<byte> HistoryLength => "x-recent-history-length"u8;

    /// <summary>A header: true keeps the message out of the history.</summary>
    public static ReadOnlySpan<byte> HistoryNoStore => "x-recent-history-no-store"u8;
}
