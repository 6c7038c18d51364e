using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>Finds frames in received octets. Stateless; see <see cref="Frame"/> for the layout.</summary>
public static class FrameReader
{
    /// <summary>Octets before the payload.</summary>
    public const int HeaderOctets = 12;

    internal const int SizeAt = 2;
    internal const int TrackAt = 5;
    internal const int ChannelAt = 6;

    private const byte VersionBits = 0xC0;
    private const byte FlagBits = 0x0F;
    private const byte TrackBits = 0x0F;

    /// <summary>Reads the frame at the start of the input. Reserved bits and octets are ignored.</summary>
    /// <param name="input">Received octets; what follows the frame is not looked at.</param>
    /// <param name="maxFrameOctets">The negotiated max-frame-size, header included; zero for no limit but that of the size field.</param>
    /// <param name="frame">The frame when complete, otherwise default. Its payload is a part of <paramref name="input"/>.</param>
    public static FrameReadStatus TryRead(ReadOnlySpan<byte> input, ushort maxFrameOctets, out Frame frame)
    {
        frame = default;
        if (input.Length < HeaderOctets)
        {
            return WhyNoHeader(input, maxFrameOctets);
        }

        int size = BinaryPrimitives.ReadUInt16BigEndian(input[SizeAt..]);
        FrameReadStatus status = Judge(input[0], size, maxFrameOctets);
        if (status != FrameReadStatus.Complete)
        {
            return status;
        }

        if (size > input.Length)
        {
            return FrameReadStatus.Incomplete;
        }

        frame = new Frame(
            (FrameFlags)(input[0] & FlagBits),
            (SegmentType)input[1],
            (Track)(input[TrackAt] & TrackBits),
            BinaryPrimitives.ReadUInt16BigEndian(input[ChannelAt..]),
            input[HeaderOctets..size]);
        return FrameReadStatus.Complete;
    }

    /// <summary>A version or a size that cannot be is told as soon as it is there: nobody waits for the rest of such a header.</summary>
    private static FrameReadStatus WhyNoHeader(ReadOnlySpan<byte> input, ushort maxFrameOctets)
    {
        if (input.Length < SizeAt + sizeof(ushort))
        {
            return !input.IsEmpty && (input[0] & VersionBits) != 0 ? FrameReadStatus.BadHeader : FrameReadStatus.Incomplete;
        }

        FrameReadStatus status = Judge(input[0], BinaryPrimitives.ReadUInt16BigEndian(input[SizeAt..]), maxFrameOctets);
        return status == FrameReadStatus.Complete ? FrameReadStatus.Incomplete : status;
    }

    private static FrameReadStatus Judge(byte first, int size, ushort maxFrameOctets)
    {
        if (size < HeaderOctets || (first & VersionBits) != 0)
        {
            return FrameReadStatus.BadHeader;
        }

        return size > (ushort)(maxFrameOctets - 1) + 1 ? FrameReadStatus.TooLarge : FrameReadStatus.Complete;
    }
}
