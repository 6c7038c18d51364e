using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Queues;

/// <content>What a queue with settings does on top: priorities, limits, times, and the counting of deliveries that failed.</content>
internal sealed partial class MessageQueue
{
    /// <summary>Policies have changed, or the queue is new. Under the topology lock.</summary>
    public override void ApplyPolicy(EffectivePolicy? policy)
    {
        base.ApplyPolicy(policy);
        var settings = QueueSettings.From(Definition, policy, VirtualHost.Rules);
        lock (_gate)
        {
            if ((settings is null && _more is null) || _isDeleted)
            {
                return;
            }

            ApplySettings(settings ?? QueueSettings.None);
            DropSurplus(_more!);
        }

        // Elsewhere: other queues are not to be touched under the topology lock.
        MoveDead(turn: null);
    }

    private void ApplySettings(QueueSettings settings)
    {
        if (_more is null)
        {
            _more = new QueueExtension(settings);
            MarkUsed(_more);
        }
        else
        {
            bool isNewlyTimed = settings.ExpiresMilliseconds is not null && settings.ExpiresMilliseconds != _more.Settings.ExpiresMilliseconds;
            bool isNewlyCounted = _more.Settings.MaxLengthOctets is null && settings.MaxLengthOctets is not null;
            _more.Settings = settings;
            if (isNewlyTimed)
            {
                // Nobody noted uses while they did not count: the time begins with the setting.
                MarkUsed(_more);
            }

            if (isNewlyCounted)
            {
                _more.ReadyOctets = _line.CountBodyOctets() + _more.CountBodyOctets();
            }
        }

        ArmDisuse(_more);
    }

    private void PublishExtended(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        var more = _more ??= new QueueExtension(QueueSettings.None);
        var settings = more.Settings;
        more.Now = VirtualHost.Timers.Now;
        DropExpired(more, int.MaxValue);
        bool refuses = settings.HasLimit && settings.Overflow != OverflowPolicy.DropHead;

        // What would not fit is refused even where somebody could take it: with these limits each message is looked at before.
        bool looksAtEach = refuses && (settings.MaxLength is 0 || settings.MaxLengthOctets is not null);
        int next = looksAtEach ? 0 : Pass(batch, isLastQueue, turn);
        for (; next < batch.Count; next++)
        {
            var content = batch[next];
            if (refuses && WouldOverflow(more, content.BodyOctets))
            {
                Refuse(more, batch, next, isLastQueue);
                continue;
            }

            var (priority, deadline) = Inspect(more, in content);
            Add(more, batch.Take(next, isLastQueue), priority, deadline);
            if (looksAtEach && _rotation is { Count: > 0 })
            {
                Deliver(turn);
            }

            DropSurplus(more);
        }

        DropExpired(more, int.MaxValue);
        ArmExpiry(more);
    }

    private bool WouldOverflow(QueueExtension more, long bodyOctets) =>
        ReadyUnlocked + 1 > more.Settings.MaxLength || more.ReadyOctets + bodyOctets > more.Settings.MaxLengthOctets;

    private static void Refuse(QueueExtension more, IncomingBatch batch, int index, bool isLastQueue)
    {
        batch.Refuse(index);
        if (more.Settings is { Overflow: OverflowPolicy.RejectPublishDeadLetter, DeadLetterExchange: not null })
        {
            more.AddDying(new DeadLetter(batch.Take(index, isLastQueue), DeathReason.MaxLength));
        }
    }

    /// <summary>What the queue looks at in a message: its priority, as far as priorities are told apart, and when its time is over.</summary>
    private static (byte Priority, long Deadline) Inspect(QueueExtension more, in MessageContent content)
    {
        var settings = more.Settings;
        byte priority = settings.UsualPriority;
        long? ttl = settings.MessageTtlMilliseconds;
        bool expires = (content.Flags & MessageFlags.Expires) != 0;
        if ((expires || (settings.MaxPriority > 0 && content.Properties.Length > 2))
            && BasicPropertiesView.TryParse(content.Properties, out var properties) == Codec.DecodeError.None)
        {
            if (properties.HasPriority)
            {
                priority = Math.Min(properties.Priority, settings.MaxPriority);
            }

            if (expires && Expiration.TryRead(properties.Expiration, out long own))
            {
                ttl = ttl is { } common ? Math.Min(common, own) : own;
            }
        }

        return (priority, ttl is { } milliseconds ? more.Now + milliseconds : QueuedMessage.Never);
    }

    private void Add(QueueExtension more, MessageRef message, byte priority, long deadline)
    {
        if (priority == 0)
        {
            _line.Add(message, deadline);
        }
        else
        {
            more.LevelOf(priority, _arena).Add(message, deadline);
            more.CountAdded(priority);
        }

        if (more.Settings.MaxLengthOctets is not null)
        {
            more.ReadyOctets += _arena.BodyOctetsOf(message);
        }
    }

    private QueuedMessage PassExtended(MessageRef message)
    {
        var more = _more!;
        var (priority, deadline) = Inspect(more, _arena.Read(message));
        var line = priority == 0 ? _line : more.LevelOf(priority, _arena);
        return new QueuedMessage(message, line.Pass(), deadline, 0, priority, Redelivered: false);
    }

    private QueuedMessage TakeOldest(QueueExtension more)
    {
        QueuedMessage message;
        if (more.HigherCount > 0)
        {
            byte priority = more.HighestPriority;
            message = more.LevelOf(priority, _arena).Take(priority);
            more.CountTaken(priority);
        }
        else
        {
            message = _line.Take(0);
        }

        if (more.Settings.MaxLengthOctets is not null)
        {
            more.ReadyOctets -= _arena.BodyOctetsOf(message.Message);
        }

        return message;
    }

    /// <summary>A delivery did not succeed: the message goes back, or dies.</summary>
    private void SettleExtended(in QueuedMessage message, Outcome outcome)
    {
        var more = _more!;
        if (outcome == Outcome.Reject)
        {
            Kill(more, in message, DeathReason.Rejected);
            return;
        }

        bool counts = outcome != Outcome.Release || (more.Settings.IsQuorum && VirtualHost.Rules.CountsReleasesAsFailures);
        var returned = AfterReturn(in message, counts ? Outcome.Fail : Outcome.Release);
        if (returned.DeliveryCount > more.Settings.DeliveryLimit)
        {
            Kill(more, in returned, DeathReason.DeliveryLimit);
            return;
        }

        if (returned.Priority == 0)
        {
            _line.Return(in returned);
        }
        else
        {
            more.LevelOf(returned.Priority, _arena).Return(in returned);
            more.CountAdded(returned.Priority);
        }

        if (more.Settings.MaxLengthOctets is not null)
        {
            more.ReadyOctets += _arena.BodyOctetsOf(returned.Message);
        }
    }

    /// <summary>Drops the oldest messages until the limits are kept.</summary>
    private void DropSurplus(QueueExtension more)
    {
        var settings = more.Settings;
        if (!settings.HasLimit || settings.Overflow != OverflowPolicy.DropHead)
        {
            return;
        }

        while (HasReady && (ReadyUnlocked > settings.MaxLength || more.ReadyOctets > settings.MaxLengthOctets))
        {
            Kill(more, TakeOldest(more), DeathReason.MaxLength);
        }
    }

    private static MessageContent WithProperties(MessageContent content, ReadOnlySpan<byte> properties) => new()
    {
        Exchange = content.Exchange,
        RoutingKey = content.RoutingKey,
        Properties = properties,
        Body = content.Body,
        Large = content.Large,
        Flags = content.Flags,
    };

    /// <summary>Adds what a quorum queue tells of a message that it delivers again.</summary>
    private MessageContent Dress(MessageContent content, int deliveryCount) =>
        deliveryCount > 0 && _more is { Settings.IsQuorum: true }
            ? WithProperties(content, HeaderRewriter.OfThread.WithDeliveryCount(content.Properties, deliveryCount))
            : content;
}
