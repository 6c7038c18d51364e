namespace AmqpToolkit.Broker;

/// <summary>The broker cannot use its folder: another broker has it, it cannot be read or written, or what is in it is of a version that this one does not know.</summary>
/// <param name="message">What is wrong, in a sentence for people.</param>
/// <param name="innerException">Where it came from.</param>
public sealed class BrokerStoreException(string message, Exception? innerException = null) : Exception(message, innerException);
