using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <content>Times: messages whose time is over (x-message-ttl, expiration), and queues that nobody uses (x-expires).</content>
internal sealed partial class MessageQueue
{
    /// <summary>Messages that a timer drops before it lets others have their turn.</summary>
    private const int ExpiriesInARow = 4096;

    /// <summary>Somebody has declared the queue again, or asked whether it is there: it is in use. A quorum queue takes no notice.</summary>
    public void HandleDeclared()
    {
        if (_more is { Settings: { ExpiresMilliseconds: not null, IsQuorum: false } })
        {
            lock (_gate)
            {
                MarkUsed(_more);
            }
        }
    }

    /// <summary>Whether nobody has used the queue for as long as it may last without. Under the topology lock.</summary>
    internal bool IsDisused(long now)
    {
        lock (_gate)
        {
            return _more is { } more && !_isDeleted && ConsumersUnlocked == 0 && DisusedAt(more) <= now;
        }
    }

    private static long DisusedAt(QueueExtension more) =>
        more.Settings.ExpiresMilliseconds is { } expires ? more.LastUsed + expires : QueuedMessage.Never;

    private void MarkUsed(QueueExtension more)
    {
        if (more.Settings.ExpiresMilliseconds is not null)
        {
            more.LastUsed = VirtualHost.Timers.Now;
        }
    }

    private void BeginGet(QueueExtension more)
    {
        MarkUsed(more);
        BeginDeliver(more);
    }

    private void BeginDeliver(QueueExtension more)
    {
        more.Now = VirtualHost.Timers.Now;
        DropExpired(more, int.MaxValue);
    }

    /// <summary>Drops messages whose time is over, from the head on: what lies behind one that may still wait waits with it.</summary>
    private void DropExpired(QueueExtension more, int most)
    {
        for (; most > 0 && HasReady && HeadDeadline(more) <= more.Now; most--)
        {
            Kill(more, TakeOldest(more), DeathReason.Expired);
        }
    }

    private long HeadDeadline(QueueExtension more) =>
        (more.HigherCount > 0 ? more.LevelOf(more.HighestPriority, _arena) : _line).PeekDeadline();

    private void ArmExpiry(QueueExtension more)
    {
        if (_isDeleted || !HasReady)
        {
            return;
        }

        // A timer that rings too early is set anew then: most heads are taken before their time.
        long deadline = HeadDeadline(more);
        if (deadline < more.ExpiryArmedFor)
        {
            more.ExpiryArmedFor = deadline;
            more.ExpiryEntry = VirtualHost.Timers.Schedule(more.ExpiryEntry?.Deadline ?? new ExpiryTimer(this), deadline, more.ExpiryEntry);
        }
    }

    /// <summary>Has the queue looked after when its time without use could be over; with consumers it is in use.</summary>
    private void ArmDisuse(QueueExtension more)
    {
        if (more.Settings.ExpiresMilliseconds is not null && ConsumersUnlocked == 0 && !_isDeleted)
        {
            more.DisuseEntry = VirtualHost.Timers.Schedule(more.DisuseEntry?.Deadline ?? new DisuseTimer(this), DisusedAt(more), more.DisuseEntry);
        }
    }

    private long HandleExpiry(long now)
    {
        var turn = new Turn();
        long next;
        lock (_gate)
        {
            if (_more is not { } more || _isDeleted)
            {
                return -1;
            }

            more.Now = now;
            DropExpired(more, ExpiriesInARow);
            next = more.ExpiryArmedFor = HasReady ? HeadDeadline(more) : QueuedMessage.Never;
        }

        MoveDead(turn);
        turn.End();
        _arena.Watermark?.Check();
        return next == QueuedMessage.Never ? -1 : next;
    }

    private long HandleDisuse(long now)
    {
        long due;
        lock (_gate)
        {
            if (_more is not { } more || _isDeleted || ConsumersUnlocked > 0)
            {
                return -1;
            }

            due = DisusedAt(more);
        }

        if (due > now)
        {
            return due == QueuedMessage.Never ? -1 : due;
        }

        if (!VirtualHost.DeleteDisusedQueue(this, now))
        {
            // Used at the last moment.
            return now + 1;
        }

        var turn = new Turn();
        FinishClose(turn);
        turn.End();
        _arena.Watermark?.Check();
        return -1;
    }

    private sealed class ExpiryTimer(MessageQueue queue) : IDeadline
    {
        public long HandleDeadline(long now) => queue.HandleExpiry(now);
    }

    private sealed class DisuseTimer(MessageQueue queue) : IDeadline
    {
        public long HandleDeadline(long now) => queue.HandleDisuse(now);
    }
}
