namespace AmqpToolkit.Decode.Values;

/// <summary>What is wrong with octets.</summary>
/// <param name="Text">In words.</param>
/// <param name="At">Where, from the start of the frame.</param>
internal sealed record Problem(string Text, int At);
