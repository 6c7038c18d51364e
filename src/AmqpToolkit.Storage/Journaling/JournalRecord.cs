namespace AmqpToolkit.Storage.Journaling;

/// <summary>A record to be read.</summary>
/// <param name="Location">Where it begins.</param>
/// <param name="Octets">Its octets, padding included.</param>
/// <param name="Seed">From where its sum starts.</param>
/// <param name="Segment">Its segment, which stays until the read ends; null when the reader has the octets.</param>
internal readonly record struct JournalRecord(JournalLocation Location, long Octets, uint Seed, JournalSegment? Segment);
