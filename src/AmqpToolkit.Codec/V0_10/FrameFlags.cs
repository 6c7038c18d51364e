namespace AmqpToolkit.Codec.V0_10;

/// <summary>Where a frame stands: in its segment, and its segment in an assembly (a control; or a command with its header and body).</summary>
[Flags]
public enum FrameFlags : byte
{
    /// <summary>In the middle of a segment in the middle of an assembly.</summary>
    None = 0,

    /// <summary>The last frame of its segment.</summary>
    LastFrame = 0x01,

    /// <summary>The first frame of its segment.</summary>
    FirstFrame = 0x02,

    /// <summary>A frame of the last segment of its assembly.</summary>
    LastSegment = 0x04,

    /// <summary>A frame of the first segment of its assembly.</summary>
    FirstSegment = 0x08,

    /// <summary>A whole assembly in one frame.</summary>
    Whole = FirstSegment | LastSegment | FirstFrame | LastFrame,
}
