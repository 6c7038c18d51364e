using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A basic.get whose answer is due.</summary>
internal sealed class PendingGet(bool noAck) : PendingCall<RetainedDelivery?>(BasicGet.MethodKey)
{
    public bool NoAck => noAck;
}
