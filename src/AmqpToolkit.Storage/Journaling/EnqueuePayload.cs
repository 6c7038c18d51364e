using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary><code>queue (uint), overlay octets (uint), position (ulong), content's number (ulong), overlay</code></summary>
internal readonly ref struct EnqueuePayload
{
    public const int FixedOctets = 24;

    public uint Queue { get; private init; }

    public ulong Position { get; private init; }

    public ulong ContentId { get; private init; }

    public ReadOnlySpan<byte> Overlay { get; private init; }

    public static void Write(Span<byte> payload, uint queue, ulong position, ulong contentId, ReadOnlySpan<byte> overlay)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, queue);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], overlay.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], position);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], contentId);
        overlay.CopyTo(payload[FixedOctets..]);
    }

    /// <returns>False when the lengths contradict each other.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out EnqueuePayload message)
    {
        message = default;
        if (payload.Length < FixedOctets || BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]) != payload.Length - FixedOctets)
        {
            return false;
        }

        message = new EnqueuePayload
        {
            Queue = BinaryPrimitives.ReadUInt32LittleEndian(payload),
            Position = BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            ContentId = BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]),
            Overlay = payload[FixedOctets..],
        };
        return true;
    }
}
