using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Channels;

/// <summary>What methods of 0-9-1 may and may not do with a stream, in RabbitMQ's order and words (rows 92, 98, 99 and 103 of its mistakes).</summary>
internal static class StreamMethods
{
    private const string OffsetArgument = "x-stream-offset";

    /// <summary>Checks basic.consume from a stream, and says what it asks for.</summary>
    public static ProtocolError? CheckConsume(BrokerChannel channel, StreamQueue queue, in BasicConsumeView method, out StreamReading reading)
    {
        reading = default;
        string resource = TopologyErrors.QueueText(queue.VirtualHost.Name, queue.Name);
        if (!TryReadStart(method.Arguments, queue.VirtualHost.Timers.TimeProvider, out var start, out string mistake))
        {
            return TopologyErrors.InvalidArgument(OffsetArgument, resource, mistake);
        }

        bool isQueue = queue.VirtualHost.Rules.NamesStreamsAsQueues;
        if (channel.DefaultPrefetchCount == 0)
        {
            return ProtocolError.PreconditionFailed($"consumer prefetch count is not set for {(isQueue ? $"'{resource}'" : $"stream {resource}")}");
        }

        if (method.NoAck)
        {
            return ProtocolError.NotImplemented($"automatic acknowledgement not supported by stream {(isQueue ? "queues " : string.Empty)}{resource}");
        }

        if (channel.GlobalPrefetchCount != 0)
        {
            return BasicMethods.RefuseGlobalPrefetch(queue);
        }

        reading = new StreamReading(start, StreamFilter.From(method.Arguments));
        return null;
    }

    /// <summary>A message of a stream cannot be taken out.</summary>
    public static ProtocolError RefuseGet(MessageQueue queue) => Refuse("basic.get", queue);

    /// <summary>Nor can all of them.</summary>
    public static ProtocolError RefusePurge(MessageQueue queue) => Refuse("queue.purge", queue);

    private static ProtocolError Refuse(string method, MessageQueue queue) =>
        ProtocolError.NotImplemented($"{method} not supported by stream queues {TopologyErrors.QueueText(queue.VirtualHost.Name, queue.Name)}");

    /// <summary>Reads <c>x-stream-offset</c>: a word, a number, a timestamp, or how long ago; nothing is <c>next</c>.</summary>
    private static bool TryReadStart(TableView arguments, TimeProvider time, out StreamPosition start, out string mistake)
    {
        start = StreamPosition.Next;
        mistake = string.Empty;
        if (!arguments.TryGetValue("x-stream-offset"u8, out var value))
        {
            return true;
        }

        if (value.TryGetTimestamp(out AmqpTimestamp timestamp))
        {
            start = StreamPosition.From(timestamp.Seconds > long.MaxValue / 1000 ? long.MaxValue : (long)timestamp.Seconds * 1000);
            return true;
        }

        if (value.TryGetInt64(out long offset))
        {
            start = StreamPosition.At(offset);
            return true;
        }

        if (value.TryGetString(out var word))
        {
            long now = time.GetUtcNow().ToUnixTimeMilliseconds();
            bool isPosition = word.SequenceEqual("next"u8);
            (isPosition, start) = word.SequenceEqual("first"u8) ? (true, StreamPosition.First)
                : word.SequenceEqual("last"u8) ? (true, StreamPosition.Last)
                : StreamAge.TryParse(word, out long age) ? (true, StreamPosition.From(Math.Max(0, now - age)))
                : (isPosition, start);
            if (isPosition)
            {
                return true;
            }
        }

        mistake = $"{{invalid_stream_offset_arg,{{{FieldText.TypeOf(value)},{FieldText.Term(value)}}}}}";
        return false;
    }
}
