using System.Buffers.Binary;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// What stands before each record's payload in a stream. Little-endian, records begin at multiples of <see cref="Alignment"/>:
/// <code>
///   0                4       5       8          16          24            28            32
///   +----------------+-------+-------+----------+-----------+-------------+-------------+-----------+---------+
///   | payload octets | kind  | 0     | offset   | timestamp | CRC-32C     | CRC-32C     | payload   | zeros   |
///   | uint           | octet | 3     | long     | long      | of 0..24    | of the rest |           | to 8    |
///   +----------------+-------+-------+----------+-----------+-------------+-------------+-----------+---------+
/// </code>
/// The first sum starts from the stream's seed, so that nothing a client sends passes for a header; the second starts from the first. The header's own
/// sum bounds the search for the next whole record behind damage: a length that was never written is not followed.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="PayloadOctets">Octets of the payload.</param>
/// <param name="Offset">The message's offset; of other kinds the offset of the next message.</param>
/// <param name="Timestamp">When the message was appended, in milliseconds since 1970; of other kinds that of the last message.</param>
internal readonly record struct StreamRecord(StreamRecordKind Kind, int PayloadOctets, long Offset, long Timestamp)
{
    public const int Octets = 32;

    public const int Alignment = 8;

    public const int MaxPayloadOctets = 1 << 30;

    private const int HeaderSumOffset = 24;
    private const int PayloadSumOffset = 28;

    /// <summary>Octets of the whole record, with its padding.</summary>
    public int WholeOctets => WholeOctetsOf(PayloadOctets);

    /// <summary>Octets of a whole record, with its padding.</summary>
    public static int WholeOctetsOf(int payloadOctets) => (Octets + payloadOctets + Alignment - 1) & -Alignment;

    /// <summary>Writes all of a header but its sums, and zeros behind the payload.</summary>
    /// <returns>The payload's octets.</returns>
    public static Span<byte> Prepare(Span<byte> record, StreamRecordKind kind, int payloadOctets, long offset, long timestamp)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, payloadOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)kind);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], timestamp);
        record[(Octets + payloadOctets)..].Clear();
        return record.Slice(Octets, payloadOctets);
    }

    /// <summary>Reads a header that this process has written, and whose sums may be missing still.</summary>
    public static StreamRecord Read(ReadOnlySpan<byte> octets) => new(
        (StreamRecordKind)octets[4],
        BinaryPrimitives.ReadInt32LittleEndian(octets),
        BinaryPrimitives.ReadInt64LittleEndian(octets[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(octets[16..]));

    /// <summary>Reads a header of a file.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryRead(ReadOnlySpan<byte> octets, uint seed, out StreamRecord record)
    {
        record = Read(octets);
        return record.Kind is > StreamRecordKind.None and <= StreamRecordKind.Index
            && record.PayloadOctets is >= 0 and <= MaxPayloadOctets
            && BinaryPrimitives.ReadUInt32LittleEndian(octets[HeaderSumOffset..]) == Crc32C.Compute(octets[..HeaderSumOffset], seed);
    }

    /// <summary>Whether the payload of a record whose header is right is what was written.</summary>
    /// <param name="record">The whole record.</param>
    public static bool IsWhole(ReadOnlySpan<byte> record) =>
        BinaryPrimitives.ReadUInt32LittleEndian(record[PayloadSumOffset..]) == PayloadSum(record);

    /// <summary>Writes the sums.</summary>
    /// <param name="record">The whole record.</param>
    public static void Seal(Span<byte> record, uint seed)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record[HeaderSumOffset..], Crc32C.Compute(record[..HeaderSumOffset], seed));
        BinaryPrimitives.WriteUInt32LittleEndian(record[PayloadSumOffset..], PayloadSum(record));
    }

    private static uint PayloadSum(ReadOnlySpan<byte> record) =>
        Crc32C.Compute(record[Octets..], BinaryPrimitives.ReadUInt32LittleEndian(record[HeaderSumOffset..]));
}
