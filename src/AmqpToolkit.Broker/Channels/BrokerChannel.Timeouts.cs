using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Broker.Channels;

/// <content>
/// Deliveries that nobody settles in their time (RabbitMQ's consumer timeout). While any are unsettled a timer looks now and then, and notes
/// which tag was the next: so it knows, to its own interval, when each was given out, and a delivery costs a comparison.
/// </content>
internal sealed partial class BrokerChannel
{
    /// <summary>How often the timer looks at least, in milliseconds.</summary>
    private const long LookMilliseconds = 60_000;

    /// <summary>Deliveries that are looked at under one taking of the gate.</summary>
    private const int LooksAtOnce = 4096;

    /// <summary>Deliveries that are looked at in a millisecond, all in all: where many may stay longer than the shortest time, looks are rarer.</summary>
    private const int LooksAMillisecond = 1024;

    private DeliveryWatch? _watch;
    private TimerWheel.Entry? _timeoutEntry;
    private DeliveryTimes? _times;
    private bool _isWatching;

    /// <summary>Whether the timer has closed the channel, beside the reader. Under the output's gate.</summary>
    private bool _isClosedLate;

    /// <summary>Rises with each look: a consumer that has not been asked for its time since is asked when it next gets something.</summary>
    private int _look = 1;

    /// <summary>The shortest time that a delivery may stay unsettled, of those that were watched.</summary>
    private long _shortestTimeout;

    /// <summary>When the timer looks next.</summary>
    private long _nextLookAt;

    /// <summary>Where a look that was interrupted goes on.</summary>
    private ulong _lookFrom;
    private int _lookedAt;

    /// <summary>A delivery is unsettled from now on. Under the output's gate.</summary>
    public void WatchDeliveries(MessageQueue queue, ChannelConsumer? consumer)
    {
        if (consumer is null || consumer.WatchedInLook != _look)
        {
            Watch(queue, consumer);
        }
    }

    /// <summary>Looks at what is unsettled, and ends who was too late. Outside every lock, on one thread at a time.</summary>
    internal void LookAtDeliveries()
    {
        Unsettled late = default;
        long timeout = 0;
        bool isLate, isWhole;
        lock (connection.Output.Gate)
        {
            if (IsReleased || connection.IsClosed || Deliveries.Count == 0)
            {
                _isWatching = false;
                _times = null;
                _look++;
                return;
            }

            long now = VirtualHost.Timers.Now;
            _look++;
            Look(now);
            foreach (var consumer in _consumers?.Values ?? Enumerable.Empty<ChannelConsumer>())
            {
                // A policy may have made it shorter.
                _shortestTimeout = Math.Min(_shortestTimeout, TimeoutOf(consumer.Queue, consumer) ?? long.MaxValue);
            }

            isLate = TryFindLate(now, out late, ref timeout, out isWhole);
            if (isWhole)
            {
                ScheduleLook(now + Math.Max(IntervalOf(_shortestTimeout), _lookedAt / LooksAMillisecond));
                _lookFrom = 0;
                _lookedAt = 0;
            }
        }

        if (isLate)
        {
            End(late, timeout);
        }

        if (!isWhole)
        {
            _watch!.Start();
        }
    }

    private void Watch(MessageQueue queue, ChannelConsumer? consumer)
    {
        if (consumer is not null)
        {
            consumer.WatchedInLook = _look;
        }

        if (TimeoutOf(queue, consumer) is not { } timeout || (_isWatching && timeout >= _shortestTimeout))
        {
            return;
        }

        long now = VirtualHost.Timers.Now;
        long next = now + IntervalOf(timeout);
        bool isSooner = !_isWatching || next < _nextLookAt;
        _isWatching = true;
        _shortestTimeout = timeout;
        Look(now);
        if (isSooner)
        {
            ScheduleLook(next);
        }
    }

    /// <summary>
    /// Finds a delivery that is too late, from the oldest on to those that are younger than the shortest time: what may stay longer is looked over.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="late">The delivery.</param>
    /// <param name="timeout">How long it was allowed to stay.</param>
    /// <param name="isWhole">Whether all were looked at; else there may be more.</param>
    private bool TryFindLate(long now, out Unsettled late, ref long timeout, out bool isWhole)
    {
        isWhole = false;
        for (int looked = 0; Deliveries.TryPeekFrom(_lookFrom, out ulong tag, out late) && _times!.TimeOf(tag) is var time && time + _shortestTimeout <= now; looked++)
        {
            if (looked == LooksAtOnce)
            {
                return false;
            }

            _lookFrom = tag + 1;
            _lookedAt++;
            if (!IsHeld(tag) && TimeoutOf(late.Queue, late.Consumer as ChannelConsumer) is { } allowed && time + allowed <= now)
            {
                timeout = allowed;
                return true;
            }
        }

        isWhole = true;
        return false;
    }

    private void ScheduleLook(long at)
    {
        _nextLookAt = at;
        _timeoutEntry = VirtualHost.Timers.Schedule(_watch ??= new DeliveryWatch(this, VirtualHost.Timers), at, _timeoutEntry);
    }

    private void Look(long now) => (_times ??= new DeliveryTimes()).Look(Deliveries.LowestTag, Deliveries.NextTag, now);

    private static long IntervalOf(long timeout) => Math.Clamp(timeout / 4, 1, LookMilliseconds);

    private long? TimeoutOf(MessageQueue queue, ChannelConsumer? consumer)
    {
        if (connection.Rules.TimeoutCancelsConsumer && (!queue.Settings.IsQuorum || consumer is null))
        {
            return null;
        }

        return (connection.Rules.KnowsTimeoutAndRetryArguments ? consumer?.TimeoutMilliseconds : null) ?? queue.Settings.ConsumerTimeoutMilliseconds ?? (long?)connection.Options.ConsumerTimeout?.TotalMilliseconds;
    }

    private void End(in Unsettled late, long timeout)
    {
        var turn = new Turn();
        if (connection.Rules.TimeoutCancelsConsumer && connection.ClientTakesConsumerCancel && late.Consumer is ChannelConsumer consumer)
        {
            CancelLate(consumer, turn);
        }
        else
        {
            CloseLate(timeout, turn);
        }

        turn.End();
    }

    /// <summary>
    /// Closes the channel from beside the reader. Its consumers go at once: others may wait for their place. What the reader owns it gives back when
    /// the client has answered.
    /// </summary>
    private void CloseLate(long timeout, Turn turn)
    {
        var error = ProtocolError.PreconditionFailed(
            $"delivery acknowledgement on channel {number} timed out. Timeout value used: {timeout} ms. This timeout value can be configured, see consumers doc guide to learn more");
        var returned = new List<Unsettled>();
        ChannelConsumer[] consumers;
        lock (connection.Output.Gate)
        {
            // Replies that wait for the journal come before a close, and not for long: the next look finds what is late, too.
            if (_isClosing || IsReleased || connection.IsClosed || connection.IsHolding)
            {
                return;
            }

            _isClosing = true;
            _isClosedLate = true;
            IsReleased = true;
            if (_isCommitting)
            {
                TakeAllNotHeld(returned);
            }
            else
            {
                Deliveries.RemoveAll(returned);
            }

            Discount(returned, 0);
            consumers = [.. _consumers?.Values ?? Enumerable.Empty<ChannelConsumer>()];
            connection.AppendUnderGate(number, new ChannelClose { ReplyCode = error.ReplyCode, ReplyText = error.ReplyText });
            turn.Touch(connection.Output);
        }

        Diagnostics.Log.ChannelFailed(connection.Logger, connection.Name, number, error.ToString());
        foreach (var consumer in consumers)
        {
            TakeOffQueue(consumer, turn);
        }

        Settlement.Settle(returned, Outcome.Fail, turn);
    }

    /// <summary>Ends the consumer, tells the client, and gives back what it had.</summary>
    private void CancelLate(ChannelConsumer consumer, Turn turn)
    {
        TakeOffQueue(consumer, turn);
        var returned = new List<Unsettled>();
        lock (connection.Output.Gate)
        {
            var tags = new List<ulong>();
            Deliveries.CollectTags(ulong.MaxValue, tags);
            foreach (ulong tag in tags)
            {
                if (!IsHeld(tag) && Deliveries.TryPeek(tag, out var delivery) && ReferenceEquals(delivery.Consumer, consumer) && Deliveries.TryRemove(tag, out _))
                {
                    returned.Add(delivery);
                    GlobalUnsettled--;
                }
            }
        }

        HandleConsumerLost(consumer, turn);
        Settlement.Settle(returned, Outcome.Fail, turn);
    }
}
