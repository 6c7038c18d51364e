using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>Finds frames in received octets. Stateless; see <see cref="Frame"/> for the layout.</summary>
public static class FrameReader
{
    /// <summary>Octets before the body, when there is no extended header: size, data offset, type, channel.</summary>
    public const int HeaderOctets = 8;

    internal const int DataOffsetAt = 4;
    internal const int TypeAt = 5;
    internal const int ChannelAt = 6;

    /// <summary>Octets that one unit of the data offset stands for.</summary>
    internal const int DataOffsetUnit = 4;

    /// <summary>Reads the frame at the start of the input. An extended header is passed over (2.3.1).</summary>
    /// <param name="input">Received octets; what follows the frame is not looked at.</param>
    /// <param name="maxFrameSize">The max-frame-size that was announced to the peer, header included.</param>
    /// <param name="frame">The frame when complete, otherwise default. Its body is a part of <paramref name="input"/>.</param>
    public static FrameReadStatus TryRead(ReadOnlySpan<byte> input, uint maxFrameSize, out Frame frame)
    {
        frame = default;
        if (input.Length < HeaderOctets)
        {
            return WhyNoHeader(input, maxFrameSize);
        }

        uint octets = BinaryPrimitives.ReadUInt32BigEndian(input);
        int bodyAt = input[DataOffsetAt] * DataOffsetUnit;
        if (octets > Math.Min(maxFrameSize, int.MaxValue))
        {
            return FrameReadStatus.TooLarge;
        }

        if (bodyAt < HeaderOctets || octets < (uint)bodyAt)
        {
            return FrameReadStatus.Malformed;
        }

        if ((uint)input.Length < octets)
        {
            return FrameReadStatus.Incomplete;
        }

        frame = new Frame(input[..(int)octets], bodyAt);
        return FrameReadStatus.Complete;
    }

    /// <summary>A size that cannot be is told as soon as it is there: nobody waits for the rest of such a header.</summary>
    private static FrameReadStatus WhyNoHeader(ReadOnlySpan<byte> input, uint maxFrameSize)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(input, out uint octets))
        {
            return FrameReadStatus.Incomplete;
        }

        return octets > Math.Min(maxFrameSize, int.MaxValue) ? FrameReadStatus.TooLarge
            : octets < HeaderOctets ? FrameReadStatus.Malformed
            : FrameReadStatus.Incomplete;
    }
}
