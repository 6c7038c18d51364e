namespace AmqpToolkit.Broker.Testing;

/// <summary>A fault that a rule has brought about.</summary>
/// <param name="Connection">Which connection, in the order in which they came, from 1.</param>
/// <param name="Point">Where.</param>
/// <param name="Number">At which of them on that connection, from 1.</param>
/// <param name="Fault">What.</param>
public sealed record AppliedFault(int Connection, TrafficPoint Point, int Number, Fault Fault);
