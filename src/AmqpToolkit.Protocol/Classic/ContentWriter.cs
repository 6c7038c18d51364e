using AmqpToolkit.Codec.Classic;

namespace AmqpToolkit.Protocol.Classic;

/// <summary>Splits contents into a header frame and body frames (0-9-1 section 4.2.6). Stateless.</summary>
public static class ContentWriter
{
    /// <summary>Octets of a content header frame beside its properties: frame header, class, weight, body size, end.</summary>
    public const int HeaderOverheadOctets = FrameWriter.OverheadOctets + 12;

    /// <summary>How many octets of body one frame takes.</summary>
    public static int BodyOctetsPerFrame(uint frameMax) =>
        frameMax == 0 ? int.MaxValue - FrameWriter.OverheadOctets : (int)Math.Min(frameMax, int.MaxValue) - FrameWriter.OverheadOctets;

    /// <summary>Octets of the header frame and the body frames of a content.</summary>
    public static int CountOctets(int propertyOctets, int bodyOctets, uint frameMax)
    {
        int perFrame = BodyOctetsPerFrame(frameMax);
        int frames = (int)(((long)bodyOctets + perFrame - 1) / perFrame);
        return HeaderOverheadOctets + propertyOctets + bodyOctets + (frames * FrameWriter.OverheadOctets);
    }

    /// <summary>Writes the header frame and the body frames.</summary>
    /// <returns>Octets written: what <see cref="CountOctets"/> says.</returns>
    public static int Write(Span<byte> destination, ushort channel, ushort classId, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> body, uint frameMax)
    {
        int at = FrameWriter.WriteContentHeader(destination, channel, classId, (ulong)body.Length, properties);
        int perFrame = BodyOctetsPerFrame(frameMax);
        while (body.Length > perFrame)
        {
            at += FrameWriter.WriteBody(destination[at..], channel, body[..perFrame]);
            body = body[perFrame..];
        }

        return body.IsEmpty ? at : at + FrameWriter.WriteBody(destination[at..], channel, body);
    }
}
