using System.Buffers.Binary;

namespace AmqpToolkit.Codec.Classic;

/// <summary>Finds frames in received octets. Stateless; see <see cref="Frame"/> for the layout.</summary>
public static class FrameReader
{
    /// <summary>Octets before the payload: type, channel, size.</summary>
    public const int HeaderOctets = 7;

    internal const byte FrameEnd = 0xCE;

    private const int ChannelAt = 1;
    private const int SizeAt = 3;

    /// <summary>Reads the frame at the start of the input.</summary>
    /// <param name="input">Received octets; what follows the frame is not looked at.</param>
    /// <param name="maxFrameOctets">The negotiated frame-max, header and end octet included; zero for no limit of the protocol's (then 2^31 - 1).</param>
    /// <param name="frame">The frame when complete, otherwise default. Its payload is a part of <paramref name="input"/>.</param>
    public static FrameReadStatus TryRead(ReadOnlySpan<byte> input, uint maxFrameOctets, out Frame frame)
    {
        frame = default;
        if (input.Length < HeaderOctets)
        {
            return FrameReadStatus.Incomplete;
        }

        uint payloadOctets = BinaryPrimitives.ReadUInt32BigEndian(input[SizeAt..]);
        uint limit = Math.Min(maxFrameOctets - 1, int.MaxValue - 1); // zero wraps round to the largest limit
        if (payloadOctets > limit - (FrameWriter.OverheadOctets - 1) || limit < FrameWriter.OverheadOctets - 1)
        {
            return FrameReadStatus.TooLarge;
        }

        int end = HeaderOctets + (int)payloadOctets;
        if (end >= input.Length)
        {
            return FrameReadStatus.Incomplete;
        }

        if (input[end] != FrameEnd)
        {
            return FrameReadStatus.BadEnd;
        }

        frame = new Frame(input[0], BinaryPrimitives.ReadUInt16BigEndian(input[ChannelAt..]), input[HeaderOctets..end]);
        return FrameReadStatus.Complete;
    }

    /// <summary>Reads the header of a frame alone, without any limit.</summary>
    /// <returns>False when fewer than <see cref="HeaderOctets"/> octets are there.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> input, out byte type, out ushort channel, out uint payloadOctets)
    {
        if (input.Length < HeaderOctets)
        {
            type = 0;
            channel = 0;
            payloadOctets = 0;
            return false;
        }

        type = input[0];
        channel = BinaryPrimitives.ReadUInt16BigEndian(input[ChannelAt..]);
        payloadOctets = BinaryPrimitives.ReadUInt32BigEndian(input[SizeAt..]);
        return true;
    }
}
