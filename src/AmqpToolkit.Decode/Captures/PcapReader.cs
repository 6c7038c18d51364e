using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Captures;

/// <summary>
/// The classic format of libpcap, of either byte order, with microseconds or nanoseconds.
/// <code>
/// file:   magic(4) major(2) minor(2) zone(4) accuracy(4) snap length(4) link type(4)  packets
/// packet: seconds(4) fraction(4) captured octets(4) octets on the wire(4)  octets
/// </code>
/// </summary>
internal sealed class PcapReader : CaptureReader
{
    private const uint Microseconds = 0xA1B2C3D4;
    private const uint Nanoseconds = 0xA1B23C4D;
    private const int RestOfHeader = 20;
    private const int PacketHeader = 16;
    private const int LinkTypeAt = 16;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly bool _bigEndian;
    private readonly int _nanosecondsPerUnit;
    private readonly ushort _linkType;

    public PcapReader(CaptureStream source, uint magic)
        : base(source)
    {
        _bigEndian = magic is not (Microseconds or Nanoseconds);
        _nanosecondsPerUnit = (_bigEndian ? BinaryPrimitives.ReverseEndianness(magic) : magic) == Nanoseconds ? 1 : 1000;
        ReadOnlySpan<byte> header = source.ReadAll(RestOfHeader, "the file header");
        _linkType = (ushort)Number(header[LinkTypeAt..]); // the upper half tells about checksums of frames
    }

    /// <summary>Whether this is the magic number in either order, read little-endian.</summary>
    public static bool IsMagic(uint number) =>
        number is Microseconds or Nanoseconds || BinaryPrimitives.ReverseEndianness(number) is Microseconds or Nanoseconds;

    public override bool TryRead(out CapturedPacket packet)
    {
        packet = default;
        long start = Source.Offset;
        ReadOnlySpan<byte> header = Source.Read(PacketHeader);
        if (header.IsEmpty)
        {
            return false;
        }

        if (header.Length < PacketHeader)
        {
            throw new CaptureException($"the file ends {header.Length} octets into the header of a packet", start);
        }

        uint octets = Number(header[8..]);
        if (octets > MaxPacketOctets)
        {
            throw new CaptureException($"a packet of {octets} octets is more than {MaxPacketOctets}: the file is damaged", start);
        }

        long nanoseconds = (Number(header) * NanosecondsPerSecond) + ((long)Number(header[4..]) * _nanosecondsPerUnit);
        packet = new CapturedPacket(nanoseconds, _linkType, Source.ReadAll((int)octets, "a packet"));
        return true;
    }

    private uint Number(ReadOnlySpan<byte> octets) =>
        _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(octets) : BinaryPrimitives.ReadUInt32LittleEndian(octets);
}
