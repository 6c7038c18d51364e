using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Looks at the deliveries of a channel that nobody settles. Called by the wheel; what has to be done then is done on another thread.</summary>
internal sealed class DeliveryWatch(BrokerChannel channel, TimerWheel timers) : BackgroundWork(timers), IDeadline
{
    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return -1;
    }

    protected override void DoSlice() => channel.LookAtDeliveries();
}
