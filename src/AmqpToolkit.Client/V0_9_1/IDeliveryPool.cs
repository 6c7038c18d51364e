namespace AmqpToolkit.Client.V0_9_1;

/// <summary>Where a released <see cref="DeliveryBlock"/> goes. Any thread.</summary>
internal interface IDeliveryPool
{
    void Return(DeliveryBlock block);
}
