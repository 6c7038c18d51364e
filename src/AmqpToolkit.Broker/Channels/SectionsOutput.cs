using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Appends messages of 1.0 to the output of a connection of 0-9-1, as it knows them. Under the output's gate.</summary>
internal static class SectionsOutput
{
    /// <summary>Octets of a frame with a content header beside the properties.</summary>
    private const int HeaderFrameOctets = 22;

    /// <summary>basic.deliver with the message.</summary>
    public static void AppendDeliver(BrokerChannel channel, ReadOnlySpan<byte> consumerTag, ulong deliveryTag, in DeliveryInfo info, MessageQueue queue, in MessageContent sections)
    {
        var output = channel.Connection.Output;
        var body = BasicWriter.OfThread.BodyOf(in sections, channel.Connection.Arena);
        var content = Convert(in sections, in body, info.DeliveryCount, queue, channel);
        if (body.Large is null)
        {
            ContentOutput.AppendDeliver(output, channel.Number, consumerTag, deliveryTag, info.IsRedelivered, in content, channel.Connection.FrameMax);
            return;
        }

        ContentOutput.AppendDeliver(output, channel.Number, consumerTag, deliveryTag, info.IsRedelivered, in content, body.Start, body.LargeOctets, channel.Connection.FrameMax);
        Release(in body);
    }

    /// <summary>basic.get-ok with the message.</summary>
    public static void AppendGetOk(BrokerChannel channel, ulong deliveryTag, in QueuedMessage message, uint left, MessageQueue queue, in MessageContent sections)
    {
        var output = channel.Connection.Output;
        var body = BasicWriter.OfThread.BodyOf(in sections, channel.Connection.Arena);
        var content = Convert(in sections, in body, message.DeliveryCount, queue, channel);
        if (body.Large is null)
        {
            ContentOutput.AppendGetOk(output, channel.Number, deliveryTag, message.Redelivered, left, in content, channel.Connection.FrameMax);
            return;
        }

        ContentOutput.AppendGetOk(output, channel.Number, deliveryTag, message.Redelivered, left, in content, body.Start, body.LargeOctets, channel.Connection.FrameMax);
        Release(in body);
    }

    private static MessageContent Convert(in MessageContent sections, in BasicBody body, int deliveryCount, MessageQueue queue, BrokerChannel channel)
    {
        uint frameMax = channel.Connection.FrameMax;
        var properties = BasicWriter.OfThread.PropertiesOf(in sections, frameMax == 0 ? BasicWriter.DefaultMaxOctets : (int)Math.Min(frameMax - HeaderFrameOctets, BasicWriter.DefaultMaxOctets));
        if (deliveryCount > 0 && queue.Settings.IsQuorum)
        {
            properties = HeaderRewriter.OfThread.WithDeliveryCount(properties, deliveryCount);
        }

        return new MessageContent
        {
            Exchange = sections.Exchange,
            RoutingKey = sections.RoutingKey,
            Properties = properties,
            Body = body.Octets,
            Large = body.Large,
            Flags = sections.Flags,
        };
    }

    private static void Release(in BasicBody body)
    {
        if (body.IsNew)
        {
            body.Large!.Release();
        }
    }
}
