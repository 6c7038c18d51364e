using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <content>What the user may do on this channel. Publishing asks when it looks for a new way; what has not changed is not asked again.</content>
internal sealed partial class BrokerChannel
{
    /// <summary>Who asks for what this channel is told to do.</summary>
    public Caller Caller => connection.Caller;

    /// <summary>Refuses a key with which the user may not publish to a topic exchange (row 41).</summary>
    public ProtocolError? CheckTopicWrite(Exchange exchange, ReadOnlySpan<byte> routingKey) => Caller.Rights.CheckTopic(AccessKind.Write, exchange, routingKey);

    /// <summary>The keys and what the properties say of the sender must be the user's to say: checked last, as RabbitMQ does since 4.0.</summary>
    private ProtocolError? CheckSender(PublishState state, in BasicPropertiesView properties, MessageTraits traits)
    {
        if (state.KeyRefusal is { } refused)
        {
            return refused.At(BasicPublishView.MethodKey);
        }

        if ((traits & MessageTraits.Copies) != 0 && CheckCopies(state.Target!, properties.Headers) is { } forbidden)
        {
            return forbidden;
        }

        return CheckUserId(in properties);
    }

    private ProtocolError? CheckUserId(in BasicPropertiesView properties) =>
        properties.HasUserId ? Caller.Rights.CheckUserId(properties.UserId)?.At(BasicPublishView.MethodKey) : null;

    /// <summary>Refuses further keys (CC, BCC) with which the user may not publish to a topic exchange.</summary>
    private ProtocolError? CheckCopies(Exchange exchange, TableView headers)
    {
        if (exchange.Type != ExchangeType.Topic)
        {
            return null;
        }

        return CheckKeys(CopiesHeader, headers) ?? CheckKeys(BlindCopiesHeader, headers);

        ProtocolError? CheckKeys(ReadOnlySpan<byte> header, TableView headers)
        {
            if (headers.TryGetValue(header, out var value) && value.TryGetArray(out var keys))
            {
                foreach (var key in keys)
                {
                    if (key.TryGetString(out var text) && CheckTopicWrite(exchange, text) is { } refused)
                    {
                        return refused.At(BasicPublishView.MethodKey);
                    }
                }
            }

            return null;
        }
    }

    /// <summary>The queue that a method names, or means by the empty name, to take messages out of it.</summary>
    public ProtocolError? FindReadableQueue(ReadOnlySpan<byte> given, out MessageQueue? queue)
    {
        queue = null;
        return ExpandQueueName(given, out var name) ?? Caller.Rights.CheckQueue(AccessKind.Read, name) ?? VirtualHost.LookupQueue(name, connection, out queue);
    }

    /// <summary>Takes away the consumers whose queues the user may no longer read, and says so (row 110).</summary>
    public void CancelUnreadable()
    {
        if (_consumers is null || IsClosing)
        {
            return;
        }

        foreach (var (tag, consumer) in _consumers)
        {
            if (consumer.IsCancelled || Caller.Rights.CheckQueue(AccessKind.Read, consumer.Queue.Name) is null)
            {
                continue;
            }

            ForgetConsumer(tag);
            RemoveConsumer(consumer);
            if (connection.ClientTakesConsumerCancel)
            {
                Send(new BasicCancel { ConsumerTag = tag, NoWait = true });
            }
        }
    }

    /// <summary>Finds the exchange of a publish, if the user may write to it (rows 38 to 40).</summary>
    private ProtocolError? FindWritableExchange(ReadOnlySpan<byte> name, out Exchange? exchange)
    {
        exchange = null;
        if ((Caller.Rights.CheckExchange(AccessKind.Write, name) ?? VirtualHost.LookupExchange(name, out exchange)) is { } refused)
        {
            return refused;
        }

        return exchange!.Internal
            ? ProtocolError.AccessRefused($"cannot publish to internal exchange '{exchange.NameText}' in vhost '{VirtualHost.Name}'")
            : null;
    }
}
