using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Captures;

/// <summary>Reads the packets of a capture file one after the other, in memory that does not grow with the file.</summary>
internal abstract class CaptureReader(CaptureStream source)
{
    /// <summary>More than any link carries; a larger number is damage, not a packet.</summary>
    public const int MaxPacketOctets = 1 << 20;

    /// <summary>Octets that tell a capture from other files.</summary>
    public const int MagicOctets = 4;

    protected CaptureStream Source { get; } = source;

    /// <summary>Whether a file that starts like this is a capture of a kind that can be read.</summary>
    public static bool IsCapture(ReadOnlySpan<byte> start) =>
        start.Length >= MagicOctets && (PcapReader.IsMagic(BinaryPrimitives.ReadUInt32LittleEndian(start)) || PcapngReader.IsMagic(BinaryPrimitives.ReadUInt32LittleEndian(start)));

    /// <summary>Reads the header of the file.</summary>
    /// <exception cref="CaptureException">The file is no capture, or its header is damaged.</exception>
    public static CaptureReader Open(Stream stream)
    {
        CaptureStream source = new(stream);
        ReadOnlySpan<byte> magic = source.Read(MagicOctets);
        if (magic.Length < MagicOctets)
        {
            throw new CaptureException("the file is too short for a capture", 0);
        }

        uint number = BinaryPrimitives.ReadUInt32LittleEndian(magic);
        if (PcapReader.IsMagic(number))
        {
            return new PcapReader(source, number);
        }

        return PcapngReader.IsMagic(number)
            ? new PcapngReader(source)
            : throw new CaptureException($"0x{BinaryPrimitives.ReverseEndianness(number):x8} is no magic number of pcap or pcapng", 0);
    }

    /// <summary>Reads the next packet.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="CaptureException">The file is cut or damaged; what came before stands.</exception>
    public abstract bool TryRead(out CapturedPacket packet);
}
