using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Channels;

/// <content>What publishers hear of their messages: basic.ack, and basic.nack for those that a queue did not take (RabbitMQ's class confirm).</content>
internal sealed partial class BrokerChannel
{
    /// <summary>Tags of messages that were refused and not told of yet, rising.</summary>
    private List<ulong>? _refusedTags;

    /// <summary>Tells of everything published so far: in memory a message is safe as soon as its queues have it.</summary>
    public void SendConfirm()
    {
        if (PublishedTag == ConfirmedTag || IsClosing)
        {
            return;
        }

        if (_refusedTags is { Count: > 0 } refused)
        {
            SendConfirmAround(refused);
        }

        if (PublishedTag > ConfirmedTag)
        {
            SendAck(PublishedTag);
        }
    }

    /// <summary>Queues did not take messages of the batch at hand, which ends with the last that was published.</summary>
    /// <param name="refused">Places in the batch; any order, repeats allowed.</param>
    /// <param name="count">Messages in the batch.</param>
    public void HandleRefused(List<int> refused, int count)
    {
        if (_transaction is not null)
        {
            _transaction.IsRefused = true;
            return;
        }

        if (!IsConfirming)
        {
            return;
        }

        refused.Sort();
        var tags = _refusedTags ??= [];
        foreach (int index in refused)
        {
            ulong tag = PublishedTag - (ulong)(count - 1 - index);
            if (tag > ConfirmedTag && (tags.Count == 0 || tags[^1] < tag))
            {
                tags.Add(tag);
            }
        }
    }

    /// <summary>Each run of refused messages gets one nack, and each run of others one ack.</summary>
    private void SendConfirmAround(List<ulong> refused)
    {
        for (int index = 0; index < refused.Count; index++)
        {
            if (refused[index] > ConfirmedTag + 1)
            {
                SendAck(refused[index] - 1);
            }

            int last = index;
            while (last + 1 < refused.Count && refused[last + 1] == refused[last] + 1)
            {
                last++;
            }

            Send(new BasicNack { DeliveryTag = refused[last], Multiple = last > index });
            ConfirmedTag = refused[last];
            index = last;
        }

        refused.Clear();
    }

    private void SendAck(ulong tag)
    {
        Send(new BasicAck { DeliveryTag = tag, Multiple = tag - ConfirmedTag > 1 });
        ConfirmedTag = tag;
    }
}
