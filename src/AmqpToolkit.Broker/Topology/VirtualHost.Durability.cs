using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <content>What is kept of a virtual host: what it means, and how it comes back.</content>
internal sealed partial class VirtualHost
{
    /// <summary>What the broker says of it.</summary>
    public DurabilityLevel BrokersDurability { get; init; }

    /// <summary>What holds here for queues that say nothing of it.</summary>
    public DurabilityLevel Durability => Settings.Durability ?? BrokersDurability;

    /// <summary>Puts back what was said of the virtual host itself. While the broker starts, as the other members below.</summary>
    internal void RestoreSettings(VirtualHostSettings settings) => _settings = settings;

    /// <summary>Puts a durable exchange back; null when what it delays is of no type that is known.</summary>
    internal Exchange? RestoreExchange(byte[] name, ExchangeType type, in ExchangeProperties properties, uint number)
    {
        lock (TopologyLock)
        {
            if (type == ExchangeType.Delayed && CheckInnerType(properties.Arguments.View, Rules) is not null)
            {
                return null;
            }

            Exchange exchange = CreateExchange(name, type, properties);
            exchange.StoreNumber = number;
            exchange.ApplyPolicy(_policies.Find(exchange));
            _exchanges.Add(exchange);
            AdvanceRoutingVersion();
            return exchange;
        }
    }

    /// <summary>Puts a durable queue back, still empty.</summary>
    internal MessageQueue RestoreQueue(QueueDefinition definition, uint number)
    {
        MessageQueue queue = CreateQueue(definition);
        queue.StoreNumber = number;
        queue.FindDurability();
        lock (TopologyLock)
        {
            queue.ApplyPolicy(_policies.Find(queue));
            (queue as StreamQueue)?.Open();
            _queues.Add(queue);
            AdvanceRoutingVersion();
        }

        return queue;
    }

    /// <summary>Puts a binding back.</summary>
    internal void RestoreBinding(Exchange source, BindingDestination destination, ReadOnlySpan<byte> routingKey, TableView arguments)
    {
        lock (TopologyLock)
        {
            source.Bind(destination, routingKey, arguments);
            AdvanceRoutingVersion();
        }
    }

    /// <summary>The exchange that every virtual host has under this number.</summary>
    internal Exchange? FindPredeclared(uint number)
    {
        foreach (Exchange exchange in Exchanges)
        {
            if (exchange.StoreNumber == number && !exchange.IsDefault)
            {
                return exchange;
            }
        }

        return null;
    }
}
