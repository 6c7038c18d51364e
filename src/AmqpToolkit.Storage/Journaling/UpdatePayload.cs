using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary><code>queue (uint), overlay octets (uint), position (ulong), segment (uint), 0 (uint), overlay</code></summary>
internal readonly ref struct UpdatePayload
{
    public const int FixedOctets = 24;

    public uint Queue { get; private init; }

    public ulong Position { get; private init; }

    /// <summary>Where the message's own record lay.</summary>
    public uint Segment { get; private init; }

    public ReadOnlySpan<byte> Overlay { get; private init; }

    public static void Write(Span<byte> payload, uint queue, ulong position, uint segment, ReadOnlySpan<byte> overlay)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, queue);
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], overlay.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], position);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[16..], segment);
        overlay.CopyTo(payload[FixedOctets..]);
    }

    /// <returns>False when the lengths contradict each other.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out UpdatePayload update)
    {
        update = default;
        if (payload.Length < FixedOctets || BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]) != payload.Length - FixedOctets)
        {
            return false;
        }

        update = new UpdatePayload
        {
            Queue = BinaryPrimitives.ReadUInt32LittleEndian(payload),
            Position = BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]),
            Segment = BinaryPrimitives.ReadUInt32LittleEndian(payload[16..]),
            Overlay = payload[FixedOctets..],
        };
        return true;
    }
}
