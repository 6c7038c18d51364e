using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Topology;

/// <summary>Routes what a delayed exchange has let wait. Called by the wheel; the routing is done on another thread.</summary>
internal sealed class DelayedRelease(DelayedExchange exchange) : BackgroundWork(exchange.VirtualHost.Timers), IDeadline
{
    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        StartByTimer();
        return -1;
    }

    protected override void DoSlice()
    {
        exchange.PublishDue();
        exchange.VirtualHost.Arena.TellThread();
    }
}
