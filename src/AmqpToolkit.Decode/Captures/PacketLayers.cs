using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Captures;

/// <summary>Finds the TCP segment within a packet: link layer, IP, TCP. Whatever is no whole TCP header is none.</summary>
internal static class PacketLayers
{
    private const ushort LinkNull = 0;
    private const ushort LinkEthernet = 1;
    private const ushort LinkRawBsd = 12;
    private const ushort LinkRawOpenBsd = 14;
    private const ushort LinkRaw = 101;
    private const ushort LinkLoop = 108;
    private const ushort LinkLinuxCooked = 113;
    private const ushort LinkIPv4 = 228;
    private const ushort LinkIPv6 = 229;
    private const ushort LinkLinuxCooked2 = 276;

    private const ushort EtherIPv4 = 0x0800;
    private const ushort EtherIPv6 = 0x86DD;
    private const byte ProtocolTcp = 6;
    private const int MaxVlanTags = 4;
    private const int MaxExtensionHeaders = 16;

    /// <summary>Whether packets of this link type can be read.</summary>
    public static bool IsKnown(ushort linkType) => linkType is LinkNull or LinkEthernet or LinkRawBsd or LinkRawOpenBsd or LinkRaw or LinkLoop
        or LinkLinuxCooked or LinkIPv4 or LinkIPv6 or LinkLinuxCooked2;

    /// <summary>Looks for a TCP segment.</summary>
    public static bool TryFindTcp(in CapturedPacket packet, out TcpSegment segment)
    {
        segment = default;
        return TrySkipLink(packet, out ReadOnlySpan<byte> network)
            && TrySkipNetwork(network, out UInt128 source, out UInt128 destination, out bool isVersion4, out ReadOnlySpan<byte> transport)
            && TryReadTcp(transport, source, destination, isVersion4, out segment);
    }

    private static bool TrySkipLink(in CapturedPacket packet, out ReadOnlySpan<byte> network)
    {
        ReadOnlySpan<byte> octets = packet.Octets;
        network = default;
        switch (packet.LinkType)
        {
            case LinkEthernet:
                return TrySkipTags(octets, 12, out network);
            case LinkLinuxCooked:
                return TrySkipTags(octets, 14, out network);
            case LinkLinuxCooked2 when octets.Length > 20:
                ushort type = BinaryPrimitives.ReadUInt16BigEndian(octets);
                network = octets[20..];
                return type is EtherIPv4 or EtherIPv6 || (IsVlan(type) && TrySkipTags(octets, 0, out network, afterType: 20));
            case LinkNull or LinkLoop when octets.Length > 4: // a family, whose number depends on the system: the version of IP tells as well
                network = octets[4..];
                return true;
            case LinkRaw or LinkRawBsd or LinkRawOpenBsd or LinkIPv4 or LinkIPv6:
                network = octets;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Passes over the type of Ethernet that stands at an offset, and over VLAN tags.</summary>
    private static bool TrySkipTags(ReadOnlySpan<byte> octets, int typeAt, out ReadOnlySpan<byte> network, int afterType = 0)
    {
        network = default;
        int at = typeAt;
        int next = afterType == 0 ? typeAt + sizeof(ushort) : afterType;
        for (int tags = 0; tags <= MaxVlanTags && next <= octets.Length && at + sizeof(ushort) <= octets.Length; tags++)
        {
            ushort type = BinaryPrimitives.ReadUInt16BigEndian(octets[at..]);
            if (!IsVlan(type))
            {
                network = octets[next..];
                return type is EtherIPv4 or EtherIPv6;
            }

            at = next + sizeof(ushort);
            next += 2 * sizeof(ushort);
        }

        return false;
    }

    private static bool IsVlan(ushort type) => type is 0x8100 or 0x88A8 or 0x9100;

    private static bool TrySkipNetwork(
        ReadOnlySpan<byte> octets, out UInt128 source, out UInt128 destination, out bool isVersion4, out ReadOnlySpan<byte> transport)
    {
        source = destination = 0;
        transport = default;
        isVersion4 = !octets.IsEmpty && octets[0] >> 4 == 4;
        if (isVersion4)
        {
            return TrySkipVersion4(octets, ref source, ref destination, ref transport);
        }

        return !octets.IsEmpty && octets[0] >> 4 == 6 && TrySkipVersion6(octets, ref source, ref destination, ref transport);
    }

    private static bool TrySkipVersion4(ReadOnlySpan<byte> octets, ref UInt128 source, ref UInt128 destination, ref ReadOnlySpan<byte> transport)
    {
        const int Fixed = 20;
        if (octets.Length < Fixed)
        {
            return false;
        }

        int header = (octets[0] & 0x0F) * 4;
        int total = BinaryPrimitives.ReadUInt16BigEndian(octets[2..]);
        bool isFragment = (BinaryPrimitives.ReadUInt16BigEndian(octets[6..]) & 0x3FFF) != 0;
        if (total == 0) // left to the network card to fill in
        {
            total = octets.Length;
        }

        if (header < Fixed || total < header || octets.Length < header || isFragment || octets[9] != ProtocolTcp)
        {
            return false;
        }

        source = BinaryPrimitives.ReadUInt32BigEndian(octets[12..]);
        destination = BinaryPrimitives.ReadUInt32BigEndian(octets[16..]);
        transport = octets[header..Math.Min(total, octets.Length)];
        return true;
    }

    private static bool TrySkipVersion6(ReadOnlySpan<byte> octets, ref UInt128 source, ref UInt128 destination, ref ReadOnlySpan<byte> transport)
    {
        const int Fixed = 40;
        if (octets.Length < Fixed)
        {
            return false;
        }

        int payload = BinaryPrimitives.ReadUInt16BigEndian(octets[4..]);
        int end = payload == 0 ? octets.Length : Math.Min(octets.Length, Fixed + payload);
        byte next = octets[6];
        int at = Fixed;
        for (int headers = 0; next != ProtocolTcp; headers++)
        {
            // Hop-by-hop, routing and destination options; a fragment or anything encrypted cannot be read.
            if (next is not (0 or 43 or 60) || headers == MaxExtensionHeaders || end - at < 8)
            {
                return false;
            }

            next = octets[at];
            at += 8 + (octets[at + 1] * 8);
        }

        if (at > end)
        {
            return false;
        }

        source = BinaryPrimitives.ReadUInt128BigEndian(octets[8..]);
        destination = BinaryPrimitives.ReadUInt128BigEndian(octets[24..]);
        transport = octets[at..end];
        return true;
    }

    private static bool TryReadTcp(ReadOnlySpan<byte> octets, UInt128 source, UInt128 destination, bool isVersion4, out TcpSegment segment)
    {
        const int Fixed = 20;
        segment = default;
        if (octets.Length < Fixed || octets[12] >> 4 < 5)
        {
            return false;
        }

        int header = octets[12] >> 4 << 2;
        byte flags = octets[13];
        segment = new TcpSegment
        {
            Source = new TcpEndpoint(source, isVersion4, BinaryPrimitives.ReadUInt16BigEndian(octets)),
            Destination = new TcpEndpoint(destination, isVersion4, BinaryPrimitives.ReadUInt16BigEndian(octets[2..])),
            Sequence = BinaryPrimitives.ReadUInt32BigEndian(octets[4..]),
            Acknowledgement = BinaryPrimitives.ReadUInt32BigEndian(octets[8..]),
            IsFin = (flags & 0x01) != 0,
            IsSyn = (flags & 0x02) != 0,
            IsReset = (flags & 0x04) != 0,
            IsAcknowledging = (flags & 0x10) != 0,
            Payload = octets[Math.Min(header, octets.Length)..],
        };
        return true;
    }
}
