namespace AmqpToolkit.Broker.Conversion;

/// <summary>Names of message-annotations, and of headers, that mean something between the versions; RabbitMQ's.</summary>
internal static class AnnotationNames
{
    /// <summary>What the names of annotations begin with (3.2.10), and headers that become such.</summary>
    public static ReadOnlySpan<byte> Prefix => "x-"u8;

    public static ReadOnlySpan<byte> Exchange => "x-exchange"u8;

    public static ReadOnlySpan<byte> RoutingKey => "x-routing-key"u8;

    public static ReadOnlySpan<byte> BasicType => "x-basic-type"u8;

    public static ReadOnlySpan<byte> Copies => "x-cc"u8;

    public static ReadOnlySpan<byte> CopiesHeader => "CC"u8;

    public static ReadOnlySpan<byte> Deaths => "x-opt-deaths"u8;

    public static ReadOnlySpan<byte> DeathHeader => "x-death"u8;

    /// <summary>The header that holds a message-id of 1.0 that is no short string.</summary>
    public static ReadOnlySpan<byte> MessageId => "x-message-id"u8;

    /// <summary>The header that holds a correlation-id of 1.0 that is no short string.</summary>
    public static ReadOnlySpan<byte> CorrelationId => "x-correlation-id"u8;

    /// <summary>Whether a header becomes an annotation; all others are application-properties.</summary>
    public static bool IsAnnotation(ReadOnlySpan<byte> header) => header.StartsWith(Prefix) || header.SequenceEqual(CopiesHeader);

    /// <summary>Whether the broker alone writes an annotation of this name: a header of that name is none, nor the other way round.</summary>
    public static bool IsBrokers(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(Exchange) || name.SequenceEqual(RoutingKey) || name.SequenceEqual(BasicType) || name.SequenceEqual(Copies) || name.SequenceEqual(Deaths);
}
