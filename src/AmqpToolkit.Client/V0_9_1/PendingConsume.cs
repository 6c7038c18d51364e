using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>A basic.consume whose answer is due.</summary>
internal sealed class PendingConsume(bool noAck, int credit) : PendingCall<AmqpConsumer>(BasicConsume.MethodKey)
{
    public bool NoAck => noAck;

    /// <summary>Deliveries that may be unsettled; 0 for any number.</summary>
    public int Credit => credit;
}
