using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>What a queue with settings does on top: priorities, limits, times, and the counting of deliveries that failed.</content>
internal partial class MessageQueue
{
    /// <summary>Turns that two levels share: two of them are the higher's.</summary>
    private const int TurnsOfLevels = 3;

    /// <summary>Policies have changed, or the queue is new. Under the topology lock.</summary>
    public override void ApplyPolicy(EffectivePolicy? policy)
    {
        base.ApplyPolicy(policy);
        FindDurability();
        var settings = QueueSettings.From(Definition, policy, VirtualHost.Rules);
        lock (_gate)
        {
            if ((settings is null && _more is null) || _isDeleted)
            {
                return;
            }

            ApplySettings(settings ?? QueueSettings.None);

            // Under the topology lock, and there may be many queues: the rest is the sweep's.
            var more = _more!;
            BeginWork(more);
            more.Budget = DropsByPolicy;
            if (ReadyUnlocked <= DropsByPolicy)
            {
                CountOctets(more);
            }

            DropSurplus(more);
            EndWork(more);
        }

        // Elsewhere: other queues are not to be touched under the topology lock.
        MoveDead(turn: null);
    }

    private void ApplySettings(QueueSettings settings)
    {
        var more = Extend();
        bool isNewlyTimed = settings.ExpiresMilliseconds is not null && settings.ExpiresMilliseconds != more.Settings.ExpiresMilliseconds;
        more.Settings = settings;
        if (isNewlyTimed)
        {
            // Nobody noted uses while they did not count: the time begins with the setting.
            MarkUsed(more);
        }

        more.IsCounting = settings.MaxLengthOctets is not null && (more.IsCounting || !more.CountsOctets);
        more.CountsOctets &= settings.MaxLengthOctets is not null;
        more.ReadyOctets = more.CountsOctets ? more.ReadyOctets : 0;
        if (more.IsCounting && ReadyUnlocked == 0)
        {
            (more.CountsOctets, more.IsCounting) = (true, false);
        }

        ArmDisuse(more);
    }

    /// <summary>Has the queue do more than keep messages, for as long as there is something of it.</summary>
    private QueueExtension Extend() => _more ??= _idle ?? new QueueExtension(QueueSettings.None);

    /// <summary>Begins an operation of a queue with an extension. Under the lock.</summary>
    /// <param name="messages">Messages that the operation brings.</param>
    private void BeginWork(QueueExtension more, int messages = 0)
    {
        more.Now = VirtualHost.Timers.Now;

        // Who moves what died may be behind, or wait for room: a list of all that dies would have no bound.
        more.Budget = more.IsMovingBehind ? messages : DropsAtOnce + messages;
        more.Steps = more.IsLookingOn ? Math.Min(FewSteps, StepsInOneGo) : StepsInOneGo;
    }

    /// <summary>Ends it: leaves to the sweep what is left, and sees to the times. Under the lock.</summary>
    private void EndWork(QueueExtension more)
    {
        _journal?.Flush();
        if (_isDeleted)
        {
            return;
        }

        more.IsLookingOn = IsBehind(more);
        if (more.Budget <= 0 || more.IsCounting || HasSurplus(more) || more.IsLookingOn)
        {
            SweepOf(more).Start();
        }
        else
        {
            ArmExpiry(more);
        }

        if (ReferenceEquals(more.Settings, QueueSettings.None) && !_line.HasDeadlines && more.IsEmpty)
        {
            _idle = more;
            _more = null;
        }
    }

    private QueueSweep SweepOf(QueueExtension more) => more.Sweep ??= new QueueSweep(this);

    /// <summary>Does what operations and timers have left. Outside every lock.</summary>
    internal void Sweep(Turn turn)
    {
        lock (_gate)
        {
            if ((_more ?? _idle) is { } more)
            {
                more.ExpiryArmedFor = QueuedMessage.Never;
                if (_more is not null && !_isDeleted)
                {
                    Sweep(more, turn);
                }
            }
        }

        MoveDead(turn);
    }

    private void Sweep(QueueExtension more, Turn turn)
    {
        if (more.IsMoving && more.Dying is { Count: >= DropsAtOnce })
        {
            // Who moves what died is behind: a list of all that dies would have no bound.
            more.IsSweepDue = true;
            LookOn(more, turn);
            return;
        }

        BeginWork(more);
        more.Steps = StepsInOneGo;
        CountOctets(more);
        DropExpired(more);
        DropSurplus(more);
        DeliverReady(turn);
        EndWork(more);
    }

    /// <summary>Counts the octets of messages that were there before anybody counted.</summary>
    private void CountOctets(QueueExtension more)
    {
        if (!more.IsCounting)
        {
            return;
        }

        if (!more.CountsOctets)
        {
            more.CountsOctets = true;
            more.ReadyOctets = _line.BeginCount();
            foreach (var level in more.Levels)
            {
                more.ReadyOctets += level?.BeginCount() ?? 0;
            }
        }

        int budget = more.Budget;
        more.ReadyOctets += _line.CountOctets(ref budget);
        foreach (var level in more.Levels)
        {
            more.ReadyOctets += level?.CountOctets(ref budget) ?? 0;
        }

        more.IsCounting = budget == 0;
        more.Budget = budget;
    }

    private void PublishExtended(IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        var more = Extend();
        BeginWork(more, batch.Count);
        DropExpired(more);
        uint group = BeginGroup(more, batch, turn);
        try
        {
            Take(more, batch, isLastQueue, turn);
        }
        finally
        {
            EndGroup(more, batch, group);
        }

        DropExpired(more);
        EndWork(more);
    }

    private void Take(QueueExtension more, IncomingBatch batch, bool isLastQueue, Turn turn)
    {
        var settings = more.Settings;
        bool refuses = settings.HasLimit && settings.Overflow != OverflowPolicy.DropHead;

        // What would not fit is refused even where somebody could take it: with these limits each message is looked at before.
        bool looksAtEach = (refuses && (settings.MaxLength is 0 || settings.MaxLengthOctets is not null)) || (more.Walks is not null && settings.HasLimit);
        int next = looksAtEach || more.Walks is not null ? 0 : Pass(batch, isLastQueue, turn);
        bool pagesOut = MayPageOut && next < batch.Count && PagesOut(batch, next);
        for (; next < batch.Count; next++)
        {
            var content = batch[next];
            if (refuses && WouldOverflow(more, content.BodyOctets))
            {
                Refuse(more, batch, next, isLastQueue);
                continue;
            }

            var (priority, deadline) = Inspect(more, in content);
            var stored = _journal is not { IsOpen: true } journal ? default : journal.Add(batch, next, in content, QueuedMessage.JournalPositionOf(priority, LineOf(priority).NextPosition), deadline);
            Add(more, Hold(batch, next, isLastQueue, stored, pagesOut), priority, deadline, stored);
            if (looksAtEach)
            {
                Offer(more, turn);
            }

            DropSurplus(more);
        }

        if (more.Walks is not null && !looksAtEach)
        {
            Offer(more, turn);
        }
    }

    private void Offer(QueueExtension more, Turn turn)
    {
        if (more.Walks is { } walks)
        {
            CallWalks(walks);
        }

        if (_rotation is { Count: > 0 })
        {
            DeliverReady(turn);
        }
    }

    /// <summary>
    /// What has to go for messages that come goes with them, or not at all: in the group of their transaction or of their move, else in one of their own. A
    /// head that is moved on, rather than dropped, has a group of its own, behind them.
    /// </summary>
    private uint BeginGroup(QueueExtension more, IncomingBatch batch, Turn turn)
    {
        uint group = batch.Group;
        more.Transaction = group != 0 && group == turn.Group ? turn : null;
        if (_journal is not { } journal)
        {
            return group;
        }

        if (group == 0 && journal.IsOpen && batch.HasPersistent && WillDropHead(more, batch))
        {
            group = journal.BeginGroup();
        }

        if (group != 0)
        {
            journal.Flush();
            journal.UseGroup(group);
        }

        return group;
    }

    private void EndGroup(QueueExtension more, IncomingBatch batch, uint group)
    {
        more.Transaction = null;
        if (group == 0 || _journal is not { } journal)
        {
            return;
        }

        try
        {
            journal.Flush(group);
        }
        finally
        {
            journal.UseGroup(0);
        }

        if (batch.Group == 0)
        {
            journal.EndGroup(group);
        }
    }

    private bool WillDropHead(QueueExtension more, IncomingBatch batch)
    {
        if (more.Settings is not { HasLimit: true, Overflow: OverflowPolicy.DropHead, DeadLetterExchange: null } settings)
        {
            return false;
        }

        long octets = more.ReadyOctets;
        for (int index = 0; index < batch.Count && settings.MaxLengthOctets is not null; index++)
        {
            octets += batch[index].BodyOctets;
        }

        return ReadyUnlocked + batch.Count > settings.MaxLength || octets > settings.MaxLengthOctets;
    }

    private bool WouldOverflow(QueueExtension more, long bodyOctets) =>
        ReadyUnlocked + 1 > more.Settings.MaxLength || more.ReadyOctets + bodyOctets > more.Settings.MaxLengthOctets;

    private void Refuse(QueueExtension more, IncomingBatch batch, int index, bool isLastQueue)
    {
        batch.Refuse(index);
        if (more.Settings is { Overflow: OverflowPolicy.RejectPublishDeadLetter, DeadLetterExchange: not null })
        {
            AddDying(more, new DeadLetter(batch.Take(index, isLastQueue), DeathReason.MaxLength, default));
        }
    }

    /// <summary>What the queue looks at in a message: its priority, as far as priorities are told apart, and when its time is over.</summary>
    private (byte Priority, long Deadline) Inspect(QueueExtension more, in MessageContent content)
    {
        var settings = more.Settings;
        byte priority = settings.UsualPriority;
        long? ttl = settings.MessageTtlMilliseconds;
        bool expires = (content.Flags & MessageFlags.Expires) != 0;
        if ((content.Flags & MessageFlags.Sections) != 0)
        {
            var header = SectionHeader.Of(in content);
            priority = header.Priority is { } said ? settings.LevelOf(said) : priority;
            ttl = expires && header.Milliseconds is { } own ? Math.Min(ttl ?? own, own) : ttl;
            ttl = expires && AbsoluteExpiry.MillisecondsLeft(content.Properties, VirtualHost.Timers.TimeProvider) is { } left ? Math.Min(ttl ?? left, left) : ttl;
        }
        else if ((expires || (settings.MaxPriority > 0 && content.Properties.Length > 2))
            && BasicPropertiesView.TryParse(content.Properties, out var properties) == Codec.DecodeError.None)
        {
            if (properties.HasPriority)
            {
                priority = settings.LevelOf(properties.Priority);
            }

            if (expires && Expiration.TryRead(properties.Expiration, out long own))
            {
                ttl = ttl is { } common ? Math.Min(common, own) : own;
            }
        }

        return (priority, ttl is { } milliseconds ? more.Now + milliseconds : QueuedMessage.Never);
    }

    private void Add(QueueExtension more, MessageRef message, byte priority, long deadline, StoredMessage stored)
    {
        LineOf(priority).Add(message, deadline, stored);
        if (priority > 0)
        {
            more.CountAdded(priority);
        }

        if (more.CountsOctets)
        {
            more.ReadyOctets += _arena.BodyOctetsOf(message);
        }
    }

    private QueuedMessage PassExtended(MessageRef message)
    {
        var more = _more!;
        var (priority, deadline) = Inspect(more, _arena.Read(message));
        return new QueuedMessage(message, LineOf(priority).Pass(), deadline, 0, priority, Redelivered: false);
    }

    private QueuedMessage TakeOldest(QueueExtension more)
    {
        byte priority = HeadPriority(more);
        if (more.Settings.SharesTurns)
        {
            more.Takes = (more.Takes + 1) % TurnsOfLevels;
        }

        var line = LineOf(priority);
        bool isCounted = more.CountsOctets && line.IsHeadCounted();
        var message = line.Take(priority);
        if (priority > 0)
        {
            more.CountTaken(priority);
        }

        if (isCounted)
        {
            more.ReadyOctets -= _arena.BodyOctetsOf(message.Message);
        }

        return message;
    }

    /// <summary>The messages of which the next to go is one.</summary>
    private MessageLine HeadLine(QueueExtension more) => LineOf(HeadPriority(more));

    /// <summary>
    /// The level of which the oldest message goes next: the highest with a message. Where two levels share their turns the lower has every third, so that
    /// it does not wait for ever; and what was returned goes before what was never given out.
    /// </summary>
    private byte HeadPriority(QueueExtension more)
    {
        if (more.HigherCount == 0)
        {
            return 0;
        }

        if (!more.Settings.SharesTurns || !_line.HasMessage)
        {
            return more.HighestPriority;
        }

        bool isHighReturned = LineOf(1).HasReturned;
        return _line.HasReturned != isHighReturned ? (byte)(isHighReturned ? 1 : 0) : (byte)(more.Takes == TurnsOfLevels - 1 ? 0 : 1);
    }

    /// <summary>A delivery did not succeed: the message goes back, or dies.</summary>
    private void SettleExtended(QueueExtension more, in QueuedMessage message, Outcome outcome, uint group)
    {
        if (outcome == Outcome.Reject)
        {
            Kill(more, in message, DeathReason.Rejected);
            return;
        }

        bool counts = outcome != Outcome.Release || (more.Settings.IsQuorum && VirtualHost.Rules.CountsReleasesAsFailures);
        var returned = AfterReturn(in message, counts ? Outcome.Fail : Outcome.Release, group);
        if (returned.DeliveryCount > more.Settings.DeliveryLimit)
        {
            Kill(more, in returned, DeathReason.DeliveryLimit);
            return;
        }

        Return(in returned);
    }

    /// <summary>Puts a message back in its place.</summary>
    private void Return(in QueuedMessage message)
    {
        // One with a time of its own, and one from before a policy was taken back, are more than a plain queue knows of.
        if (_more is null && message is { Deadline: QueuedMessage.Never, Priority: 0 })
        {
            _line.Return(in message);
            return;
        }

        var more = Extend();
        LineOf(message.Priority).Return(in message);
        if (more.Walks is not null)
        {
            more.AddReturned(QueueWalk.PlaceOf(message.Priority, message.Position));
        }

        if (message.Priority > 0)
        {
            more.CountAdded(message.Priority);
        }

        if (more.CountsOctets)
        {
            more.ReadyOctets += _arena.BodyOctetsOf(message.Message);
        }
    }

    /// <summary>Drops the oldest messages until the limits are kept, as far as the operation's budget goes.</summary>
    private void DropSurplus(QueueExtension more)
    {
        while (more.Budget > 0 && HasSurplus(more))
        {
            more.Budget--;
            Kill(more, TakeOldest(more), DeathReason.MaxLength);
        }
    }

    private bool HasSurplus(QueueExtension more) =>
        more.Settings is { HasLimit: true, Overflow: OverflowPolicy.DropHead } settings && HasReady
        && (ReadyUnlocked > settings.MaxLength || more.ReadyOctets > settings.MaxLengthOctets);

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
        deliveryCount > 0 && _more is { Settings.IsQuorum: true } && (content.Flags & MessageFlags.Sections) == 0
            ? WithProperties(content, HeaderRewriter.OfThread.WithDeliveryCount(content.Properties, deliveryCount))
            : content;
}
