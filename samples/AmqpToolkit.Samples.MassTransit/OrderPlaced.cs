namespace AmqpToolkit.Samples.MassTransit;

/// <summary>Somebody has ordered.</summary>
public sealed record OrderPlaced(int Number, int Amount);
