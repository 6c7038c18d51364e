using System.Text;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Topology;

/// <summary>What queue.declare said of a queue (0-9-1 section 1.7.2.1). Never changes.</summary>
internal sealed class QueueDefinition
{
    public required byte[] Name { get; init; }

    public string NameText => Encoding.UTF8.GetString(Name);

    public bool Durable { get; init; }

    public bool Exclusive => Owner is not null;

    /// <summary>The connection that alone may use the queue and with which it ends; null when the queue is not exclusive.</summary>
    public object? Owner { get; init; }

    public bool AutoDelete { get; init; }

    public Table Arguments { get; init; }
}
