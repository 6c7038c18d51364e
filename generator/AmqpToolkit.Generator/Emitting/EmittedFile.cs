using AmqpToolkit.Generator.Diagnostics;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>The text of one file, or why there is none.</summary>
internal sealed record EmittedFile(string HintName, string Text, EmissionFailure? Failure = null);
