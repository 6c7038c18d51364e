using AmqpToolkit.Broker.Queues;

namespace AmqpToolkit.Broker.Topology;

/// <content>What it means here that something is kept.</content>
internal sealed partial class VirtualHost
{
    private DurabilityLevel? _ownDurability;

    /// <summary>What the broker says of it.</summary>
    public DurabilityLevel BrokersDurability { get; init; }

    /// <summary>What holds here for queues that say nothing of it.</summary>
    public DurabilityLevel Durability => _ownDurability ?? BrokersDurability;

    /// <summary>What was said for this virtual host; null for what the broker says. Queues heed it at once.</summary>
    public DurabilityLevel? OwnDurability
    {
        get => _ownDurability;
        set
        {
            lock (TopologyLock)
            {
                _ownDurability = value;
                foreach (MessageQueue queue in Queues)
                {
                    queue.FindDurability();
                }
            }
        }
    }
}
