namespace AmqpToolkit.Codec.V0_10;

/// <summary>What <see cref="FrameReader.TryRead"/> found at the start of its input.</summary>
public enum FrameReadStatus : byte
{
    /// <summary>A whole frame.</summary>
    Complete = 0,

    /// <summary>The start of a frame; more octets are needed.</summary>
    Incomplete,

    /// <summary>A frame larger than the limit. Known from the header alone, before the payload has come.</summary>
    TooLarge,

    /// <summary>A header with a size below its own, or of another version of the format.</summary>
    BadHeader,
}
