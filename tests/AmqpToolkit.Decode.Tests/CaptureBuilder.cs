using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Tests;

/// <summary>
/// Writes captures: the packets of one TCP connection between 10.0.0.1:40000 (client) and 10.0.0.2:5672, in any of the formats and link layers. Sequence
/// numbers count from a start near their end, so that every stream wraps.
/// </summary>
internal sealed class CaptureBuilder
{
    public const ushort Ethernet = 1;
    public const ushort Null = 0;
    public const ushort Raw = 101;
    public const ushort LinuxCooked = 113;
    public const ushort LinuxCooked2 = 276;

    private const uint ClientStart = 0xFFFF_FFF0;
    private const uint ServerStart = 0x7FFF_FFFA;
    private const long FirstNanoseconds = 1_700_000_000_123_456_789;

    private readonly MemoryStream _file = new();
    private long _nanoseconds = FirstNanoseconds;

    /// <summary>Format of the file.</summary>
    public required CaptureFormat Format { get; init; }

    public ushort LinkType { get; init; } = Ethernet;

    public bool IsVersion6 { get; init; }

    public int VlanTags { get; init; }

    public ushort ClientPort { get; init; } = 40000;

    public ushort ServerPort { get; init; } = 5672;

    private bool IsBigEndian => Format is CaptureFormat.PcapBigEndian or CaptureFormat.PcapngBigEndian;

    public static CaptureBuilder Pcap(ushort serverPort = 5672) => new() { Format = CaptureFormat.Pcap, ServerPort = serverPort };

    /// <summary>SYN, SYN and ACK, ACK.</summary>
    public CaptureBuilder Open() => Packet(fromClient: true, -1, [], syn: true).Packet(fromClient: false, -1, [], acknowledged: 0, syn: true).Packet(fromClient: true, 0, [], acknowledged: 0);

    /// <summary>FIN from both ends.</summary>
    public CaptureBuilder Close(long client, long server) => Packet(true, client, [], acknowledged: server, fin: true).Packet(false, server, [], acknowledged: client + 1, fin: true);

    /// <summary>A segment.</summary>
    /// <param name="fromClient">Who sends it.</param>
    /// <param name="offset">Octets of the stream before it; -1 for SYN.</param>
    /// <param name="payload">Its octets.</param>
    /// <param name="acknowledged">Octets that have arrived from the other side, if it says so.</param>
    /// <param name="syn">It opens its direction.</param>
    /// <param name="fin">It ends it.</param>
    /// <param name="captured">How much of the packet is kept; all, if null.</param>
    public CaptureBuilder Packet(bool fromClient, long offset, ReadOnlySpan<byte> payload, long? acknowledged = null, bool syn = false, bool fin = false, int? captured = null)
    {
        byte[] tcp = Tcp(fromClient, offset, payload, acknowledged, syn, fin);
        byte[] packet = [.. Link(), .. IsVersion6 ? IPv6(fromClient, tcp.Length) : IPv4(fromClient, tcp.Length), .. tcp];
        return Add(captured is { } octets ? packet.AsSpan(0, octets) : packet, packet.Length);
    }

    /// <summary>Any packet.</summary>
    public CaptureBuilder Add(ReadOnlySpan<byte> packet, int? original = null)
    {
        WriteHeader();
        _nanoseconds += 1_000_000;
        if (Format is CaptureFormat.Pcapng or CaptureFormat.PcapngBigEndian)
        {
            ulong microseconds = (ulong)_nanoseconds / 1000;
            byte[] padding = new byte[(4 - (packet.Length % 4)) % 4];
            Block(6, [.. U32(0), .. U32((uint)(microseconds >> 32)), .. U32((uint)microseconds), .. U32((uint)packet.Length), .. U32((uint)(original ?? packet.Length)), .. packet, .. padding]);
            return this;
        }

        long fraction = _nanoseconds % 1_000_000_000;
        Write([.. U32((uint)(_nanoseconds / 1_000_000_000)), .. U32((uint)(Format == CaptureFormat.PcapNanoseconds ? fraction : fraction / 1000)), .. U32((uint)packet.Length), .. U32((uint)(original ?? packet.Length)), .. packet]);
        return this;
    }

    /// <summary>The file so far.</summary>
    public byte[] ToArray()
    {
        WriteHeader();
        return _file.ToArray();
    }

    private void WriteHeader()
    {
        if (_file.Length != 0)
        {
            return;
        }

        switch (Format)
        {
            case CaptureFormat.Pcapng or CaptureFormat.PcapngBigEndian:
                Block(0x0A0D0D0A, [.. U32(0x1A2B3C4D), .. U16(1), .. U16(0), .. U32(uint.MaxValue), .. U32(uint.MaxValue)]);
                Block(1, [.. U16(LinkType), .. U16(0), .. U32(0), .. U16(9), .. U16(1), 6, 0, 0, 0, .. U32(0)]);
                Block(5, [.. U32(0), .. U32(0), .. U32(0)]); // statistics: to be passed over
                break;
            default:
                uint magic = Format == CaptureFormat.PcapNanoseconds ? 0xA1B23C4D : 0xA1B2C3D4;
                Write([.. U32(magic), .. U16(2), .. U16(4), .. U32(0), .. U32(0), .. U32(262144), .. U32(LinkType)]);
                break;
        }
    }

    private void Block(uint type, ReadOnlySpan<byte> body)
    {
        byte[] length = U32((uint)body.Length + 12);
        Write([.. U32(type), .. length, .. body, .. length]);
    }

    private void Write(ReadOnlySpan<byte> octets) => _file.Write(octets);

    private byte[] U16(ushort value) => Number(value, 2);

    private byte[] U32(uint value) => Number(value, 4);

    private byte[] Number(uint value, int octets)
    {
        byte[] wire = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(wire, value);
        byte[] number = wire[..octets];
        if (IsBigEndian)
        {
            Array.Reverse(number);
        }

        return number;
    }

    private byte[] Link()
    {
        byte[] tags = [.. Enumerable.Repeat<byte[]>([0x00, 0x64, 0x81, 0x00], Math.Max(0, VlanTags - 1)).SelectMany(tag => tag)];
        byte[] type = IsVersion6 ? [0x86, 0xDD] : [0x08, 0x00];
        byte[] tagged = VlanTags == 0 ? type : [0x81, 0x00, .. tags, 0x00, 0x64, .. type];
        return LinkType switch
        {
            Ethernet => [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, .. tagged],
            LinuxCooked => [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, .. tagged],
            LinuxCooked2 => [.. type, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0],
            Null => IsBigEndian ? [0, 0, 0, IsVersion6 ? (byte)30 : (byte)2] : [IsVersion6 ? (byte)30 : (byte)2, 0, 0, 0],
            _ => [],
        };
    }

    private static byte[] IPv4(bool fromClient, int payload)
    {
        int total = 20 + payload;
        byte source = fromClient ? (byte)1 : (byte)2;
        byte destination = fromClient ? (byte)2 : (byte)1;
        return [0x45, 0, (byte)(total >> 8), (byte)total, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, source, 10, 0, 0, destination];
    }

    private static byte[] IPv6(bool fromClient, int payload)
    {
        byte[] header = new byte[40];
        header[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)payload);
        header[6] = 6;
        header[7] = 64;
        header[8] = header[24] = 0xFD;
        header[23] = fromClient ? (byte)1 : (byte)2;
        header[39] = fromClient ? (byte)2 : (byte)1;
        return header;
    }

    private byte[] Tcp(bool fromClient, long offset, ReadOnlySpan<byte> payload, long? acknowledged, bool syn, bool fin)
    {
        uint sequence = (fromClient ? ClientStart : ServerStart) + 1 + (uint)offset;
        uint acknowledgement = acknowledged is { } octets ? (fromClient ? ServerStart : ClientStart) + 1 + (uint)octets : 0;
        byte flags = (byte)((fin ? 0x01 : 0) | (syn ? 0x02 : 0) | (payload.IsEmpty ? 0 : 0x08) | (acknowledged is null ? 0 : 0x10));
        byte[] header = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(header, fromClient ? ClientPort : ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), fromClient ? ServerPort : ClientPort);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), acknowledgement);
        header[12] = 5 << 4;
        header[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), ushort.MaxValue);
        return [.. header, .. payload];
    }
}
