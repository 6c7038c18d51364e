using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <summary>Class queue (0-9-1 section 1.4).</summary>
internal static class QueueMethods
{
    public static ProtocolError? HandleDeclare(BrokerChannel channel, in QueueDeclareView method)
    {
        if (channel.VirtualHost.ProbeReplyQueue(method.Queue, out bool isReplyQueue) is { } missing)
        {
            return missing;
        }

        if (isReplyQueue)
        {
            channel.LastQueueName = method.Queue.ToArray();
            if (!method.NoWait)
            {
                channel.Send(new QueueDeclareOk { Queue = channel.LastQueueName, MessageCount = 0, ConsumerCount = 1 });
            }

            return null;
        }

        var error = channel.VirtualHost.DeclareQueue(
            method.Queue, method.Passive, method.Durable, method.Exclusive, method.AutoDelete, method.Arguments, channel.Connection, out var queue, channel.Caller);
        if (error is not null)
        {
            return error;
        }

        channel.LastQueueName = queue!.Name;
        queue.HandleDeclared();
        if (!method.NoWait)
        {
            // RabbitMQ does not count the readers of a stream here.
            var reply = new QueueDeclareOk { Queue = queue.Name, MessageCount = queue.ReadyCount, ConsumerCount = queue is StreamQueue ? 0 : queue.ConsumerCount };
            channel.SendDefined(in reply, isKept: queue.StoreNumber != 0);
        }

        return null;
    }

    public static ProtocolError? HandleBind(BrokerChannel channel, in QueueBindView method)
    {
        if (channel.ExpandQueueName(method.Queue, out var name) is { } unnamed)
        {
            return unnamed;
        }

        // No queue and no key: the key is the queue's name as well (0-9-1 queue.bind, routing-key).
        var key = method.Queue.IsEmpty && method.RoutingKey.IsEmpty ? name : method.RoutingKey;
        var error = channel.VirtualHost.BindQueue(name, method.Exchange, key, method.Arguments, channel.Connection, channel.Caller);
        if (error is null && !method.NoWait)
        {
            channel.SendDefined(default(QueueBindOk));
        }

        return error;
    }

    public static ProtocolError? HandleUnbind(BrokerChannel channel, in QueueUnbindView method)
    {
        if (channel.ExpandQueueName(method.Queue, out var name) is { } unnamed)
        {
            return unnamed;
        }

        var key = method.Queue.IsEmpty && method.RoutingKey.IsEmpty ? name : method.RoutingKey;
        var error = channel.VirtualHost.UnbindQueue(name, method.Exchange, key, method.Arguments, channel.Connection, channel.Caller);
        if (error is null)
        {
            channel.SendDefined(default(QueueUnbindOk));
        }

        return error;
    }

    public static ProtocolError? HandlePurge(BrokerChannel channel, in QueuePurgeView method)
    {
        if (channel.FindReadableQueue(method.Queue, out var queue) is { } error)
        {
            return error;
        }

        if (queue is StreamQueue)
        {
            return StreamMethods.RefusePurge(queue);
        }

        uint count = queue!.Purge();
        if (!method.NoWait)
        {
            channel.Send(new QueuePurgeOk { MessageCount = count });
        }

        return null;
    }

    public static ProtocolError? HandleDelete(BrokerChannel channel, in QueueDeleteView method)
    {
        if (channel.ExpandQueueName(method.Queue, out var name) is { } unnamed)
        {
            return unnamed;
        }

        if (channel.VirtualHost.DeleteQueue(name, method.IfUnused, method.IfEmpty, channel.Connection, out uint count, out var deleted, channel.Caller) is { } error)
        {
            return error;
        }

        if (!method.NoWait)
        {
            channel.SendDefined(new QueueDeleteOk { MessageCount = count }, isKept: deleted is not { StoreNumber: 0 });
        }

        deleted?.FinishClose(channel.Connection.Turn);
        return null;
    }
}
