using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Access;

/// <summary>Who asks for a change of the topology: what its user may do, and the release whose rules hold for its connection.</summary>
internal sealed class Caller(AccessRights rights, ProfileRules rules)
{
    public AccessRights Rights => rights;

    public ProfileRules Rules => rules;

    /// <summary>
    /// Refuses the two ends of a binding, in RabbitMQ's order: to write to what it leads to, to read where it comes from. The default exchange
    /// cannot be bound in any case.
    /// </summary>
    public ProtocolError? CheckBinding(ProtocolError? destination, bool isDefault, Exchange? source, ReadOnlySpan<byte> sourceName, ReadOnlySpan<byte> routingKey)
    {
        if ((destination ?? (isDefault ? TopologyErrors.DefaultExchange() : rights.CheckExchange(AccessKind.Read, sourceName))) is { } refused)
        {
            return refused;
        }

        return source is null ? null : rights.CheckTopic(AccessKind.Read, source, routingKey);
    }

    /// <summary>Refuses a new queue whose dead letters the user may not take from it, or not put where they are to go (row 80).</summary>
    public ProtocolError? CheckDeadLetters(ReadOnlySpan<byte> queue, TableView arguments) =>
        arguments.TryGetValue("x-dead-letter-exchange"u8, out var value) && value.Type == FieldType.LongString
            ? rights.CheckQueue(AccessKind.Read, queue) ?? rights.CheckExchange(AccessKind.Write, value.Payload)
            : null;

    /// <summary>The same for a new exchange and its alternate.</summary>
    public ProtocolError? CheckAlternate(ReadOnlySpan<byte> exchange, ReadOnlySpan<byte> alternate) =>
        rights.CheckExchange(AccessKind.Read, exchange) ?? rights.CheckExchange(AccessKind.Write, alternate);
}
