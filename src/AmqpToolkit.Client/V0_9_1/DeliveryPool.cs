namespace AmqpToolkit.Client.V0_9_1;

/// <summary>The blocks of one channel's basic.get: few are in use at a time.</summary>
internal sealed class DeliveryPool(AmqpChannel channel) : IDeliveryPool
{
    private const int MaxKept = 64;

    private readonly Lock _gate = new();
    private BlockList _acked;
    private BlockList _free;

    public DeliveryBlock Rent(bool noAck)
    {
        lock (_gate)
        {
            return (noAck ? _free.TryPop() : _acked.TryPop()) ?? new DeliveryBlock(channel, consumer: null, noAck, this);
        }
    }

    public void Return(DeliveryBlock block)
    {
        lock (_gate)
        {
            ref var list = ref block.NoAck ? ref _free : ref _acked;
            if (list.Count < MaxKept)
            {
                list.Add(block);
            }
        }
    }
}
