namespace AmqpToolkit.Storage.Journaling;

/// <summary>A segment that nobody needs once what made it so is on the disk.</summary>
internal sealed class DeadSegment(JournalSegment segment, uint group)
{
    public JournalSegment Segment { get; } = segment;

    /// <summary>The first group that began later: those before it must have ended.</summary>
    public uint Group { get; } = group;

    /// <summary>The batch that has to be on the disk; 0 as long as groups are open.</summary>
    public ulong Batch { get; set; }
}
