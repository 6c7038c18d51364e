namespace AmqpToolkit.Storage.Journaling;

/// <summary>How many records of a group lie in a segment.</summary>
internal readonly record struct GroupPart(uint Segment, uint Records);
