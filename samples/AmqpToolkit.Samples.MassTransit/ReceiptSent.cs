namespace AmqpToolkit.Samples.MassTransit;

/// <summary>An order has its receipt.</summary>
public sealed record ReceiptSent(int Number);
