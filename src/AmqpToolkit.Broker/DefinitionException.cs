namespace AmqpToolkit.Broker;

/// <summary>A file of definitions that cannot be used; the message says which part of it and why.</summary>
public sealed class DefinitionException : Exception
{
    /// <summary>Creates the exception.</summary>
    public DefinitionException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
