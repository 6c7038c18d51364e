using MassTransit;

namespace AmqpToolkit.Samples.MassTransit;

/// <summary>Sends a receipt for each order that is worth something; the others are faults.</summary>
public sealed class OrderPlacedConsumer : IConsumer<OrderPlaced>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<OrderPlaced> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Message.Amount > 0
            ? context.Publish(new ReceiptSent(context.Message.Number))
            : throw new InvalidOperationException($"Order {context.Message.Number} is worth nothing.");
    }
}
