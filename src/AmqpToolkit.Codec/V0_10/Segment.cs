namespace AmqpToolkit.Codec.V0_10;

/// <summary>A segment out of one frame or several, valid until its assembler gets the next frame.</summary>
public readonly ref struct Segment
{
    internal Segment(in Frame frame, ReadOnlySpan<byte> payload)
    {
        Flags = frame.Flags;
        Type = frame.Type;
        Payload = payload;
    }

    /// <summary>What it holds.</summary>
    public SegmentType Type { get; }

    /// <summary>Its octets, or a part of them where the assembler hands bodies on as they come.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Whether it starts an assembly.</summary>
    public bool IsFirst => (Flags & FrameFlags.FirstSegment) != 0;

    /// <summary>Whether it ends an assembly.</summary>
    public bool IsLast => (Flags & FrameFlags.LastSegment) != 0;

    /// <summary>Whether nothing of it comes after this; false only where bodies are handed on as they come.</summary>
    public bool IsComplete => (Flags & FrameFlags.LastFrame) != 0;

    private FrameFlags Flags { get; }
}
