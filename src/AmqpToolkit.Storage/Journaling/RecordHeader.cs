using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// What stands before each record's payload. Little-endian, records begin at multiples of <see cref="Alignment"/>:
/// <code>
///   0                4                8       9        10         12           16
///   +----------------+----------------+-------+--------+----------+------------+--------------------+---------+
///   | payload octets | CRC-32C        | kind  | 0      | 0        | group      | payload            | zeros   |
///   | uint           | uint           | octet | octet  | ushort   | uint       |                    | to 8    |
///   +----------------+----------------+-------+--------+----------+------------+--------------------+---------+
/// </code>
/// The sum covers the octets from 8 to the end, zeros included, and the length, and starts from the segment's seed: what an earlier life
/// of a recycled file left behind fails it.
/// </summary>
internal readonly record struct RecordHeader(int PayloadOctets, uint Crc, RecordKind Kind, uint Group)
{
    public const int Octets = 16;

    public const int Alignment = 8;

    /// <summary>The longest payload: a segment's worth, larger bodies are cut by who writes them.</summary>
    public const int MaxPayloadOctets = 1 << 30;

    private const int CoveredFrom = 8;

    /// <summary>Octets of a whole record, with its padding.</summary>
    public static long RecordOctets(int payloadOctets) => (Octets + (long)payloadOctets + Alignment - 1) & -Alignment;

    /// <summary>Writes all of a header but its sum, and zeros behind the payload.</summary>
    /// <param name="record">The whole record, see <see cref="RecordOctets"/>.</param>
    public static void Prepare(Span<byte> record, int payloadOctets, RecordKind kind, uint group)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)payloadOctets);
        BinaryPrimitives.WriteUInt64LittleEndian(record[4..], (ulong)kind << 32);
        BinaryPrimitives.WriteUInt32LittleEndian(record[12..], group);
        record[(Octets + payloadOctets)..].Clear();
    }

    /// <summary>Writes the sums of a row of records, three at a time where they follow each other.</summary>
    public static void Seal(Span<byte> records, uint seed)
    {
        while (TakeOne(ref records, out var first))
        {
            if (TakeOne(ref records, out var second) && TakeOne(ref records, out var third))
            {
                SealThree(first, second, third, seed);
                continue;
            }

            SealOne(first, seed);
            SealOne(second, seed);
        }
    }

    private static bool TakeOne(ref Span<byte> records, out Span<byte> record)
    {
        record = records.IsEmpty ? default : records[..(int)RecordOctets(BinaryPrimitives.ReadInt32LittleEndian(records))];
        records = records[record.Length..];
        return !record.IsEmpty;
    }

    private static void SealThree(Span<byte> first, Span<byte> second, Span<byte> third, uint seed)
    {
        var sums = Crc32C.ComputeThree(first[CoveredFrom..], second[CoveredFrom..], third[CoveredFrom..], seed);
        WriteSum(first, sums.First);
        WriteSum(second, sums.Second);
        WriteSum(third, sums.Third);
    }

    private static void SealOne(Span<byte> record, uint seed)
    {
        if (!record.IsEmpty)
        {
            WriteSum(record, Crc32C.Compute(record[CoveredFrom..], seed));
        }
    }

    private static void WriteSum(Span<byte> record, uint covered) => BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Crc32C.Compute(record[..4], covered));

    /// <summary>Reads a header; says nothing about its sum.</summary>
    public static RecordHeader Read(ReadOnlySpan<byte> octets) => new(
        (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(octets), int.MaxValue),
        BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]),
        (RecordKind)octets[8],
        BinaryPrimitives.ReadUInt32LittleEndian(octets[12..]));

    /// <summary>Whether a header may be one at all, before its payload is looked at.</summary>
    public bool IsPlausible(long roomOctets) =>
        Kind is > RecordKind.None and <= RecordKind.Gone && PayloadOctets <= MaxPayloadOctets && RecordOctets(PayloadOctets) <= roomOctets;

    /// <summary>Whether the sum is right.</summary>
    /// <param name="record">The whole record.</param>
    public bool Matches(ReadOnlySpan<byte> record, uint seed) => Sum(record, seed) == Crc;

    private static uint Sum(ReadOnlySpan<byte> record, uint seed) => Crc32C.Compute(record[..4], Crc32C.Compute(record[CoveredFrom..], seed));
}
