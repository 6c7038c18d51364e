using System.Text;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Broker.Durability;

/// <content>Exchanges, queues and bindings, each written under the topology lock of its virtual host.</content>
internal sealed partial class BrokerStore
{
    internal const byte AutoDeleteFlag = 1;
    internal const byte InternalFlag = 2;

    /// <summary>A durable exchange is new: it gets its number. <c>version (octet), number (long), flags (octet), type (shortstr), arguments</c></summary>
    public void DefineExchange(Exchange exchange)
    {
        exchange.StoreNumber = NextNumber();
        var value = DefinitionFields.Value;
        value.Add(DefinitionFields.Version);
        value.AddInt32((int)exchange.StoreNumber);
        value.Add((byte)((exchange.AutoDelete ? AutoDeleteFlag : 0) | (exchange.Internal ? InternalFlag : 0)));
        byte[] type = Encoding.UTF8.GetBytes(VirtualHost.TextOf(exchange.Type));
        value.Add((byte)type.Length);
        value.Add(type);
        value.Add(exchange.Arguments.Span);
        Define(DefinitionKind.Exchange, DefinitionFields.NameIn(exchange.VirtualHost.StoreNumber, exchange.Name), value.Written);
    }

    /// <summary>An exchange is gone.</summary>
    public void RemoveExchange(Exchange exchange)
    {
        if (exchange.StoreNumber >= FirstNumber)
        {
            Remove(DefinitionKind.Exchange, DefinitionFields.NameIn(exchange.VirtualHost.StoreNumber, exchange.Name), ValueOf(exchange));
        }
    }

    /// <summary>A durable queue is new: it gets its number. <c>version (octet), number (long), flags (octet), arguments</c></summary>
    public void DefineQueue(MessageQueue queue)
    {
        queue.StoreNumber = NextNumber();
        var value = DefinitionFields.Value;
        value.Add(DefinitionFields.Version);
        value.AddInt32((int)queue.StoreNumber);
        value.Add(queue.Definition.AutoDelete ? AutoDeleteFlag : (byte)0);
        value.Add(queue.Definition.Arguments.Span);
        Define(DefinitionKind.Queue, DefinitionFields.NameIn(queue.VirtualHost.StoreNumber, queue.Name), value.Written);
    }

    /// <summary>A queue is gone.</summary>
    public void RemoveQueue(MessageQueue queue)
    {
        if (queue.StoreNumber != 0)
        {
            Remove(DefinitionKind.Queue, DefinitionFields.NameIn(queue.VirtualHost.StoreNumber, queue.Name), ValueOf(queue));
            if (queue is StreamQueue)
            {
                RemoveStream(queue.StoreNumber);
            }
        }
    }

    /// <summary>There is a binding; it is kept if both its ends are. <c>version (octet), arguments</c></summary>
    public void DefineBinding(Binding binding)
    {
        if (IsKept(binding))
        {
            var value = DefinitionFields.Value;
            value.Add(DefinitionFields.Version);
            value.Add(binding.Arguments);
            Define(DefinitionKind.Binding, DefinitionFields.NameOf(binding), value.Written);
        }
    }

    /// <summary>A binding is gone.</summary>
    public void RemoveBinding(Binding binding)
    {
        if (IsKept(binding))
        {
            Remove(DefinitionKind.Binding, DefinitionFields.NameOf(binding));
        }
    }

    /// <summary>What stays known of a queue or an exchange that is gone: whose messages nobody misses. <c>version (octet), number (long)</c></summary>
    private static ReadOnlySpan<byte> ValueOf(BindingDestination removed) => RemovedValue(removed.StoreNumber);

    private static ReadOnlySpan<byte> RemovedValue(uint number)
    {
        var value = DefinitionFields.Value;
        value.Add(DefinitionFields.Version);
        value.AddInt32((int)number);
        return value.Written;
    }

    private static bool IsKept(Binding binding) => binding.Source.StoreNumber != 0 && binding.Destination.StoreNumber != 0;
}
