namespace AmqpToolkit.Storage.Journaling;

/// <summary>Sizes and bounds of a journal.</summary>
internal sealed record JournalOptions
{
    /// <summary>Octets of a segment. A record that is longer gets one of its own.</summary>
    public int SegmentOctets { get; init; } = 64 * 1024 * 1024;

    /// <summary>Octets that wait to be written from which on <see cref="Journal.IsSaturated"/> asks publishers to wait.</summary>
    public int BacklogOctets { get; init; } = 32 * 1024 * 1024;

    /// <summary>Dead segments that are kept to be written again: their octets are on the disk already, so that a sync moves no metadata.</summary>
    public int SpareSegments { get; init; } = 2;

    /// <summary>Share of octets nobody needs from which on the live rest of a segment is copied forward.</summary>
    public double GarbageShare { get; init; } = 0.5;

    /// <summary>Segments from which on copying forward is thought of.</summary>
    public int CompactionSegments { get; init; } = 4;

    /// <summary>What of a position rises; what stands above tells apart lines of messages in one queue.</summary>
    public ulong PlaceMask { get; init; } = ulong.MaxValue;

    /// <summary>How long octets that nobody waits for may lie in memory.</summary>
    public TimeSpan IdleWriteDelay { get; init; } = TimeSpan.FromMilliseconds(20);
}
