using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A basic.cancel whose answer is due.</summary>
internal sealed class PendingCancel(AmqpConsumer consumer) : PendingCall<bool>(BasicCancel.MethodKey)
{
    public AmqpConsumer Consumer => consumer;
}
