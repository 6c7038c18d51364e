using AmqpToolkit.Decode.Output;

namespace AmqpToolkit.Decode.Framing;

/// <summary>Cuts and decodes the frames of one direction.</summary>
internal interface IFraming
{
    /// <summary>Finds the frame at the start of octets.</summary>
    /// <param name="input">At least one octet.</param>
    /// <param name="maxOctets">A longer frame is malformed.</param>
    /// <param name="octets">Its length; where it is malformed, how far in the reason stands.</param>
    /// <param name="reason">Why it is malformed.</param>
    FrameCut Cut(ReadOnlySpan<byte> input, int maxOctets, out int octets, out string reason);

    /// <summary>Whether a frame may well start here: stricter than <see cref="Cut"/>, for octets out of context.</summary>
    FrameCut Recognize(ReadOnlySpan<byte> input, int maxOctets);

    /// <summary>Decodes a whole frame.</summary>
    DecodedFrame Decode(ReadOnlySpan<byte> frame);

    /// <summary>Octets are missing: forgets whatever spans frames.</summary>
    void Reset();
}
