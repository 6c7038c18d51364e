using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <summary>Drops what a stream need not keep any longer, on a thread of the pool: to remove files may take its time.</summary>
internal sealed class StreamRetention(StreamQueue queue) : BackgroundWork(queue.VirtualHost.Timers)
{
    protected override void DoSlice()
    {
        queue.Trim();
        queue.VirtualHost.Arena.Watermark?.Check();
    }
}
