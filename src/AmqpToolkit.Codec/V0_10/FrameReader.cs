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
            return FrameReadStatus.Incomplete;
        }

        int size = BinaryPrimitives.ReadUInt16BigEndian(input[SizeAt..]);
        if (size < HeaderOctets || (input[0] & VersionBits) != 0)
        {
            return FrameReadStatus.BadHeader;
        }

        if (size > (ushort)(maxFrameOctets - 1) + 1)
        {
            return FrameReadStatus.TooLarge;
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
}
