namespace AmqpToolkit.Generator.Emitting;

/// <summary>The text of one file.</summary>
internal sealed record EmittedFile(string HintName, string Text);
