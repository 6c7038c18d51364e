using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary><code>queue (uint), segment (uint), count (uint), 0 (uint), count * (first position (ulong), how many (uint), 0 (uint))</code></summary>
internal readonly ref struct AckPayload
{
    public const int FixedOctets = 16;
    public const int RangeOctets = 16;

    private readonly ReadOnlySpan<byte> _ranges;

    private AckPayload(ReadOnlySpan<byte> ranges) => _ranges = ranges;

    public uint Queue { get; private init; }

    /// <summary>Where the messages' records lay.</summary>
    public uint Segment { get; private init; }

    public int Count => _ranges.Length / RangeOctets;

    public (ulong First, uint Count) this[int index] => (
        BinaryPrimitives.ReadUInt64LittleEndian(_ranges[(index * RangeOctets)..]),
        BinaryPrimitives.ReadUInt32LittleEndian(_ranges[((index * RangeOctets) + 8)..]));

    public static void Write(Span<byte> payload, uint queue, uint segment, int ranges, ReadOnlySpan<JournalAck> acks)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(payload, queue);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[4..], segment);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], (uint)ranges);
        payload = payload[FixedOctets..];
        for (int at = 0; at < acks.Length; payload = payload[RangeOctets..])
        {
            int first = at;
            do
            {
                at++;
            }
            while (at < acks.Length && acks[at].Position == acks[at - 1].Position + 1);

            BinaryPrimitives.WriteUInt64LittleEndian(payload, acks[first].Position);
            BinaryPrimitives.WriteUInt64LittleEndian(payload[8..], (uint)(at - first));
        }
    }

    /// <returns>False when the lengths contradict each other.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, out AckPayload ack)
    {
        ack = default;
        if (payload.Length < FixedOctets
            || BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]) * (long)RangeOctets != payload.Length - FixedOctets)
        {
            return false;
        }

        ack = new AckPayload(payload[FixedOctets..])
        {
            Queue = BinaryPrimitives.ReadUInt32LittleEndian(payload),
            Segment = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]),
        };
        return true;
    }
}
