namespace AmqpToolkit.Decode.Inputs;

/// <summary>Input that cannot be used at all; the message says which and why.</summary>
internal sealed class InputException(string message) : Exception(message);
