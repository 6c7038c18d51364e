namespace AmqpToolkit.Storage.Streams;

/// <summary>What a <see cref="StreamPosition"/> speaks of.</summary>
internal enum StreamPositionKind : byte
{
    Next,
    First,
    Last,
    Offset,
    Timestamp,
}
