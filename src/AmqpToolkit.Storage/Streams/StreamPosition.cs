namespace AmqpToolkit.Storage.Streams;

/// <summary>Where somebody begins to read a stream.</summary>
/// <param name="Kind">What the number is.</param>
/// <param name="Value">An offset, or a time in milliseconds since 1970.</param>
internal readonly record struct StreamPosition(StreamPositionKind Kind, long Value = 0)
{
    /// <summary>Behind the last message.</summary>
    public static StreamPosition Next => default;

    /// <summary>At the first message that is there.</summary>
    public static StreamPosition First => new(StreamPositionKind.First);

    /// <summary>At the last message.</summary>
    public static StreamPosition Last => new(StreamPositionKind.Last);

    /// <summary>At the message with an offset, or the next that there is.</summary>
    public static StreamPosition At(long offset) => new(StreamPositionKind.Offset, offset);

    /// <summary>At the first message that was appended then or later.</summary>
    public static StreamPosition From(long timestamp) => new(StreamPositionKind.Timestamp, timestamp);
}
