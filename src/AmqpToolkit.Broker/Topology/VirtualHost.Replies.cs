using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Topology;

/// <content>The queues of direct reply-to: they hang on their consumer, have no bindings and stand in no list of queues.</content>
internal sealed partial class VirtualHost
{
    private readonly Utf8Table<MessageQueue> _replyQueues = new();

    /// <summary>The queue that a token names; null when its consumer is gone.</summary>
    public MessageQueue? FindReplyQueue(ReadOnlySpan<byte> token) => _replyQueues.Find(token);

    /// <summary>A queue for the replies to one consumer; it goes with it. Null when the virtual host is deleted.</summary>
    public MessageQueue? AddReplyQueue()
    {
        var queue = new MessageQueue(this, new QueueDefinition { Name = DirectReplyTo.CreateToken(), AutoDelete = true, Arguments = Table.Empty });
        lock (TopologyLock)
        {
            if (IsDeleted)
            {
                return null;
            }

            _replyQueues.Add(queue);
        }

        return queue;
    }

    /// <summary>queue.declare of a name of direct reply-to asks whether somebody listens there; null, with <paramref name="isThere"/>, when it is no such name.</summary>
    public ProtocolError? ProbeReplyQueue(ReadOnlySpan<byte> name, out bool isThere)
    {
        isThere = DirectReplyTo.IsQueueName(name) || (DirectReplyTo.IsToken(name) && FindReplyQueue(name) is not null);
        return !isThere && name.StartsWith(DirectReplyTo.QueueName) ? TopologyErrors.Missing(QueueText(name)) : null;
    }

    private bool CloseReplyQueue(MessageQueue queue)
    {
        if (!_replyQueues.Remove(queue))
        {
            return false;
        }

        queue.TryClose(ifUnused: false, ifEmpty: false, out _);
        AdvanceRoutingVersion();
        return true;
    }
}
