namespace AmqpToolkit.Storage.Streams;

/// <summary>Where in a segment a message stands.</summary>
/// <param name="Offset">The message's offset.</param>
/// <param name="Timestamp">When it was appended, in milliseconds since 1970.</param>
/// <param name="Position">Where in the file its record begins.</param>
internal readonly record struct StreamIndexEntry(long Offset, long Timestamp, long Position);
