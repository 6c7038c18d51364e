using System.Buffers.Binary;
using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// The newest segment that has a batch on the disk, noted apart from the segments: no other can tell of the last one. In the file <see cref="FileName"/>, in two places that are
/// written in turn, so that a loss of power leaves one of them. Little-endian:
/// <code>
///   0           8          12         16              32          36
///   +-----------+----------+----------+---------------+-----------+
///   | "AMQPTKN" | version  | segment  | journal       | CRC-32C   |
///   | and LF    | uint     | uint     | 16 octets     | of 0..32  |
///   +-----------+----------+----------+---------------+-----------+
/// </code>
/// </summary>
internal readonly record struct NewestSegment(Guid Journal, uint Number)
{
    /// <summary>The file of both places.</summary>
    public const string FileName = "newest";

    /// <summary>Where the second place begins: no sector has both.</summary>
    public const int PlaceOctets = 4096;

    public const int FileOctets = 2 * PlaceOctets;

    private const uint Version = 1;
    private const int Octets = 36;
    private const int SumOffset = 32;

    private static ReadOnlySpan<byte> Magic => "AMQPTKN\n"u8;

    /// <summary>Writes it into one of the places.</summary>
    public void Write(IStoreFile file, bool isSecond)
    {
        Span<byte> octets = stackalloc byte[Octets];
        Magic.CopyTo(octets);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[12..], Number);
        Journal.TryWriteBytes(octets[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(octets[SumOffset..], Crc32C.Compute(octets[..SumOffset]));
        file.Write(isSecond ? PlaceOctets : 0, octets);
    }

    /// <summary>Reads what a folder says.</summary>
    /// <param name="files">The folder.</param>
    /// <param name="journal">The journal that is there; null for whichever was.</param>
    /// <param name="isSecond">Whether it stands in the second place.</param>
    /// <returns>Null when nothing is said of that journal, nothing that can be read, or of two where none is named.</returns>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static NewestSegment? Read(IFileLayer files, Guid? journal, out bool isSecond)
    {
        var (first, second) = ReadBoth(files);
        if (journal is null && first is { } one && second is { } other && one.Journal != other.Journal)
        {
            // An earlier journal's, and nobody can tell which.
            isSecond = false;
            return null;
        }

        first = IsOf(first, journal) ? first : null;
        second = IsOf(second, journal) ? second : null;
        isSecond = second is not null && !(first?.Number >= second?.Number);
        return isSecond ? second : first;
    }

    /// <summary>What stands in the two places, whichever journal it is of.</summary>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static (NewestSegment? First, NewestSegment? Second) ReadBoth(IFileLayer files)
    {
        if (!files.List().Contains(FileName))
        {
            return default;
        }

        using var file = files.Open(FileName);
        return (TryRead(file, isSecond: false), TryRead(file, isSecond: true));
    }

    private static bool IsOf(NewestSegment? found, Guid? journal) => journal is null || found?.Journal == journal;

    private static NewestSegment? TryRead(IStoreFile file, bool isSecond)
    {
        Span<byte> octets = stackalloc byte[Octets];
        int at = isSecond ? PlaceOctets : 0;
        return file.Length >= at + Octets && file.Read(at, octets) == Octets && octets.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(octets[SumOffset..]) == Crc32C.Compute(octets[..SumOffset])
            && BinaryPrimitives.ReadUInt32LittleEndian(octets[8..]) == Version
            ? new NewestSegment(new Guid(octets.Slice(16, 16)), BinaryPrimitives.ReadUInt32LittleEndian(octets[12..]))
            : null;
    }
}
