using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// The first octets of a segment, twice: at 0 and at <see cref="CopyOffset"/>. The first record stands at <see cref="FirstRecordOffset"/>.
/// Little-endian:
/// <code>
///   0           8          12         16              32          40          44          48
///   +-----------+----------+----------+---------------+-----------+-----------+-----------+------
///   | "AMQPTKJ" | version  | segment  | journal       | segment's | continues | CRC-32C   | zeros
///   | and LF    | uint     | uint     | 16 octets     | octets    | uint      | of 0..44  |
///   +-----------+----------+----------+---------------+-----------+-----------+-----------+------
/// </code>
/// A segment that continues another was begun because that one was full, so that one ends with a sealing mark; 0 at the begin of a run, and in the segment that ends one.
/// </summary>
internal readonly record struct SegmentHeader(uint Version, uint Number, Guid Journal, long SegmentOctets, uint Continues)
{
    /// <summary>The version that this code writes.</summary>
    public const uint CurrentVersion = 2;

    /// <summary>The oldest version that this code reads.</summary>
    public const uint OldestVersion = 1;

    /// <summary>From this version on a segment begins with a list of those before it.</summary>
    public const uint ListedVersion = 2;

    public const int Octets = 48;

    public const int CopyOffset = 2048;

    public const int FirstRecordOffset = 4096;

    private const int SumOffset = 44;

    private static ReadOnlySpan<byte> Magic => "AMQPTKJ\n"u8;

    /// <summary>From where the sums of the segment's records start: another for each journal and segment.</summary>
    public static uint SeedOf(Guid journal, uint number)
    {
        Span<byte> identity = stackalloc byte[20];
        journal.TryWriteBytes(identity);
        BinaryPrimitives.WriteUInt32LittleEndian(identity[16..], number);
        return Crc32C.Compute(identity);
    }

    public void Write(Span<byte> octets)
    {
        Magic.CopyTo(octets);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[12..], Number);
        Journal.TryWriteBytes(octets[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(octets[32..], SegmentOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[40..], Continues);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[SumOffset..], Crc32C.Compute(octets[..SumOffset]));
    }

    /// <summary>Reads whichever of the two copies is whole.</summary>
    /// <param name="octets">What there is of a file, from its first octet on.</param>
    /// <param name="header">The header.</param>
    /// <param name="isFirstWhole">Whether the first copy is.</param>
    public static bool TryReadEither(ReadOnlySpan<byte> octets, out SegmentHeader header, out bool isFirstWhole)
    {
        isFirstWhole = TryRead(octets, out header);
        return isFirstWhole || (octets.Length > CopyOffset && TryRead(octets[CopyOffset..], out header));
    }

    /// <summary>Reads a header.</summary>
    /// <returns>False when it is none, or damaged. The version of a whole one may still be unknown.</returns>
    public static bool TryRead(ReadOnlySpan<byte> octets, out SegmentHeader header)
    {
        header = default;
        if (octets.Length < Octets || !octets.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(octets[SumOffset..]) != Crc32C.Compute(octets[..SumOffset]))
        {
            return false;
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(octets[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(octets[12..]),
            new Guid(octets.Slice(16, 16)),
            BinaryPrimitives.ReadInt64LittleEndian(octets[32..]),
            BinaryPrimitives.ReadUInt32LittleEndian(octets[40..]));
        return true;
    }
}
