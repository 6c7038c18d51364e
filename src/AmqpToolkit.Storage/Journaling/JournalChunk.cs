namespace AmqpToolkit.Storage.Journaling;

/// <summary>Records that follow each other in one segment, on their way to the disk.</summary>
internal sealed class JournalChunk
{
    /// <summary>Octets of a chunk, unless a record is longer.</summary>
    public const int UsualOctets = 256 * 1024;

    public JournalChunk(int octets) => Octets = GC.AllocateUninitializedArray<byte>(Math.Max(octets, UsualOctets));

    public byte[] Octets { get; }

    public int Count { get; set; }

    /// <summary>The segment that the records belong to.</summary>
    public JournalSegment Segment { get; set; } = null!;

    /// <summary>Where the first of them stands in the segment.</summary>
    public int Offset { get; set; }

    public Span<byte> Records => Octets.AsSpan(0, Count);

    public int Room => Octets.Length - Count;
}
