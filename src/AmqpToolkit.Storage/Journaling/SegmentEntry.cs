namespace AmqpToolkit.Storage.Journaling;

/// <summary>A file that the journal has.</summary>
/// <param name="Number">The segment.</param>
/// <param name="EndOffset">Where its records end.</param>
/// <param name="Batch">The batch with which that is on the disk; 0 when it was before, <see cref="Missed"/> when the file was missed.</param>
internal readonly record struct SegmentEntry(uint Number, int EndOffset, ulong Batch)
{
    /// <summary>In the place of a batch: the file was not there when the journal was opened.</summary>
    public const ulong Missed = ulong.MaxValue;
}
