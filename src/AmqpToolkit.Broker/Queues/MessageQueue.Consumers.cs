namespace AmqpToolkit.Broker.Queues;

/// <content>Consumers: who may, whose turn it is, and who takes the place of one that goes.</content>
internal partial class MessageQueue
{
    /// <summary>Adds a consumer; what waits is delivered to it after <paramref name="onAdded"/> has told the client.</summary>
    /// <returns>False when it cannot be: exclusivity stands against it, or the queue is gone.</returns>
    public virtual bool TryAddConsumer(Consumer consumer, Turn turn, Action<Consumer> onAdded)
    {
        lock (_gate)
        {
            if (_isDeleted || IsRefused(consumer))
            {
                return false;
            }

            (_consumers ??= []).Add(consumer);
            if (IsBrowser(consumer))
            {
                _browserCount++;
            }
            else
            {
                _hadConsumer = true;
            }

            onAdded(consumer);
            if (consumer.Walk is { } walk)
            {
                BeginWalk(walk);
            }

            if (_more is { } more)
            {
                FollowActive(more);
            }

            Join(consumer);
            Deliver(turn);
        }

        MoveDead(turn);
        return true;
    }

    /// <summary>Whether a consumer would be taken now.</summary>
    public bool MayConsume(Consumer consumer)
    {
        lock (_gate)
        {
            return !_isDeleted && !IsRefused(consumer);
        }
    }

    /// <summary>The consumers of this moment.</summary>
    public Consumer[] ListConsumers()
    {
        lock (_gate)
        {
            return _consumers?.ToArray() ?? [];
        }
    }

    /// <summary>Takes a consumer off; nothing more is delivered to it. What it has not settled stays unsettled.</summary>
    /// <returns>Whether the queue is to delete itself now.</returns>
    public virtual bool RemoveConsumer(Consumer consumer, Turn turn)
    {
        bool isLast;
        lock (_gate)
        {
            if (consumer.IsCancelled || _consumers is null || !_consumers.Remove(consumer))
            {
                return false;
            }

            consumer.IsCancelled = true;
            RememberUnsettled(consumer);
            if (consumer.Walk is { } walk)
            {
                EndWalk(walk);
            }

            bool isBrowser = IsBrowser(consumer);
            _browserCount -= isBrowser ? 1 : 0;
            isLast = !isBrowser && ConsumersUnlocked == 0 && !_isDeleted;
            if (_more is { } more)
            {
                if (isLast)
                {
                    MarkUsed(more);
                    ArmDisuse(more);
                }

                if (more.Settings.SingleActiveConsumer)
                {
                    FollowActive(more);
                    Deliver(turn);
                }
            }
        }

        MoveDead(turn);
        return isLast && Definition.AutoDelete;
    }

    /// <summary>Who browses takes nothing, and is no consumer to those who ask whether there is one.</summary>
    private static bool IsBrowser(Consumer consumer) => consumer.Walk is { IsBrowsing: true };

    /// <summary>Quorum queues take no notice of exclusive consumers; a queue with one active consumer has no use for them.</summary>
    private bool IsRefused(Consumer consumer)
    {
        if (IsBrowser(consumer))
        {
            return false;
        }

        if (_more is { Settings: { } settings } && (settings.IsQuorum || settings.SingleActiveConsumer))
        {
            return consumer.IsExclusive && !settings.IsQuorum;
        }

        return (consumer.IsExclusive && ConsumersUnlocked > 0) || _consumers?.Exists(static other => other.IsExclusive) == true;
    }

    /// <summary>One after the other where several consumers take turns; all at once where there is one.</summary>
    private int RunLimit(Consumer consumer) => _rotation!.CountBeside(consumer) == 0 ? int.MaxValue : 1;

    private Consumer? NextConsumer()
    {
        while (_rotation is not null && _rotation.TryDequeue(out var consumer))
        {
            if (!consumer.IsCancelled && MayTake(consumer))
            {
                return consumer;
            }

            consumer.IsInRotation = false;
        }

        return null;
    }

    private void Rotate(Consumer consumer, bool canTakeMore)
    {
        if (canTakeMore)
        {
            _rotation!.Enqueue(consumer);
        }
        else
        {
            consumer.IsInRotation = false;
        }
    }

    private void Join(Consumer consumer)
    {
        if (!consumer.IsInRotation && !consumer.IsCancelled && !_isDeleted && MayTake(consumer))
        {
            consumer.IsInRotation = true;
            (_rotation ??= new ConsumerRotation()).Enqueue(consumer);
        }
    }

    /// <summary>Where one consumer is to get everything, the others stand by.</summary>
    private bool MayTake(Consumer consumer) =>
        _more is not { Settings.SingleActiveConsumer: true } more || (ReferenceEquals(more.ActiveConsumer, consumer) && !more.IsActiveLeaving) || IsBrowser(consumer);

    /// <summary>
    /// Finds the active consumer of a queue that has one: of those with the highest priority who came first. In a quorum queue one of a higher priority
    /// takes its place, as soon as the old one has settled what it has; in a classic queue it waits until the old one has gone.
    /// </summary>
    private void FollowActive(QueueExtension more)
    {
        var active = more.ActiveConsumer is { IsCancelled: false } present ? present : null;
        if (!more.Settings.SingleActiveConsumer || _isDeleted || (active is not null && !more.Settings.IsQuorum))
        {
            return;
        }

        var best = active;
        foreach (var consumer in _consumers ?? [])
        {
            if ((best is null || consumer.Priority > best.Priority) && !IsBrowser(consumer))
            {
                best = consumer;
            }
        }

        more.IsActiveLeaving = active is not null && !ReferenceEquals(best, active) && active.UnsettledCount > 0;
        if (!more.IsActiveLeaving)
        {
            more.ActiveConsumer = best;
            if (best is not null)
            {
                Join(best);
            }
        }
    }
}
