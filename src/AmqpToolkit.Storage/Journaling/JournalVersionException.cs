namespace AmqpToolkit.Storage.Journaling;

/// <summary>The journal was written by a version that this code does not know.</summary>
internal sealed class JournalVersionException(string message) : Exception(message);
