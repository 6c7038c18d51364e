using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// <code>count * (segment (uint), where its records end (uint), the batch with which that is on the disk, or 0 (ulong))</code>
/// The files before this one that the journal has and still needs.
/// </summary>
internal readonly ref struct SegmentsPayload
{
    public const int EntryOctets = 16;

    private readonly ReadOnlySpan<byte> _entries;

    private SegmentsPayload(ReadOnlySpan<byte> entries) => _entries = entries;

    public int Count => _entries.Length / EntryOctets;

    public SegmentEntry this[int index]
    {
        get
        {
            var entry = _entries.Slice(index * EntryOctets, EntryOctets);
            return new SegmentEntry(
                BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadInt32LittleEndian(entry[4..]), BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]));
        }
    }

    public static void Write(Span<byte> payload, List<SegmentEntry> entries)
    {
        foreach (var entry in entries)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(payload, entry.Number);
            BinaryPrimitives.WriteInt32LittleEndian(payload[4..], entry.EndOffset);
            BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], entry.Batch);
            payload = payload[EntryOctets..];
        }
    }

    /// <returns>False when the length is that of no row of entries.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out SegmentsPayload segments)
    {
        segments = new SegmentsPayload(payload);
        return payload.Length % EntryOctets == 0;
    }
}
