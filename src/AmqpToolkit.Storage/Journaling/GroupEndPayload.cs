using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// <code>count * (segment (uint), the group's records there (uint))</code>
/// A segment that is gone had been needed no more, and that only after the end was on the disk. Of one that is there all of the records must be.
/// </summary>
internal readonly ref struct GroupEndPayload
{
    public const int EntryOctets = 8;

    private readonly ReadOnlySpan<byte> _entries;

    private GroupEndPayload(ReadOnlySpan<byte> entries) => _entries = entries;

    public int Count => _entries.Length / EntryOctets;

    public GroupPart this[int index] => new(
        BinaryPrimitives.ReadUInt32LittleEndian(_entries[(index * EntryOctets)..]),
        BinaryPrimitives.ReadUInt32LittleEndian(_entries[((index * EntryOctets) + 4)..]));

    public static void Write(Span<byte> payload, IReadOnlyList<GroupPart> parts)
    {
        for (int index = 0; index < parts.Count; index++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(payload[(index * EntryOctets)..], parts[index].Segment);
            BinaryPrimitives.WriteUInt32LittleEndian(payload[((index * EntryOctets) + 4)..], parts[index].Records);
        }
    }

    /// <returns>False when the length is that of no row of entries.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out GroupEndPayload end)
    {
        end = new GroupEndPayload(payload);
        return payload.Length % EntryOctets == 0;
    }
}
