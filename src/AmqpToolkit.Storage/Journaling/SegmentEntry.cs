namespace AmqpToolkit.Storage.Journaling;

/// <summary>A file that the journal has.</summary>
/// <param name="Number">The segment.</param>
/// <param name="EndOffset">Where its records end.</param>
/// <param name="Batch">The batch with which that is on the disk; 0 when it was before.</param>
internal readonly record struct SegmentEntry(uint Number, int EndOffset, ulong Batch);
