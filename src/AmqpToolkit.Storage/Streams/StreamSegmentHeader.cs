using System.Buffers.Binary;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// The first octets of a stream's segment, twice: at 0 and at 64. The first record stands at <see cref="FirstRecordOffset"/>. Little-endian:
/// <code>
///   0           8          12     16        32             40                48    60          64
///   +-----------+----------+------+---------+--------------+-----------------+-----+-----------+
///   | "AMQPTKS" | version  | 0    | stream  | first offset | first timestamp | 0   | CRC-32C   |
///   | and LF    | uint     | 4    | 16      | long         | long            | 12  | of 0..60  |
///   +-----------+----------+------+---------+--------------+-----------------+-----+-----------+
/// </code>
/// </summary>
/// <param name="Version">The version of the format.</param>
/// <param name="Stream">Drawn by lot when the stream was begun; the sums of its records start from it.</param>
/// <param name="FirstOffset">The offset of the first message, as in the file's name.</param>
/// <param name="FirstTimestamp">When it was appended, in milliseconds since 1970.</param>
internal readonly record struct StreamSegmentHeader(uint Version, Guid Stream, long FirstOffset, long FirstTimestamp)
{
    /// <summary>The version that this code writes.</summary>
    public const uint CurrentVersion = 1;

    public const int FirstRecordOffset = 2 * Octets;

    private const int Octets = 64;
    private const int SumOffset = 60;

    private static ReadOnlySpan<byte> Magic => "AMQPTKS\n"u8;

    /// <summary>From where the sums of the stream's records start.</summary>
    public static uint SeedOf(Guid stream)
    {
        Span<byte> octets = stackalloc byte[16];
        stream.TryWriteBytes(octets);
        return Crc32C.Compute(octets);
    }

    /// <summary>
    /// Whose files these are, by what their headers say: a file of another stream may have come among them. Null where none says anything. Of two that have as many it is
    /// the one with the newest file: that is the one that is set aside, or written on, when it is taken for what it is not.
    /// </summary>
    /// <param name="streams">What each file says, oldest first.</param>
    public static Guid? MostCommon(IEnumerable<Guid?> streams) =>
        streams.Reverse().Where(static stream => stream is not null).GroupBy(static stream => stream).MaxBy(static group => group.Count())?.Key;

    /// <summary>Writes both copies.</summary>
    public void Write(Span<byte> octets)
    {
        octets[..FirstRecordOffset].Clear();
        Magic.CopyTo(octets);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[8..], Version);
        Stream.TryWriteBytes(octets[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(octets[32..], FirstOffset);
        BinaryPrimitives.WriteInt64LittleEndian(octets[40..], FirstTimestamp);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[SumOffset..], Crc32C.Compute(octets[..SumOffset]));
        octets[..Octets].CopyTo(octets[Octets..]);
    }

    /// <summary>Reads whichever copy is whole.</summary>
    /// <returns>False when none is. The version of a whole one may still be unknown.</returns>
    public static bool TryRead(ReadOnlySpan<byte> octets, out StreamSegmentHeader header)
    {
        header = default;
        return octets.Length >= FirstRecordOffset && (TryReadCopy(octets[..Octets], out header) || TryReadCopy(octets.Slice(Octets, Octets), out header));
    }

    private static bool TryReadCopy(ReadOnlySpan<byte> octets, out StreamSegmentHeader header)
    {
        header = default;
        if (!octets.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(octets[SumOffset..]) != Crc32C.Compute(octets[..SumOffset]))
        {
            return false;
        }

        header = new StreamSegmentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(octets[8..]),
            new Guid(octets.Slice(16, 16)),
            BinaryPrimitives.ReadInt64LittleEndian(octets[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(octets[40..]));
        return true;
    }
}
