using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V1_0;

/// <summary>
/// Writes frames into a span that the caller sized. Stateless; see <see cref="Frame"/> for the layout. Each method returns the octets of the whole frame and throws
/// <see cref="ArgumentException"/>, <see cref="ArgumentOutOfRangeException"/> or <see cref="IndexOutOfRangeException"/> when the destination is too short: that
/// is the caller's mistake, no input leads to it.
/// </summary>
public static class FrameWriter
{
    private const byte DataOffset = FrameReader.HeaderOctets / FrameReader.DataOffsetUnit;

    /// <summary>Writes a frame of type <see cref="FrameType.Amqp"/>.</summary>
    /// <param name="destination">At least <see cref="FrameReader.HeaderOctets"/> plus the performative's <see cref="IDescribedType.MaxOctets"/> long.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="performative">The body.</param>
    public static int WritePerformative<T>(Span<byte> destination, ushort channel, in T performative)
        where T : struct, IDescribedType
    {
        int octets = FrameReader.HeaderOctets + performative.Write(destination[FrameReader.HeaderOctets..]);
        WriteFrameHeader(destination, FrameType.Amqp, channel, octets);
        return octets;
    }

    /// <summary>Writes a frame of type <see cref="FrameType.Amqp"/> that has a payload after its performative: a transfer with octets of a message (2.6.14).</summary>
    /// <param name="destination">As for <see cref="WritePerformative{T}(Span{byte}, ushort, in T)"/>, and room for the payload.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="performative">The performative.</param>
    /// <param name="payload">What stands after it.</param>
    public static int WritePerformative<T>(Span<byte> destination, ushort channel, in T performative, ReadOnlySpan<byte> payload)
        where T : struct, IDescribedType
    {
        int payloadAt = FrameReader.HeaderOctets + performative.Write(destination[FrameReader.HeaderOctets..]);
        payload.CopyTo(destination[payloadAt..]);
        WriteFrameHeader(destination, FrameType.Amqp, channel, payloadAt + payload.Length);
        return payloadAt + payload.Length;
    }

    /// <summary>Writes a frame of type <see cref="FrameType.Sasl"/>.</summary>
    /// <inheritdoc cref="WritePerformative{T}(Span{byte}, ushort, in T)"/>
    public static int WriteSasl<T>(Span<byte> destination, in T performative)
        where T : struct, IDescribedType
    {
        int octets = FrameReader.HeaderOctets + performative.Write(destination[FrameReader.HeaderOctets..]);
        WriteFrameHeader(destination, FrameType.Sasl, channel: 0, octets);
        return octets;
    }

    /// <summary>Writes a frame without a body, which only says that this peer lives (2.4.5).</summary>
    public static int WriteEmpty(Span<byte> destination)
    {
        WriteFrameHeader(destination, FrameType.Amqp, channel: 0, FrameReader.HeaderOctets);
        return FrameReader.HeaderOctets;
    }

    /// <summary>Writes size, data offset, type and channel.</summary>
    /// <param name="destination">At least <see cref="FrameReader.HeaderOctets"/> long.</param>
    /// <param name="type">The type.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="octets">Length of the whole frame.</param>
    public static void WriteFrameHeader(Span<byte> destination, FrameType type, ushort channel, int octets) => BinaryPrimitives.WriteUInt64BigEndian(
        destination,
        ((ulong)(uint)octets << 32) | ((ulong)DataOffset << 24) | ((ulong)(byte)type << 16) | channel);
}
