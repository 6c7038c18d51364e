using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Octets from the first to the last one, both counted.</summary>
/// <param name="First">Offset of the first octet.</param>
/// <param name="Last">Offset of the last octet.</param>
public readonly record struct ByteRange(ulong First, ulong Last) : IRange<ByteRange>
{
    static int IRange<ByteRange>.Octets => 2 * sizeof(ulong);

    bool IRange<ByteRange>.IsOrdered => First <= Last;

    static ByteRange IRange<ByteRange>.Read(ReadOnlySpan<byte> octets) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(octets), BinaryPrimitives.ReadUInt64BigEndian(octets[sizeof(ulong)..]));

    void IRange<ByteRange>.Write(Span<byte> octets)
    {
        BinaryPrimitives.WriteUInt64BigEndian(octets, First);
        BinaryPrimitives.WriteUInt64BigEndian(octets[sizeof(ulong)..], Last);
    }
}
