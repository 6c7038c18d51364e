using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <content>
/// RabbitMQ's extensions of routing: more keys than one (headers CC and BCC), direct reply-to, and exchanges that keep messages. A message
/// without any of them passes by here.
/// </content>
internal sealed partial class BrokerChannel
{
    /// <summary>Both names contain it, so that one search rules both out.</summary>
    private static ReadOnlySpan<byte> CopiesHeader => "CC"u8;

    private static ReadOnlySpan<byte> BlindCopiesHeader => "BCC"u8;

    /// <summary>The queue of this channel's consumer of direct replies; null without one.</summary>
    public MessageQueue? ReplyQueue { get; private set; }

    /// <summary>basic.consume from amq.rabbitmq.reply-to; the tag is free.</summary>
    public ProtocolError? ConsumeReplies(in BasicConsumeView method, byte[] tag)
    {
        if (!method.NoAck)
        {
            return ProtocolError.PreconditionFailed("reply consumer cannot acknowledge");
        }

        if (ReplyQueue is not null)
        {
            return ProtocolError.PreconditionFailed("reply consumer already set");
        }

        if (VirtualHost.AddReplyQueue() is not { } queue)
        {
            return ProtocolError.NotAllowed($"vhost '{VirtualHost.Name}' is deleted");
        }

        ReplyQueue = queue;
        var consumer = new ChannelConsumer(this, ReplyQueue, tag, noAck: true, isExclusive: true, prefetchCount: 0);
        AddConsumer(tag, consumer);
        bool noWait = method.NoWait;
        ReplyQueue.TryAddConsumer(consumer, connection.Turn, added =>
        {
            if (!noWait)
            {
                Send(new BasicConsumeOk { ConsumerTag = ((ChannelConsumer)added).ConsumerTag });
            }
        });
        return null;
    }

    /// <summary>Whether the properties ask for copies; an error when they ask wrongly.</summary>
    private static ProtocolError? FindCopies(in BasicPropertiesView properties, ref MessageTraits traits) =>
        properties.HasHeaders && properties.Headers.Span.IndexOf(CopiesHeader) >= 0
            ? FindCopies(properties.Headers, CopiesHeader, "CC", MessageTraits.Copies, ref traits)
                ?? FindCopies(properties.Headers, BlindCopiesHeader, "BCC", MessageTraits.Copies | MessageTraits.BlindCopies, ref traits)
            : null;

    /// <summary>Whether the properties ask for direct replies; an error when nobody here takes them.</summary>
    private ProtocolError? FindReplyTo(in BasicPropertiesView properties, ref MessageTraits traits)
    {
        if (!properties.HasReplyTo || !DirectReplyTo.IsQueueName(properties.ReplyTo))
        {
            return null;
        }

        traits |= MessageTraits.DirectReplyTo;
        return ReplyQueue is null ? ProtocolError.PreconditionFailed("fast reply consumer does not exist").At(BasicPublishView.MethodKey) : null;
    }

    private static ProtocolError? FindCopies(TableView headers, ReadOnlySpan<byte> key, string name, MessageTraits trait, ref MessageTraits traits)
    {
        if (!headers.TryGetValue(key, out var value))
        {
            return null;
        }

        traits |= trait;
        return value.Type == FieldType.Array
            ? null
            : ProtocolError.PreconditionFailed(
                $"invalid message: {{unacceptable_type_in_header,\"{name}\",{FieldText.TypeOf(value)}}}").At(BasicPublishView.MethodKey);
    }

    /// <summary>Replaces reply-to by the name of this channel's reply queue.</summary>
    private ReadOnlySpan<byte> NameReplyQueue(ReadOnlySpan<byte> properties) => connection.Editor.ReplaceReplyTo(properties, ReplyQueue!.Name);

    /// <summary>Removes what nobody is to see.</summary>
    private ReadOnlySpan<byte> HideBlindCopies(ReadOnlySpan<byte> properties) => connection.Editor.RemoveHeader(properties, BlindCopiesHeader);

    /// <summary>Asks for the way of one message, with all that it has. The batch of earlier ones is gone.</summary>
    /// <param name="given">The properties as they came.</param>
    /// <param name="shown">The properties that everybody may see.</param>
    private void Route(PublishState state, ReadOnlySpan<byte> given, ReadOnlySpan<byte> shown, bool hasCopies)
    {
        ArrayView copies = default, blindCopies = default;
        if (hasCopies)
        {
            var headers = HeadersOf(given);
            headers.TryGetValue(CopiesHeader, out var value);
            value.TryGetArray(out copies);
            headers.TryGetValue(BlindCopiesHeader, out value);
            value.TryGetArray(out blindCopies);
        }

        var message = new RoutedMessage
        {
            RoutingKey = state.RoutingKey.AsSpan(0, state.RoutingKeyOctets),
            Headers = HeadersOf(shown),
            Properties = shown,
            Copies = copies,
            BlindCopies = blindCopies,
        };
        var collector = connection.Routes;
        collector.Clear();
        VirtualHost.Route(state.Target!, in message, collector);
        state.SetTargets(collector.Queues);

        // The answer is this message's own.
        state.RoutingVersion = -1;
    }

    /// <summary>Adds a stored message to the batch, if it goes anywhere.</summary>
    private void AddStored(PublishState state, MessageRef message)
    {
        if (state.TargetCount > 0)
        {
            connection.BatchFor(state).Add(message);
        }
        else
        {
            connection.Arena.Release(message);
        }
    }

    /// <summary>
    /// Whether a mandatory message comes back. In RabbitMQ 3 a reply's queue counts as none, so that a mandatory reply comes back although it
    /// was delivered.
    /// </summary>
    /// <param name="state">The message.</param>
    /// <param name="isRoutedAlone">Whether the last routing was this message's own.</param>
    private bool IsUnroutable(PublishState state, bool isRoutedAlone) => state.TargetCount switch
    {
        0 => !isRoutedAlone || !connection.Routes.IsHeld,
        1 => connection.Rules.ReturnsMandatoryReplies && state.Targets[0].IsReplyQueue,
        _ => false,
    };

    private void ForgetReplyQueue(MessageQueue queue)
    {
        if (ReferenceEquals(queue, ReplyQueue))
        {
            ReplyQueue = null;
        }
    }
}
