using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Numbers from the first to the last one, both counted. They go round after 2^32 - 1, and a range spans less than half of them (RFC 1982).</summary>
/// <param name="First">The first number.</param>
/// <param name="Last">The last number; the first one again in a range of one.</param>
public readonly record struct SequenceRange(uint First, uint Last) : IRange<SequenceRange>
{
    static int IRange<SequenceRange>.Octets => 2 * sizeof(uint);

    /// <summary>How many numbers there are.</summary>
    public long Count => (long)(Last - First) + 1;

    bool IRange<SequenceRange>.IsOrdered => (int)(Last - First) >= 0;

    /// <summary>Whether a number is one of them.</summary>
    public bool Contains(uint number) => number - First <= Last - First;

    static SequenceRange IRange<SequenceRange>.Read(ReadOnlySpan<byte> octets) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(octets), BinaryPrimitives.ReadUInt32BigEndian(octets[sizeof(uint)..]));

    void IRange<SequenceRange>.Write(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt32BigEndian(octets, First);
        BinaryPrimitives.WriteUInt32BigEndian(octets[sizeof(uint)..], Last);
    }
}
