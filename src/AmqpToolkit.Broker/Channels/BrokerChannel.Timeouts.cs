using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <content>
/// Deliveries that nobody settles in their time (RabbitMQ's consumer timeout). While any are unsettled a timer looks now and then, and notes
/// which tag was the next: so it knows, to its own interval, when each was given out, and a delivery costs nothing.
/// </content>
internal sealed partial class BrokerChannel : IDeadline
{
    /// <summary>How often the timer looks at most, in milliseconds.</summary>
    private const long LookMilliseconds = 60_000;

    private TimerWheel.Entry? _timeoutEntry;
    private Queue<(ulong NextTag, long Time)>? _looks;
    private bool _isWatching;

    /// <summary>A delivery is unsettled from now on. Under the output's gate.</summary>
    public void WatchDeliveries(MessageQueue queue, ChannelConsumer? consumer)
    {
        if (!_isWatching && TimeoutOf(queue, consumer) is { } timeout)
        {
            _isWatching = true;
            var timers = VirtualHost.Timers;
            long now = timers.Now;
            Look(now);
            _timeoutEntry = timers.Schedule(this, now + IntervalOf(timeout), _timeoutEntry);
        }
    }

    /// <inheritdoc/>
    long IDeadline.HandleDeadline(long now)
    {
        Unsettled late;
        long timeout;
        lock (connection.Output.Gate)
        {
            if (IsReleased || connection.IsClosed || !TryFindOldest(out ulong tag, out late)
                || TimeoutOf(late.Queue, late.Consumer as ChannelConsumer) is not { } allowed)
            {
                _isWatching = false;
                _looks = null;
                return -1;
            }

            Look(now);
            timeout = allowed;
            if (DeliveredAt(tag) + timeout > now)
            {
                return now + IntervalOf(timeout);
            }
        }

        // Others may be late next time; of a channel that is closed nothing is left then.
        End(late, timeout);
        return now + IntervalOf(timeout);
    }

    /// <summary>The oldest delivery that counts.</summary>
    private bool TryFindOldest(out ulong tag, out Unsettled delivery)
    {
        if (!Deliveries.TryPeekOldest(out tag, out delivery))
        {
            return false;
        }

        if (!VirtualHost.Rules.TimeoutCancelsConsumer)
        {
            return true;
        }

        var tags = new List<ulong>();
        Deliveries.CollectTags(ulong.MaxValue, tags);
        foreach (ulong one in tags)
        {
            if (Deliveries.TryPeek(one, out delivery) && TimeoutOf(delivery.Queue, delivery.Consumer as ChannelConsumer) is not null)
            {
                tag = one;
                return true;
            }
        }

        return false;
    }

    private static long IntervalOf(long timeout) => Math.Clamp(timeout / 4, 1, LookMilliseconds);

    private long? TimeoutOf(MessageQueue queue, ChannelConsumer? consumer)
    {
        if (VirtualHost.Rules.TimeoutCancelsConsumer && (!queue.Settings.IsQuorum || consumer is null))
        {
            return null;
        }

        return consumer?.TimeoutMilliseconds ?? queue.Settings.ConsumerTimeoutMilliseconds ?? (long?)connection.Options.ConsumerTimeout?.TotalMilliseconds;
    }

    private void Look(long now) => (_looks ??= new Queue<(ulong, long)>()).Enqueue((Deliveries.NextTag, now));

    /// <summary>The time of the first look at which the tag had been given out. Earlier looks are forgotten: older tags are settled.</summary>
    private long DeliveredAt(ulong tag)
    {
        while (_looks!.Peek().NextTag <= tag)
        {
            _looks.Dequeue();
        }

        return _looks.Peek().Time;
    }

    private void End(in Unsettled late, long timeout)
    {
        var turn = new Turn();
        if (VirtualHost.Rules.TimeoutCancelsConsumer && connection.ClientTakesConsumerCancel && late.Consumer is ChannelConsumer consumer)
        {
            CancelLate(consumer, turn);
        }
        else
        {
            CloseLate(timeout, turn);
        }

        turn.End();
    }

    /// <summary>Closes the channel from beside the reader: what the reader owns it gives back when the client has answered.</summary>
    private void CloseLate(long timeout, Turn turn)
    {
        var error = ProtocolError.PreconditionFailed(
            $"delivery acknowledgement on channel {number} timed out. Timeout value used: {timeout} ms. This timeout value can be configured, see consumers doc guide to learn more");
        var returned = new List<Unsettled>();
        lock (connection.Output.Gate)
        {
            if (_isClosing || IsReleased || connection.IsClosed)
            {
                return;
            }

            _isClosing = true;
            IsReleased = true;
            Deliveries.RemoveAll(returned);
            GlobalUnsettled = 0;
            connection.AppendUnderGate(number, new ChannelClose { ReplyCode = error.ReplyCode, ReplyText = error.ReplyText });
            turn.Touch(connection.Output);
        }

        Diagnostics.Log.ChannelFailed(connection.Logger, connection.Name, number, error.ToString());
        BrokerConnection.Settle(returned, Outcome.Fail, turn);
    }

    /// <summary>Ends the consumer, tells the client, and gives back what it had.</summary>
    private void CancelLate(ChannelConsumer consumer, Turn turn)
    {
        RemoveConsumer(consumer, turn);
        var returned = new List<Unsettled>();
        lock (connection.Output.Gate)
        {
            var tags = new List<ulong>();
            Deliveries.CollectTags(ulong.MaxValue, tags);
            foreach (ulong tag in tags)
            {
                if (Deliveries.TryPeek(tag, out var delivery) && ReferenceEquals(delivery.Consumer, consumer) && Deliveries.TryRemove(tag, out _))
                {
                    returned.Add(delivery);
                    GlobalUnsettled--;
                }
            }
        }

        HandleConsumerLost(consumer, turn);
        BrokerConnection.Settle(returned, Outcome.Fail, turn);
    }
}
