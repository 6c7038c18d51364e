namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>The server was told to stop here.</summary>
internal sealed class EndOfScriptException : Exception;
