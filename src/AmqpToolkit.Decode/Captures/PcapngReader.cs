using System.Buffers.Binary;

namespace AmqpToolkit.Decode.Captures;

/// <summary>
/// The block format of Wireshark. Sections of either byte order may follow one another; blocks that hold no packet are passed over.
/// <code>block: type(4) length(4)  body  length(4)</code>
/// </summary>
internal sealed class PcapngReader : CaptureReader
{
    private const uint SectionHeader = 0x0A0D0D0A;
    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrder = 0x1A2B3C4D;

    private const int BlockOverhead = 12;
    private const int MaxInterfaces = 4096;
    private const ushort TimeResolutionOption = 9;
    private const ushort TimeOffsetOption = 14;

    private readonly List<Interface> _interfaces = [];
    private bool _bigEndian;

    public PcapngReader(CaptureStream source)
        : base(source) => ReadSectionHeader(start: 0);

    /// <summary>Whether this is the type of the first block, which reads alike in both orders.</summary>
    public static bool IsMagic(uint number) => number == SectionHeader;

    public override bool TryRead(out CapturedPacket packet)
    {
        packet = default;
        while (true)
        {
            long start = Source.Offset;
            ReadOnlySpan<byte> octets = Source.Read(sizeof(uint));
            if (octets.IsEmpty)
            {
                return false;
            }

            if (octets.Length < sizeof(uint))
            {
                throw new CaptureException("the file ends within the type of a block", start);
            }

            uint type = Number(octets);
            if (type == SectionHeader)
            {
                ReadSectionHeader(start);
                continue;
            }

            uint length = Length(Number(Source.ReadAll(sizeof(uint), "the length of a block")), start);
            if (type is not (InterfaceDescription or ObsoletePacket or SimplePacket or EnhancedPacket))
            {
                Source.Skip(length - 8, "a block");
                continue;
            }

            if (length - BlockOverhead > MaxPacketOctets)
            {
                throw new CaptureException($"a block of {length} octets is more than {MaxPacketOctets}: the file is damaged", start);
            }

            ReadOnlySpan<byte> body = Source.ReadAll((int)length - 8, "a block");
            if (Number(body[^4..]) != length)
            {
                throw new CaptureException($"a block says {length} octets at its start and {Number(body[^4..])} at its end", start);
            }

            if (type == InterfaceDescription)
            {
                AddInterface(body[..^4], start);
            }
            else if (ReadPacket(type, body[..^4], start, out packet))
            {
                return true;
            }
        }
    }

    /// <summary>The block has to be whole words and at least as long as its frame.</summary>
    private static uint Length(uint length, long start) => length >= BlockOverhead && length % 4 == 0
        ? length
        : throw new CaptureException($"a block cannot have {length} octets", start);

    /// <summary>Reads on after the type: the byte order of what follows is told within.</summary>
    private void ReadSectionHeader(long start)
    {
        Span<byte> octets = Source.ReadAll(2 * sizeof(uint), "a section header");
        _bigEndian = BinaryPrimitives.ReadUInt32BigEndian(octets[4..]) == ByteOrder;
        if (!_bigEndian && BinaryPrimitives.ReadUInt32LittleEndian(octets[4..]) != ByteOrder)
        {
            throw new CaptureException("a section header without byte-order magic", start);
        }

        uint length = Length(Number(octets), start);
        Source.Skip(length - BlockOverhead, "a section header");
        _interfaces.Clear();
    }

    private void AddInterface(ReadOnlySpan<byte> body, long start)
    {
        const int OptionsAt = 8;
        if (body.Length < OptionsAt || _interfaces.Count == MaxInterfaces)
        {
            throw new CaptureException(body.Length < OptionsAt ? "an interface description is too short" : $"there are more than {MaxInterfaces} interfaces", start);
        }

        Interface added = new(Number16(body), 6, IsPowerOfTwo: false, OffsetSeconds: 0);
        ReadOnlySpan<byte> options = body[OptionsAt..];
        while (options.Length >= 4)
        {
            ushort code = Number16(options);
            int length = Number16(options[2..]);
            if (code == 0 || length > options.Length - 4)
            {
                break;
            }

            ReadOnlySpan<byte> value = options.Slice(4, length);
            if (code == TimeResolutionOption && length == 1)
            {
                added = added with { Resolution = value[0] & 0x7F, IsPowerOfTwo = value[0] >= 0x80 };
            }
            else if (code == TimeOffsetOption && length == sizeof(long))
            {
                added = added with { OffsetSeconds = _bigEndian ? BinaryPrimitives.ReadInt64BigEndian(value) : BinaryPrimitives.ReadInt64LittleEndian(value) };
            }

            options = options[Math.Min(options.Length, 4 + ((length + 3) & ~3))..];
        }

        _interfaces.Add(added);
    }

    /// <summary>Reads one of the three kinds of packets.</summary>
    /// <returns>False for a packet of an interface that was not described, which nobody can read.</returns>
    private bool ReadPacket(uint type, ReadOnlySpan<byte> body, long start, out CapturedPacket packet)
    {
        packet = default;
        int header = type == SimplePacket ? 4 : 20;
        if (body.Length < header)
        {
            throw new CaptureException("a packet block is too short", start);
        }

        uint index = type switch
        {
            SimplePacket => 0,
            EnhancedPacket => Number(body),
            _ => Number16(body),
        };
        uint octets = type == SimplePacket ? Math.Min(Number(body), (uint)(body.Length - header)) : Number(body[12..]);
        if (octets > body.Length - header)
        {
            throw new CaptureException($"a packet of {octets} octets stands in a block of {body.Length + BlockOverhead}", start);
        }

        if (index >= _interfaces.Count)
        {
            return false;
        }

        Interface from = _interfaces[(int)index];
        long time = type == SimplePacket ? -1 : from.Nanoseconds(((ulong)Number(body[4..]) << 32) | Number(body[8..]));
        packet = new CapturedPacket(time, from.LinkType, body.Slice(header, (int)octets));
        return true;
    }

    private uint Number(ReadOnlySpan<byte> octets) =>
        _bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(octets) : BinaryPrimitives.ReadUInt32LittleEndian(octets);

    private ushort Number16(ReadOnlySpan<byte> octets) =>
        _bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(octets) : BinaryPrimitives.ReadUInt16LittleEndian(octets);

    /// <summary>What an interface description says.</summary>
    /// <param name="LinkType">LINKTYPE_ number.</param>
    /// <param name="Resolution">A unit of time is 10 or 2 to the minus this seconds.</param>
    /// <param name="IsPowerOfTwo">It is 2.</param>
    /// <param name="OffsetSeconds">Is added to each time.</param>
    private sealed record Interface(ushort LinkType, int Resolution, bool IsPowerOfTwo, long OffsetSeconds)
    {
        private static readonly UInt128 _nanosecondsPerSecond = 1_000_000_000;

        /// <summary>Nanoseconds since 1970, or -1 where that is no time of ours.</summary>
        public long Nanoseconds(ulong units)
        {
            UInt128 perSecond = 1;
            for (int i = 0; i < Resolution && perSecond < UInt128.MaxValue / 1024; i++)
            {
                perSecond *= IsPowerOfTwo ? 2u : 10u;
            }

            UInt128 nanoseconds = (units / perSecond * _nanosecondsPerSecond) + (units % perSecond * _nanosecondsPerSecond / perSecond);
            Int128 all = (Int128)nanoseconds + ((Int128)OffsetSeconds * 1_000_000_000);
            return all < 0 || all > long.MaxValue ? -1 : (long)all;
        }
    }
}
