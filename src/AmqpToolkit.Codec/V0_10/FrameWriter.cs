using System.Buffers;
using System.Buffers.Binary;

namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// Writes frames. Stateless; see <see cref="Frame"/> for the layout. A destination that is too short throws <see cref="ArgumentException"/> or
/// <see cref="ArgumentOutOfRangeException"/>: sizing is the caller's business.
/// </summary>
public static class FrameWriter
{
    /// <summary>Writes a control in a frame of its own.</summary>
    /// <param name="destination">At least <see cref="FrameReader.HeaderOctets"/>, two, and the control's <see cref="IPacked.MaxOctets"/> long.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="control">The control.</param>
    /// <returns>The octets of the frame.</returns>
    public static int WriteControl<T>(Span<byte> destination, ushort channel, in T control)
        where T : struct, IControl
    {
        int payload = PackedWriter.WriteControl(destination[FrameReader.HeaderOctets..], control);
        return WriteHeader(destination, FrameFlags.Whole, SegmentType.Control, Track.Control, channel, payload) + payload;
    }

    /// <summary>Writes a command in a frame of its own.</summary>
    /// <param name="destination">
    /// At least <see cref="FrameReader.HeaderOctets"/>, <see cref="PackedWriter.CommandOverhead"/>, and the command's <see cref="IPacked.MaxOctets"/> long.
    /// </param>
    /// <param name="channel">The channel.</param>
    /// <param name="command">The command.</param>
    /// <param name="sync">The sender waits for its completion.</param>
    /// <param name="isLast">No header and no body follow.</param>
    /// <returns>The octets of the frame.</returns>
    public static int WriteCommand<T>(Span<byte> destination, ushort channel, in T command, bool sync, bool isLast)
        where T : struct, ICommand
    {
        int payload = PackedWriter.WriteCommand(destination[FrameReader.HeaderOctets..], command, sync);
        FrameFlags flags = isLast ? FrameFlags.Whole : FrameFlags.Whole & ~FrameFlags.LastSegment;
        return WriteHeader(destination, flags, SegmentType.Command, Track.Command, channel, payload) + payload;
    }

    /// <summary>Writes a segment, in as many frames as it needs.</summary>
    /// <param name="output">What is written to.</param>
    /// <param name="type">What the segment holds; controls go on their own track.</param>
    /// <param name="position"><see cref="FrameFlags.FirstSegment"/> and <see cref="FrameFlags.LastSegment"/>, as they are.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="payload">The whole segment.</param>
    /// <param name="maxFrameOctets">The negotiated max-frame-size; more than a header.</param>
    public static void WriteSegment(IBufferWriter<byte> output, SegmentType type, FrameFlags position, ushort channel, ReadOnlySpan<byte> payload, ushort maxFrameOctets)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(maxFrameOctets, FrameReader.HeaderOctets);
        int room = maxFrameOctets - FrameReader.HeaderOctets;
        Track track = type == SegmentType.Control ? Track.Control : Track.Command;
        FrameFlags flags = (position & (FrameFlags.FirstSegment | FrameFlags.LastSegment)) | FrameFlags.FirstFrame;
        bool isLast;
        do
        {
            isLast = payload.Length <= room;
            ReadOnlySpan<byte> part = isLast ? payload : payload[..room];
            payload = payload[part.Length..];
            Span<byte> destination = output.GetSpan(FrameReader.HeaderOctets + part.Length);
            int header = WriteHeader(destination, isLast ? flags | FrameFlags.LastFrame : flags, type, track, channel, part.Length);
            part.CopyTo(destination[header..]);
            output.Advance(header + part.Length);
            flags &= ~FrameFlags.FirstFrame;
        }
        while (!isLast);
    }

    /// <summary>Writes the header of a frame.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The payload does not fit into a frame of 65535 octets.</exception>
    /// <returns>The octets of the header.</returns>
    public static int WriteHeader(Span<byte> destination, FrameFlags flags, SegmentType type, Track track, ushort channel, int payloadOctets)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)payloadOctets, (uint)(ushort.MaxValue - FrameReader.HeaderOctets), nameof(payloadOctets));
        Span<byte> header = destination[..FrameReader.HeaderOctets];
        ulong size = (ulong)(payloadOctets + FrameReader.HeaderOctets);
        BinaryPrimitives.WriteUInt64BigEndian(header, ((ulong)flags << 56) | ((ulong)type << 48) | (size << 32) | ((ulong)track << 16) | channel);
        BinaryPrimitives.WriteUInt32BigEndian(header[sizeof(ulong)..], 0);
        return FrameReader.HeaderOctets;
    }
}
