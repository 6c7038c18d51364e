namespace AmqpToolkit.Codec.V0_10;

/// <summary>What became of a frame that a <see cref="SegmentAssembler"/> was given.</summary>
public enum SegmentStatus : byte
{
    /// <summary>It completes a segment, or is a part of a body that is handed on as it comes.</summary>
    Complete = 0,

    /// <summary>It was kept; more frames are needed.</summary>
    Incomplete,

    /// <summary>The segment passes the bound. The assembler keeps nothing, and takes no more frames.</summary>
    TooLarge,

    /// <summary>It cannot come here: its flags, its type or its track contradict what came before. The assembler takes no more frames.</summary>
    OutOfOrder,
}
