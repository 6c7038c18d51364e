using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// <code>batch (ulong), last batch known to be on the disk (ulong), sealing (uint: 1 at the end of a segment, else 0), run (uint)</code>
/// A run is named by its first segment. What a mark knows to be on the disk it knows of its own run.
/// </summary>
internal readonly record struct MarkPayload(ulong Batch, ulong SyncedBatch, bool IsSealing, uint Run)
{
    public const int Octets = 24;

    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(payload, Batch);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], SyncedBatch);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[16..], IsSealing ? 1U : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[20..], Run);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out MarkPayload mark)
    {
        mark = payload.Length < Octets ? default : new MarkPayload(
            BinaryPrimitives.ReadUInt64LittleEndian(payload),
            BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]) == 1,
            BinaryPrimitives.ReadUInt32LittleEndian(payload[20..]));
        return payload.Length == Octets;
    }
}
