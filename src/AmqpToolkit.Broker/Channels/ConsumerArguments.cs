using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>The arguments of basic.consume: a queue refuses those that are for other types of queues alone (row 98 of RabbitMQ's mistakes).</summary>
internal static class ConsumerArguments
{
    private const QueueTypes NotStream = QueueTypes.Classic | QueueTypes.Quorum;

    private static readonly (string Name, byte[] Key, QueueTypes Types, Func<ProfileRules, bool> IsKnown)[] Known =
    [
        ("x-priority", "x-priority"u8.ToArray(), NotStream, static _ => true),
        ("x-stream-offset", "x-stream-offset"u8.ToArray(), QueueTypes.Stream, static _ => true),
        ("x-stream-filter", "x-stream-filter"u8.ToArray(), QueueTypes.Stream, static rules => rules.KnowsStreamFilters),
        ("x-stream-match-unfiltered", "x-stream-match-unfiltered"u8.ToArray(), QueueTypes.Stream, static rules => rules.KnowsStreamFilters),
        ("x-consumer-timeout", "x-consumer-timeout"u8.ToArray(), QueueTypes.Quorum, static rules => rules.KnowsTimeoutAndRetryArguments),
    ];

    /// <summary>The first argument, in the client's order, that a queue of another type would know.</summary>
    public static ProtocolError? Refuse(MessageQueue queue, TableView arguments, ProfileRules rules)
    {
        if (arguments.IsEmpty)
        {
            return null;
        }

        QueueTypes type = QueueArguments.TypeOf(queue.Definition.Arguments.View);
        foreach (TableEntryView argument in arguments)
        {
            foreach (var (name, key, types, isKnown) in Known)
            {
                if (!types.HasFlag(type) && argument.Key.SequenceEqual(key) && isKnown(rules))
                {
                    return TopologyErrors.ArgumentOfAnotherType(name, TopologyErrors.QueueText(queue.VirtualHost.Name, queue.Name), type);
                }
            }
        }

        return null;
    }
}
