namespace AmqpToolkit.Codec.V1_0;

/// <summary>What <see cref="FrameReader.TryRead"/> found at the start of its input.</summary>
public enum FrameReadStatus : byte
{
    /// <summary>A whole frame.</summary>
    Complete = 0,

    /// <summary>The start of a frame; more octets are needed.</summary>
    Incomplete,

    /// <summary>A frame larger than the limit. Known from its size alone, before the rest has come.</summary>
    TooLarge,

    /// <summary>A size that is less than a header, or a data offset that is less than a header or more than the frame. Known before the rest has come.</summary>
    Malformed,
}
