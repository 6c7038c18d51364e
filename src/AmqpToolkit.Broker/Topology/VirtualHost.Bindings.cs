using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <content>Bindings: of queues and of exchanges.</content>
internal sealed partial class VirtualHost
{
    /// <summary>queue.bind (0-9-1 section 1.7.2.3). A binding that is there stays as it is.</summary>
    /// <param name="connection">The connection that asks: exclusive queues are their owner's alone.</param>
    public ProtocolError? BindQueue(
        ReadOnlySpan<byte> queue, ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey, TableView arguments, object connection, Caller? caller = null)
    {
        queue = TopologyName.Clean(queue);
        exchange = TopologyName.Clean(exchange);
        if (caller?.CheckBinding(
            caller.Rights.CheckQueue(AccessKind.Write, queue), exchange.IsEmpty, FindExchange(exchange), exchange, routingKey) is { } refused)
        {
            return refused;
        }

        if (exchange.IsEmpty)
        {
            return TopologyErrors.DefaultExchange();
        }

        if (Rules.RefusesReplyQueueBindings && DirectReplyTo.IsToken(queue))
        {
            return TopologyErrors.ReplyQueue();
        }

        Exchange source;
        MessageQueue destination;
        lock (TopologyLock)
        {
            if (FindExchange(exchange) is not { } foundSource)
            {
                return TopologyErrors.Missing(ExchangeText(exchange));
            }

            if (FindQueue(queue) is not { } foundDestination)
            {
                return TopologyErrors.Missing(QueueText(queue));
            }

            (source, destination) = (foundSource, foundDestination);
            if ((source.Validate(routingKey, arguments) ?? CheckOwner(destination, connection)) is { } error)
            {
                return error;
            }

            if (!Bind(source, destination, routingKey, arguments))
            {
                return null;
            }
        }

        source.HandleBound(destination);
        return null;
    }

    /// <summary>queue.unbind (0-9-1 section 1.7.2.5). What is not there counts as unbound.</summary>
    public ProtocolError? UnbindQueue(
        ReadOnlySpan<byte> queue, ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey, TableView arguments, object connection, Caller? caller = null)
    {
        queue = TopologyName.Clean(queue);
        exchange = TopologyName.Clean(exchange);
        if (caller?.CheckBinding(
            caller.Rights.CheckQueue(AccessKind.Write, queue), exchange.IsEmpty, FindExchange(exchange), exchange, routingKey) is { } refused)
        {
            return refused;
        }

        if (exchange.IsEmpty)
        {
            return TopologyErrors.DefaultExchange();
        }

        if (Rules.RefusesReplyQueueBindings && DirectReplyTo.IsToken(queue))
        {
            return TopologyErrors.ReplyQueue();
        }

        lock (TopologyLock)
        {
            if (FindExchange(exchange) is not { } source || FindQueue(queue) is not { } destination
                || source.FindBinding(destination, routingKey, arguments) is not { } binding)
            {
                return null;
            }

            if (CheckOwner(destination, connection) is { } error)
            {
                return error;
            }

            Unbind(binding);
            return null;
        }
    }

    /// <summary>exchange.bind, RabbitMQ's extension: what <paramref name="source"/> routes to the binding goes on through <paramref name="destination"/>.</summary>
    public ProtocolError? BindExchange(
        ReadOnlySpan<byte> destination, ReadOnlySpan<byte> source, ReadOnlySpan<byte> routingKey, TableView arguments, Caller? caller = null)
    {
        destination = TopologyName.Clean(destination);
        source = TopologyName.Clean(source);
        bool isDefault = destination.IsEmpty || source.IsEmpty;
        if (caller?.CheckBinding(
            caller.Rights.CheckExchange(AccessKind.Write, destination), isDefault, FindExchange(source), source, routingKey) is { } refused)
        {
            return refused;
        }

        if (isDefault)
        {
            return TopologyErrors.DefaultExchange();
        }

        Exchange from, to;
        lock (TopologyLock)
        {
            if (FindExchange(source) is not { } foundSource)
            {
                return TopologyErrors.Missing(ExchangeText(source));
            }

            if (FindExchange(destination) is not { } foundDestination)
            {
                return TopologyErrors.Missing(ExchangeText(destination));
            }

            (from, to) = (foundSource, foundDestination);
            if (from.Validate(routingKey, arguments) is { } error)
            {
                return error;
            }

            if (!Bind(from, to, routingKey, arguments))
            {
                return null;
            }
        }

        from.HandleBound(to);
        return null;
    }

    /// <summary>exchange.unbind, RabbitMQ's extension. What is not there counts as unbound.</summary>
    public ProtocolError? UnbindExchange(
        ReadOnlySpan<byte> destination, ReadOnlySpan<byte> source, ReadOnlySpan<byte> routingKey, TableView arguments, Caller? caller = null)
    {
        destination = TopologyName.Clean(destination);
        source = TopologyName.Clean(source);
        bool isDefault = destination.IsEmpty || source.IsEmpty;
        if (caller?.CheckBinding(
            caller.Rights.CheckExchange(AccessKind.Write, destination), isDefault, FindExchange(source), source, routingKey) is { } refused)
        {
            return refused;
        }

        if (isDefault)
        {
            return TopologyErrors.DefaultExchange();
        }

        lock (TopologyLock)
        {
            if (FindExchange(source) is { } from && FindExchange(destination) is { } to
                && from.FindBinding(to, routingKey, arguments) is { } binding)
            {
                Unbind(binding);
            }

            return null;
        }
    }

    private bool Bind(Exchange source, BindingDestination destination, ReadOnlySpan<byte> routingKey, TableView arguments)
    {
        if (!source.Bind(destination, routingKey, arguments))
        {
            return false;
        }

        AdvanceRoutingVersion();
        return true;
    }

    private void Unbind(Binding binding)
    {
        binding.Source.Unbind(binding);
        if (IsOrphan(binding.Source))
        {
            // It has no bindings left; those that lead to it are few, or this is the moment to pay for them.
            Remove(binding.Source).Finish();
        }

        AdvanceRoutingVersion();
    }

    private ProtocolError? CheckOwner(MessageQueue queue, object connection) =>
        queue.Definition.Owner is null || ReferenceEquals(queue.Definition.Owner, connection) ? null : TopologyErrors.Locked(QueueText(queue.Name));
}
