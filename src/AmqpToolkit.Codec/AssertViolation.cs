namespace AmqpToolkit.Codec;

/// <summary>An assert of the definition that a field breaks. <c>default</c> is none.</summary>
/// <param name="Field">Name of the field.</param>
/// <param name="Check">Kind of the assert: <c>length</c>, <c>regexp</c>, <c>ne</c> or <c>null</c>.</param>
/// <param name="Text">What is wrong, in words.</param>
public readonly record struct AssertViolation(string? Field, string? Check, string? Text)
{
    /// <summary>Whether nothing is violated.</summary>
    public bool IsNone => Field is null;

    /// <summary>What is wrong, in words; empty when nothing is.</summary>
    public override string ToString() => Text ?? string.Empty;
}
