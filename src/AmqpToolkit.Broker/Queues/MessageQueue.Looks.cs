using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Queues;

/// <content>What somebody sees who looks at the queue. What is counted for it is counted where a consumer goes, or one message is asked for: a delivery costs nothing more.</content>
internal partial class MessageQueue
{
    /// <summary>Messages that consumers had when they went, and that are not settled.</summary>
    private int _departedCount;

    /// <summary>Messages that were asked for one by one, and are not settled.</summary>
    private int _gotCount;

    /// <summary>What there is at one moment: messages that wait, messages that were handed out and are not settled, consumers.</summary>
    public virtual (uint Ready, uint Unsettled, uint Consumers) Look()
    {
        lock (_gate)
        {
            long unsettled = _gotCount + _departedCount;
            foreach (var consumer in _consumers ?? [])
            {
                unsettled += IsBrowser(consumer) ? 0 : consumer.UnsettledCount;
            }

            // Below zero only while a queue that is gone is left by its consumers.
            return (ReadyUnlocked, (uint)Math.Max(0, unsettled), ConsumersUnlocked);
        }
    }

    /// <summary>Copies of what waits, in the order in which it would be delivered, until there are enough messages or octets of bodies.</summary>
    public virtual List<BrokerMessage> LookAtReady(int max, long maxOctets)
    {
        var messages = new List<BrokerMessage>();
        lock (_gate)
        {
            if (_arena.IsDropped)
            {
                // The broker has stopped, and nothing is left.
                return messages;
            }

            var found = new List<QueuedMessage>();
            if (_more is { } more)
            {
                for (int priority = more.Levels.Length - 1; priority > 0 && found.Count < max; priority--)
                {
                    more.Levels[priority]?.LookAt(found, max, (byte)priority);
                }
            }

            _line.LookAt(found, max, priority: 0);
            long now = VirtualHost.Timers.Now;
            long octets = 0;
            foreach (var message in found)
            {
                if (message.Deadline > now && octets < maxOctets)
                {
                    messages.Add(Copy(in message, now));
                    octets += messages[^1].Body.Length;
                }
            }
        }

        return messages;
    }

    /// <summary>A consumer goes and leaves what it has not settled. Under the lock.</summary>
    private void RememberUnsettled(Consumer consumer) => _departedCount += IsBrowser(consumer) ? 0 : consumer.UnsettledCount;

    private BrokerMessage Copy(in QueuedMessage message, long now)
    {
        TimeSpan? timeLeft = message.Deadline == QueuedMessage.Never ? null : TimeSpan.FromMilliseconds(message.Deadline - now);
        if (!message.Message.IsInMemory)
        {
            return new BrokerMessage { IsOnDisk = true, BodyOctets = message.Message.PagedOctets, Redelivered = message.Redelivered, DeliveryCount = message.DeliveryCount, TimeLeft = timeLeft };
        }

        var content = Read(in message);
        byte[] body = CopyBody(in content);
        bool isParsed = BasicPropertiesView.TryParse(ShownProperties.Of(in content), out var properties) == DecodeError.None;
        return new BrokerMessage
        {
            Exchange = System.Text.Encoding.UTF8.GetString(content.Exchange),
            RoutingKey = System.Text.Encoding.UTF8.GetString(content.RoutingKey),
            Properties = isParsed ? properties.ToOwned() : default,
            Body = body,
            BodyOctets = body.Length,
            Redelivered = message.Redelivered,
            DeliveryCount = message.DeliveryCount,
            TimeLeft = timeLeft,
        };
    }

    private byte[] CopyBody(scoped in MessageContent content)
    {
        if ((content.Flags & MessageFlags.Sections) == 0)
        {
            return content.Large is { } chunks ? Join(chunks, 0, chunks.Octets) : content.Body.ToArray();
        }

        var body = BasicWriter.OfThread.BodyOf(in content, _arena);
        if (body.Large is not { } large)
        {
            return body.Octets.ToArray();
        }

        byte[] copy = Join(large, body.Start, body.LargeOctets);
        if (body.IsNew)
        {
            large.Release();
        }

        return copy;
    }

    private static byte[] Join(LargeBody large, long start, long octets)
    {
        byte[] copy = new byte[octets];
        long passed = 0;
        foreach (var chunk in large.Chunks)
        {
            long from = Math.Max(start, passed);
            long to = Math.Min(start + octets, passed + chunk.Count);
            if (from < to)
            {
                chunk.AsSpan((int)(from - passed), (int)(to - from)).CopyTo(copy.AsSpan((int)(from - start)));
            }

            passed += chunk.Count;
        }

        return copy;
    }
}
