using AmqpToolkit.Broker.Topology;
using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Class basic (0-9-1 section 1.5), beside publishing and settling.</summary>
internal static class BasicMethods
{
    public static ProtocolError? HandleQos(BrokerChannel channel, in BasicQosView method)
    {
        if (method.PrefetchSize != 0)
        {
            return ProtocolError.NotImplemented($"prefetch_size!=0 ({method.PrefetchSize})");
        }

        channel.Send(default(BasicQosOk));
        bool isShared = method.Global && channel.Caller.Rules.SharesGlobalPrefetch;
        if (!isShared)
        {
            channel.DefaultPrefetchCount = method.PrefetchCount;
        }

        List<ChannelConsumer> waiting;
        lock (channel.Connection.Output.Gate)
        {
            // What is asked for each consumer takes the place of what all shared.
            channel.GlobalPrefetchCount = isShared ? method.PrefetchCount : (ushort)0;
            waiting = channel.TakeWaitingForCredit();
        }

        channel.Connection.Resume(waiting);
        return null;
    }

    public static ProtocolError? HandleConsume(BrokerChannel channel, in BasicConsumeView method)
    {
        // What the channel knows is asked before the queue.
        bool isReplyTo = Topology.DirectReplyTo.IsQueueName(method.Queue);
        byte[] tag = method.ConsumerTag.IsEmpty ? GeneratedName.Create("amq.ctag-") : method.ConsumerTag.ToArray();
        if (channel.Consumers.TryGetValue(tag, out var known) && !known.IsCancelled)
        {
            if (!(isReplyTo && known.Queue.IsReplyQueue))
            {
                return ProtocolError.NotAllowed($"attempt to reuse consumer tag '{Encoding.UTF8.GetString(tag)}'");
            }
        }
        else if (channel.Connection.Options.ConsumerMaxPerChannel is { } max && channel.CountConsumers() >= max)
        {
            return ProtocolError.NotAllowed($"reached maximum ({max}) of consumers per channel");
        }
        else if (known is not null)
        {
            channel.ForgetConsumer(tag);
        }

        MessageQueue? queue = null;
        if (!isReplyTo && channel.FindReadableQueue(method.Queue, out queue) is { } missing)
        {
            return missing;
        }

        if (isReplyTo)
        {
            return channel.ConsumeReplies(in method, tag);
        }

        if ((CheckPriority(queue!, method.Arguments, out long priority) ?? ConsumerArguments.Refuse(queue!, method.Arguments, channel.Caller.Rules)) is { } wrong)
        {
            return wrong;
        }

        if (queue!.Settings.IsQuorum && channel.GlobalPrefetchCount != 0)
        {
            return RefuseGlobalPrefetch(queue);
        }

        StreamReading reading = default;
        if (queue is StreamQueue stream && StreamMethods.CheckConsume(channel, stream, in method, out reading) is { } refused)
        {
            return refused;
        }

        channel.SweepConsumers();
        var consumer = new ChannelConsumer(channel, queue!, tag, method.NoAck, method.Exclusive, channel.DefaultPrefetchCount, priority, TimeoutOf(method.Arguments))
        {
            Reading = reading,
        };
        bool noWait = method.NoWait;
        channel.AddConsumer(tag, consumer);
        bool isAdded = queue!.TryAddConsumer(consumer, channel.Connection.Turn, added =>
        {
            if (!noWait)
            {
                channel.Send(new BasicConsumeOk { ConsumerTag = ((ChannelConsumer)added).ConsumerTag });
            }
        });
        if (isAdded)
        {
            if (channel.IsLateFor(consumer))
            {
                channel.RemoveConsumer(consumer);
            }

            return null;
        }

        channel.ForgetConsumer(tag);
        return queue.IsDeleted
            ? ProtocolError.NotFound($"no queue '{queue.NameText}' in vhost '{channel.VirtualHost.Name}'")
            : ProtocolError.AccessRefused($"queue '{queue.NameText}' in vhost '{channel.VirtualHost.Name}' in exclusive use");
    }

    public static void HandleCancel(BrokerChannel channel, in BasicCancelView method)
    {
        if (channel.ForgetConsumer(method.ConsumerTag) is { } consumer)
        {
            channel.RemoveConsumer(consumer);
        }

        if (!method.NoWait)
        {
            channel.Send(new BasicCancelOk { ConsumerTag = ShortString.CopyOf(method.ConsumerTag) });
        }
    }

    public static ProtocolError? HandleGet(BrokerChannel channel, in BasicGetView method)
    {
        if (channel.FindReadableQueue(method.Queue, out var queue) is { } error)
        {
            return error;
        }

        if (RefuseGet(queue!, channel.Caller.Rules) is { } refused)
        {
            return refused;
        }

        if (!queue!.TryGet(out var message, out uint left, channel.Connection.Turn, isAccepted: method.NoAck))
        {
            if (left > 0)
            {
                // The next message is on the disk alone: the method is looked at again when it has been read.
                channel.Connection.LeaveFrameUntil(queue.WaitForHeadAsync());
                return null;
            }

            channel.Send(default(BasicGetEmpty));
            return null;
        }

        var connection = channel.Connection;
        var content = queue.Read(in message);
        lock (connection.Output.Gate)
        {
            ulong tag = method.NoAck ? channel.Deliveries.Skip() : channel.Deliveries.Add(new Unsettled(queue, null, message));
            if (!method.NoAck)
            {
                channel.WatchDeliveries(queue, null);
            }

            if ((content.Flags & MessageFlags.Sections) == 0)
            {
                ContentOutput.AppendGetOk(connection.Output, channel.Number, tag, message.Redelivered, left, in content, connection.FrameMax);
            }
            else
            {
                SectionsOutput.AppendGetOk(channel, tag, in message, left, queue, in content);
            }
        }

        connection.Turn.Touch(connection.Output);
        if (method.NoAck)
        {
            connection.Arena.Release(message.Message);
        }

        return null;
    }

    public static ProtocolError? HandleRecover(BrokerChannel channel, bool requeue, bool isAsync)
    {
        if (!requeue)
        {
            return ProtocolError.NotImplemented("requeue=false");
        }

        if (!isAsync)
        {
            channel.Send(default(BasicRecoverOk));
        }

        channel.RequeueAll();
        return null;
    }

    /// <summary>Some types of queues know the prefetch of a consumer alone.</summary>
    internal static ProtocolError RefuseGlobalPrefetch(MessageQueue queue) =>
        ProtocolError.NotImplemented($"queue '{queue.NameText}' in vhost '{queue.VirtualHost.Name}' does not support global qos");

    /// <summary>Nobody takes messages past the one consumer that is to get them (row 102 of RabbitMQ's mistakes).</summary>
    private static ProtocolError? RefuseGet(MessageQueue queue, ProfileRules rules)
    {
        if (queue is StreamQueue)
        {
            return StreamMethods.RefuseGet(queue);
        }

        var settings = queue.Settings;
        return settings.SingleActiveConsumer && (settings.IsQuorum || rules.RefusesGetOfClassicSingleActive)
            ? ProtocolError.ResourceLocked(
                $"cannot obtain access to locked queue '{queue.NameText}' in vhost '{queue.VirtualHost.Name}'. basic.get operations are not supported by {(settings.IsQuorum ? "quorum" : "classic")} queues with single active consumer")
            : null;
    }

    private static long? TimeoutOf(TableView arguments) =>
        arguments.TryGetValue("x-consumer-timeout"u8, out var value) && value.TryGetInt64(out long milliseconds) && milliseconds >= 0 ? Math.Min(milliseconds, QueueArguments.MaxMilliseconds) : null;

    private static ProtocolError? CheckPriority(MessageQueue queue, TableView arguments, out long priority)
    {
        priority = 0;
        return !arguments.TryGetValue("x-priority"u8, out var value) || value.TryGetInt64(out priority)
            ? null
            : ProtocolError.PreconditionFailed(
                $"invalid arg 'x-priority' for queue '{queue.NameText}' in vhost '{queue.VirtualHost.Name}': \"expected integer, got {Topology.FieldText.TypeOf(value)}\"");
    }
}
