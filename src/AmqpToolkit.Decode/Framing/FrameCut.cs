namespace AmqpToolkit.Decode.Framing;

/// <summary>What stands at the start of octets.</summary>
internal enum FrameCut : byte
{
    /// <summary>A frame, whole.</summary>
    Complete,

    /// <summary>Perhaps a frame; more octets will tell.</summary>
    Incomplete,

    /// <summary>No frame.</summary>
    Malformed,
}
