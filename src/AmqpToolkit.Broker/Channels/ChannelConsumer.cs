using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Channels;

/// <summary>A 0-9-1 consumer: basic.deliver within its prefetch, its channel's, and the room of its connection's output.</summary>
internal sealed class ChannelConsumer(BrokerChannel channel, MessageQueue queue, byte[] consumerTag, bool noAck, bool isExclusive, ushort prefetchCount, long priority = 0, long? timeoutMilliseconds = null)
    : Consumer(queue)
{
    public BrokerChannel Channel => channel;

    public byte[] ConsumerTag => consumerTag;

    /// <summary>Whether its channel knows that it waits for the shared prefetch. Under the output's gate.</summary>
    public bool IsWaitingForCredit { get; set; }

    /// <summary>What it asked a stream for.</summary>
    public StreamReading Reading { get; init; }

    public override StreamReading StreamReading => Reading;

    public override bool IsExclusive => isExclusive;

    public override long Priority => priority;

    /// <summary>How long a delivery may stay unsettled in milliseconds (x-consumer-timeout of basic.consume); null for its queue's own.</summary>
    public long? TimeoutMilliseconds => timeoutMilliseconds;

    /// <summary>The channel's look at late deliveries in which it was last asked for its time. Under the output's gate.</summary>
    public int WatchedInLook { get; set; }

    public override bool Take(ref DeliveryRun run, Turn turn)
    {
        var output = channel.Connection.Output;
        lock (output.Gate)
        {
            if (channel.Connection.IsClosed || channel.IsReleased)
            {
                // Nothing follows a close; the end of the connection or channel takes the consumer off.
                return false;
            }

            turn.Touch(output);
            while (true)
            {
                if (!output.HasRoom)
                {
                    channel.Connection.Holding.AddStalled(this);
                    return false;
                }

                if (noAck)
                {
                    if (!run.HasMessage)
                    {
                        return true;
                    }

                    var content = run.Peek(out bool redelivered);
                    ulong tag = channel.Deliveries.Skip();
                    if ((content.Flags & MessageFlags.Sections) == 0)
                    {
                        ContentOutput.AppendDeliver(output, channel.Number, consumerTag, tag, redelivered, in content, channel.Connection.FrameMax);
                    }
                    else
                    {
                        content = run.PeekAsItCame(out var info);
                        SectionsOutput.AppendDeliver(channel, consumerTag, tag, in info, Queue, in content);
                    }

                    run.TakeAccepted();
                    continue;
                }

                if (prefetchCount != 0 && UnsettledCount >= prefetchCount)
                {
                    return false;
                }

                if (!channel.HasGlobalCredit)
                {
                    channel.AddWaitingForCredit(this);
                    return false;
                }

                if (!run.HasMessage)
                {
                    return true;
                }

                Deliver(ref run);
            }
        }
    }

    public override void HandleQueueDeleted(Turn turn) => channel.HandleConsumerLost(this, turn);

    private void Deliver(ref DeliveryRun run)
    {
        var content = run.Peek(out bool redelivered);
        ulong tag = channel.Deliveries.NextTag;
        if ((content.Flags & MessageFlags.Sections) == 0)
        {
            ContentOutput.AppendDeliver(
                channel.Connection.Output, channel.Number, consumerTag, tag, redelivered, in content, channel.Connection.FrameMax);
        }
        else
        {
            content = run.PeekAsItCame(out var info);
            SectionsOutput.AppendDeliver(channel, consumerTag, tag, in info, Queue, in content);
        }

        channel.Deliveries.Add(run.TakeUnsettled(this));
        channel.GlobalUnsettled++;
        channel.WatchDeliveries(Queue, this);
    }

    public override string ToString() => $"{Encoding.UTF8.GetString(consumerTag)} ({Methods.NameOf(BasicConsumeView.MethodKey)})";
}
