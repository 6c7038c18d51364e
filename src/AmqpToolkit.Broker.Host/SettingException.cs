namespace AmqpToolkit.Broker.Host;

/// <summary>A setting that cannot be used; the message is the line that the user reads.</summary>
internal sealed class SettingException(string message) : Exception(message);
