using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary><code>queue (uint), overlay octets (uint), position (ulong), overlay, content</code></summary>
internal readonly ref struct MessagePayload
{
    public const int FixedOctets = 16;

    public uint Queue { get; private init; }

    public ulong Position { get; private init; }

    public ReadOnlySpan<byte> Overlay { get; private init; }

    public ReadOnlySpan<byte> Content { get; private init; }

    public static void Write(Span<byte> payload, uint queue, ulong position, ReadOnlySpan<byte> overlay)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, queue);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], overlay.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], position);
        overlay.CopyTo(payload[FixedOctets..]);
    }

    /// <returns>False when the lengths contradict each other.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out MessagePayload message)
    {
        message = default;
        if (payload.Length < FixedOctets || BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]) > payload.Length - FixedOctets)
        {
            return false;
        }

        int overlayOctets = BinaryPrimitives.ReadInt32LittleEndian(payload[4..]);
        message = new MessagePayload
        {
            Queue = BinaryPrimitives.ReadUInt32LittleEndian(payload),
            Position = BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            Overlay = payload.Slice(FixedOctets, overlayOctets),
            Content = payload[(FixedOctets + overlayOctets)..],
        };
        return true;
    }
}
