using System.Buffers.Binary;

namespace AmqpToolkit.Codec.Classic;

/// <summary>
/// Writes frames into a span that the caller sized. Stateless; see <see cref="Frame"/> for the layout. Each method returns the octets of the whole frame and throws
/// <see cref="ArgumentException"/> or <see cref="ArgumentOutOfRangeException"/> when the destination is too short, or <see cref="IndexOutOfRangeException"/>
/// when it lacks the end octet: these are the caller's mistakes, no input leads to them.
/// </summary>
public static class FrameWriter
{
    /// <summary>What a frame has besides its payload: seven octets of header, one at the end.</summary>
    public const int OverheadOctets = 8;

    /// <summary>What a content header frame has besides property flags and list: overhead, class, weight, body size.</summary>
    public const int ContentHeaderOverheadOctets = OverheadOctets + ContentHeaderView.FixedOctets;

    private const byte FrameMethod = 1;
    private const byte FrameHeader = 2;
    private const byte FrameBody = 3;
    private const byte FrameHeartbeat = 8;

    /// <summary>Writes a method frame.</summary>
    /// <param name="destination">At least <see cref="OverheadOctets"/> plus the method's <see cref="IMethod.MaxOctets"/> long.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="method">The method.</param>
    public static int WriteMethod<T>(Span<byte> destination, ushort channel, in T method)
        where T : struct, IMethod
    {
        int payloadOctets = method.Write(destination[FrameReader.HeaderOctets..]);
        WriteFrameHeader(destination, FrameMethod, channel, payloadOctets);
        return End(destination, FrameReader.HeaderOctets + payloadOctets);
    }

    /// <summary>Writes type, channel and size.</summary>
    public static void WriteFrameHeader(Span<byte> destination, byte type, ushort channel, int payloadOctets)
    {
        destination[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], channel);
        BinaryPrimitives.WriteInt32BigEndian(destination[3..], payloadOctets);
    }

    /// <summary>Writes the end octet.</summary>
    /// <returns>The index after it: the length of the frame when the frame starts the span.</returns>
    public static int End(Span<byte> destination, int at)
    {
        destination[at] = FrameReader.FrameEnd;
        return at + 1;
    }

    /// <summary>Writes a content header frame.</summary>
    /// <param name="destination">At least <see cref="ContentHeaderOverheadOctets"/> plus the properties long.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="classId">The class of the method that carries the content.</param>
    /// <param name="bodyOctets">Length of the whole body.</param>
    /// <param name="propertyFlagsAndList">Flags and list as they stand on the wire, at least two octets.</param>
    public static int WriteContentHeader(Span<byte> destination, ushort channel, ushort classId, ulong bodyOctets, ReadOnlySpan<byte> propertyFlagsAndList)
    {
        int payloadOctets = ContentHeaderView.FixedOctets + propertyFlagsAndList.Length;
        WriteFrameHeader(destination, FrameHeader, channel, payloadOctets);
        Span<byte> payload = destination.Slice(FrameReader.HeaderOctets, payloadOctets);
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)classId << 16); // the lower half is the weight, always zero
        BinaryPrimitives.WriteUInt64BigEndian(payload[ContentHeaderView.BodySizeAt..], bodyOctets);
        propertyFlagsAndList.CopyTo(payload[ContentHeaderView.FixedOctets..]);
        return End(destination, FrameReader.HeaderOctets + payloadOctets);
    }

    /// <summary>Writes a body frame.</summary>
    public static int WriteBody(Span<byte> destination, ushort channel, ReadOnlySpan<byte> body)
    {
        WriteFrameHeader(destination, FrameBody, channel, body.Length);
        body.CopyTo(destination[FrameReader.HeaderOctets..]);
        return End(destination, FrameReader.HeaderOctets + body.Length);
    }

    /// <summary>Writes a heartbeat frame: channel zero, no payload.</summary>
    public static int WriteHeartbeat(Span<byte> destination)
    {
        WriteFrameHeader(destination, FrameHeartbeat, channel: 0, payloadOctets: 0);
        return End(destination, FrameReader.HeaderOctets);
    }
}
