using AmqpToolkit.Broker.Timers;

namespace AmqpToolkit.Broker.Queues;

/// <content>Times: messages whose time is over (x-message-ttl, expiration), and queues that nobody uses (x-expires).</content>
internal partial class MessageQueue
{
    /// <summary>Messages that one operation drops or counts beside those that it brings, some 0.2 ms: the rest is the sweep's.</summary>
    internal const int DropsAtOnce = 4096;

    /// <summary>The same for a policy that changes: that happens under the topology lock, for each of perhaps very many queues.</summary>
    private const int DropsByPolicy = 64;

    /// <summary>Somebody has declared the queue again, or asked whether it is there: it is in use. A quorum queue takes no notice.</summary>
    public void HandleDeclared()
    {
        if (_more is { Settings: { ExpiresMilliseconds: not null, IsQuorum: false } } more)
        {
            lock (_gate)
            {
                MarkUsed(more);
            }
        }
    }

    /// <summary>The queue counts as used although nobody consumes from it, until the same is said by <see cref="EndHold"/>. Any thread.</summary>
    public void BeginHold()
    {
        lock (_gate)
        {
            _holds++;
        }
    }

    /// <summary>The time without use begins, unless somebody else uses the queue. Any thread.</summary>
    public void EndHold()
    {
        lock (_gate)
        {
            _holds--;
            if (_more is { } more && !IsUsed)
            {
                MarkUsed(more);
                ArmDisuse(more);
            }
        }
    }

    private bool IsUsed => ConsumersUnlocked > 0 || _holds > 0;

    /// <summary>Whether nobody has used the queue for as long as it may last without. Under the topology lock.</summary>
    internal bool IsDisused(long now)
    {
        lock (_gate)
        {
            return _more is { } more && !_isDeleted && !IsUsed && DisusedAt(more) <= now;
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

    /// <returns>Whether the oldest message, if there is one, may be handed out; else the budget is used up.</returns>
    private bool BeginGet(QueueExtension more)
    {
        MarkUsed(more);
        BeginWork(more);
        return DropExpired(more);
    }

    /// <summary>
    /// Drops messages whose time is over, from the head on, as far as the operation's budget goes: what lies behind one that may still wait waits with it.
    /// </summary>
    /// <returns>False when the budget is used up and the oldest message must not be handed out.</returns>
    private bool DropExpired(QueueExtension more)
    {
        while (HasReady && HeadDeadline(more) <= more.Now)
        {
            if (more.Budget <= 0)
            {
                return false;
            }

            more.Budget--;
            Kill(more, TakeOldest(more), DeathReason.Expired);
        }

        return true;
    }

    private long HeadDeadline(QueueExtension more) => HeadLine(more).PeekDeadline();

    private void ArmExpiry(QueueExtension more)
    {
        if (!HasReady)
        {
            return;
        }

        // A timer that rings too early is set anew then: most heads are taken before their time.
        long deadline = HeadDeadline(more);
        if (deadline < more.ExpiryArmedFor)
        {
            more.ExpiryArmedFor = deadline;
            more.ExpiryEntry = VirtualHost.Timers.Schedule(SweepOf(more), deadline, more.ExpiryEntry);
        }
    }

    /// <summary>Has the queue looked after when its time without use could be over; with consumers it is in use.</summary>
    private void ArmDisuse(QueueExtension more)
    {
        // While the journal is read nobody can have used the queue, and nothing could be written about its end.
        if (more.Settings.ExpiresMilliseconds is not null && !IsUsed && !_isDeleted && VirtualHost.Store is not { IsReading: true })
        {
            more.DisuseEntry = VirtualHost.Timers.Schedule(more.DisuseEntry?.Deadline ?? new QueueDisuse(this), DisusedAt(more), more.DisuseEntry);
        }
    }

    /// <summary>Deletes the queue if nobody has used it for its time. Outside every lock.</summary>
    internal void EndIfDisused(Turn turn)
    {
        lock (_gate)
        {
            if (_more is not { } more || _isDeleted || IsUsed)
            {
                return;
            }

            if (DisusedAt(more) > VirtualHost.Timers.Now)
            {
                ArmDisuse(more);
                return;
            }
        }

        if (VirtualHost.DeleteDisusedQueue(this, VirtualHost.Timers.Now))
        {
            FinishClose(turn);
            return;
        }

        // Used at the last moment.
        lock (_gate)
        {
            if (_more is { } more)
            {
                ArmDisuse(more);
            }
        }
    }
}
