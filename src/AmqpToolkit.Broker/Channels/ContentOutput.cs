using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Appends a method with a message as its content to an output. Under the output's gate.</summary>
internal static class ContentOutput
{
    /// <summary>Octets of method id, consumer tag, exchange, routing key and fixed fields that any method with content stays under, framed.</summary>
    private const int MethodFrameOctets = 4 + (3 * 256) + 24 + FrameWriter.OverheadOctets;

    public static void AppendDeliver(
        Output output, ushort channel, ReadOnlySpan<byte> consumerTag, ulong deliveryTag, bool redelivered, in MessageContent content, uint frameMax)
    {
        var span = output.Reserve(MethodFrameOctets + CountInlineOctets(in content, frameMax));
        int octets = BasicDeliver.Write(span[7..], consumerTag, deliveryTag, redelivered, content.Exchange, content.RoutingKey);
        AppendRest(output, span, channel, octets, in content, frameMax);
    }

    /// <summary>A part of a large body as the body: a message of 1.0 has more around it.</summary>
    public static void AppendDeliver(
        Output output, ushort channel, ReadOnlySpan<byte> consumerTag, ulong deliveryTag, bool redelivered, in MessageContent content, long start, long bodyOctets, uint frameMax)
    {
        var span = output.Reserve(MethodFrameOctets + CountInlineOctets(in content, frameMax));
        int octets = BasicDeliver.Write(span[7..], consumerTag, deliveryTag, redelivered, content.Exchange, content.RoutingKey);
        AppendPart(output, span, channel, octets, in content, start, bodyOctets, frameMax);
    }

    /// <inheritdoc cref="AppendDeliver(Output, ushort, ReadOnlySpan{byte}, ulong, bool, in MessageContent, long, long, uint)"/>
    public static void AppendGetOk(
        Output output, ushort channel, ulong deliveryTag, bool redelivered, uint messageCount, in MessageContent content, long start, long bodyOctets, uint frameMax)
    {
        var span = output.Reserve(MethodFrameOctets + CountInlineOctets(in content, frameMax));
        int octets = BasicGetOk.Write(span[7..], deliveryTag, redelivered, content.Exchange, content.RoutingKey, messageCount);
        AppendPart(output, span, channel, octets, in content, start, bodyOctets, frameMax);
    }

    public static void AppendGetOk(Output output, ushort channel, ulong deliveryTag, bool redelivered, uint messageCount, in MessageContent content, uint frameMax)
    {
        var span = output.Reserve(MethodFrameOctets + CountInlineOctets(in content, frameMax));
        int octets = BasicGetOk.Write(span[7..], deliveryTag, redelivered, content.Exchange, content.RoutingKey, messageCount);
        AppendRest(output, span, channel, octets, in content, frameMax);
    }

    public static void AppendReturn(Output output, ushort channel, ushort replyCode, ReadOnlySpan<byte> replyText, in MessageContent content, uint frameMax)
    {
        var span = output.Reserve(MethodFrameOctets + CountInlineOctets(in content, frameMax));
        int octets = BasicReturn.Write(span[7..], replyCode, replyText, content.Exchange, content.RoutingKey);
        AppendRest(output, span, channel, octets, in content, frameMax);
    }

    private static int CountInlineOctets(in MessageContent content, uint frameMax) =>
        ContentWriter.CountOctets(content.Properties.Length, content.Body.Length, frameMax);

    private static void AppendRest(Output output, Span<byte> span, ushort channel, int methodOctets, in MessageContent content, uint frameMax)
    {
        FrameWriter.WriteFrameHeader(span, (byte)Constants.FrameMethod, channel, methodOctets);
        int at = FrameWriter.End(span, 7 + methodOctets);
        if (content.Large is null)
        {
            at += ContentWriter.Write(span[at..], channel, BasicProperties.ClassId, content.Properties, content.Body, frameMax);
            output.Advance(at);
            return;
        }

        AppendLarge(output, span, at, channel, in content, 0, content.Large.Octets, frameMax);
    }

    private static void AppendPart(Output output, Span<byte> span, ushort channel, int methodOctets, in MessageContent content, long start, long bodyOctets, uint frameMax)
    {
        FrameWriter.WriteFrameHeader(span, (byte)Constants.FrameMethod, channel, methodOctets);
        AppendLarge(output, span, FrameWriter.End(span, 7 + methodOctets), channel, in content, start, bodyOctets, frameMax);
    }

    private static void AppendLarge(Output output, Span<byte> span, int at, ushort channel, in MessageContent content, long start, long bodyOctets, uint frameMax)
    {
        at += FrameWriter.WriteContentHeader(span[at..], channel, BasicProperties.ClassId, (ulong)bodyOctets, content.Properties);
        output.Advance(at);
        AppendLarge(output, channel, content.Large!, start, start + bodyOctets, frameMax);
    }

    /// <summary>Frames a large body, or a part of it, around the octets where they lie.</summary>
    private static void AppendLarge(Output output, ushort channel, LargeBody body, long from, long to, uint frameMax)
    {
        int perFrame = ContentWriter.BodyOctetsPerFrame(frameMax);
        long at = 0;
        foreach (var chunk in body.Chunks)
        {
            int last = (int)Math.Min(chunk.Count, to - at);
            int first = (int)Math.Max(0, from - at);
            at += chunk.Count;
            for (int start = first; start < last; start += perFrame)
            {
                int octets = Math.Min(perFrame, last - start);
                FrameWriter.WriteFrameHeader(output.Reserve(7), (byte)Constants.FrameBody, channel, octets);
                output.Advance(7);
                body.Retain();
                output.AppendShared(new ArraySegment<byte>(chunk.Array!, chunk.Offset + start, octets), body);
                FrameWriter.End(output.Reserve(1), 0);
                output.Advance(1);
            }
        }
    }
}
