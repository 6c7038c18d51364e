namespace AmqpToolkit.Broker.Selectors;

/// <summary>What a condition says of a message, in the logic of SQL: of what is not there nothing can be said.</summary>
internal enum Truth : byte
{
    False = 0,
    True,
    Unknown,
}
