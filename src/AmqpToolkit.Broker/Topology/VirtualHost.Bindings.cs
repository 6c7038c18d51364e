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
    /// <param name="turn">Who moves and sends what the exchange shows to the new binding; null for at once.</param>
    public ProtocolError? BindQueue(
        ReadOnlySpan<byte> queue, ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> routingKey, TableView arguments, object connection, Caller? caller = null, Turn? turn = null)
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

        if ((caller?.Rules ?? Rules).RefusesReplyQueueBindings && DirectReplyTo.IsToken(queue))
        {
            return TopologyErrors.ReplyQueue();
        }

        Binding bound;
        lock (TopologyLock)
        {
            if (IsDeleted)
            {
                return NoLongerThere();
            }

            if (FindExchange(exchange) is not { } from)
            {
                return TopologyErrors.Missing(ExchangeText(exchange));
            }

            if (FindQueue(queue) is not { } to)
            {
                return TopologyErrors.Missing(QueueText(queue));
            }

            if ((from.Validate(routingKey, arguments) ?? from.ValidateDestination(to) ?? CheckOwner(to, connection)) is { } error)
            {
                return error;
            }

            if (from.Bind(to, routingKey, arguments) is not { } added)
            {
                return null;
            }

            Store?.DefineBinding(added);
            AdvanceRoutingVersion();
            bound = added;
        }

        bound.Source.HandleBound(bound, turn);
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

        if ((caller?.Rules ?? Rules).RefusesReplyQueueBindings && DirectReplyTo.IsToken(queue))
        {
            return TopologyErrors.ReplyQueue();
        }

        TopologyRemoval? removed;
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

            removed = Unbind(binding);
        }

        removed?.Finish();
        return null;
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

        Binding bound;
        lock (TopologyLock)
        {
            if (IsDeleted)
            {
                return NoLongerThere();
            }

            if (FindExchange(source) is not { } from)
            {
                return TopologyErrors.Missing(ExchangeText(source));
            }

            if (FindExchange(destination) is not { } to)
            {
                return TopologyErrors.Missing(ExchangeText(destination));
            }

            if ((from.Validate(routingKey, arguments) ?? from.ValidateDestination(to)) is { } error)
            {
                return error;
            }

            if (from.Bind(to, routingKey, arguments) is not { } added)
            {
                return null;
            }

            Store?.DefineBinding(added);
            AdvanceRoutingVersion();
            bound = added;
        }

        bound.Source.HandleBound(bound, turn: null);
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

        TopologyRemoval? removed = null;
        lock (TopologyLock)
        {
            if (FindExchange(source) is { } from && FindExchange(destination) is { } to
                && from.FindBinding(to, routingKey, arguments) is { } binding)
            {
                removed = Unbind(binding);
            }
        }

        removed?.Finish();
        return null;
    }

    /// <summary>Removes a binding, and its source if that was to go with its last one. Under the topology lock.</summary>
    /// <returns>What is left to be done outside the lock; null for nothing.</returns>
    private TopologyRemoval? Unbind(Binding binding)
    {
        binding.Source.Unbind(binding);
        Store?.RemoveBinding(binding);
        TopologyRemoval? removed = IsOrphan(binding.Source) ? Remove(binding.Source) : null;
        AdvanceRoutingVersion();
        return removed;
    }

    private ProtocolError? CheckOwner(MessageQueue queue, object connection) =>
        queue.Definition.Owner is null || ReferenceEquals(queue.Definition.Owner, connection) ? null : TopologyErrors.Locked(QueueText(queue.Name));
}
