namespace AmqpToolkit.Storage.Streams;

/// <summary>What a stream lacks: octets of a file, or messages whose file is not there.</summary>
/// <param name="File">The file's name; null for one that is not there.</param>
/// <param name="From">Where the octets begin, 0 for a header; or the offset of the first message.</param>
/// <param name="To">Where they end; or the offset behind the last message.</param>
/// <param name="NextOffset">The offset of the next message that may be there.</param>
/// <param name="Timestamp">Of the last message before.</param>
internal readonly record struct StreamLoss(string? File, long From, long To, long NextOffset, long Timestamp);
