namespace AmqpToolkit.Codec.V0_10;

/// <summary>
/// One frame, read in place. There is no end octet.
/// <code>
/// 0       1      2      4          5       6         8          12
/// +-------+------+------+----------+-------+---------+----------+-----------+
/// | flags | type | size | reserved | track | channel | reserved |  payload  |
/// +-------+------+------+----------+-------+---------+----------+-----------+
/// </code>
/// The size counts the header. The two highest bits of the flags are the version of the format, zero.
/// </summary>
public readonly ref struct Frame
{
    internal Frame(FrameFlags flags, SegmentType type, Track track, ushort channel, ReadOnlySpan<byte> payload)
    {
        Flags = flags;
        Type = type;
        Track = track;
        Channel = channel;
        Payload = payload;
    }

    /// <summary>Where the frame stands in segment and assembly.</summary>
    public FrameFlags Flags { get; }

    /// <summary>What its segment holds; other values than those of the enumeration are not rejected here.</summary>
    public SegmentType Type { get; }

    /// <summary>Controls and commands travel apart; other values are not rejected here.</summary>
    public Track Track { get; }

    /// <summary>The channel.</summary>
    public ushort Channel { get; }

    /// <summary>What comes after the header.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Length of the whole frame.</summary>
    public int Octets => Payload.Length + FrameReader.HeaderOctets;

    /// <summary>Whether it starts its segment.</summary>
    public bool IsFirstFrame => (Flags & FrameFlags.FirstFrame) != 0;

    /// <summary>Whether it ends its segment.</summary>
    public bool IsLastFrame => (Flags & FrameFlags.LastFrame) != 0;

    /// <summary>Whether its segment starts an assembly.</summary>
    public bool IsFirstSegment => (Flags & FrameFlags.FirstSegment) != 0;

    /// <summary>Whether its segment ends an assembly.</summary>
    public bool IsLastSegment => (Flags & FrameFlags.LastSegment) != 0;
}
