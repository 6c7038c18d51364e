using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// What a queue that survives a restart does on top: it writes its messages, and what becomes of them, to the journal, and gets them back from
/// there. A queue that does not has no journal, and nothing here concerns it.
/// </content>
internal partial class MessageQueue
{
    /// <summary>
    /// Puts a message back that the journal knows; it stays on the disk until somebody is to get it, so that the broker need not have read what large queues hold before it
    /// serves. Places rise from call to call. Before anybody else uses the queue.
    /// </summary>
    /// <param name="recovered">The message.</param>
    /// <returns>False when nothing can be made of it.</returns>
    public virtual bool Restore(in RecoveredMessage recovered)
    {
        if (recovered.Measure < 0)
        {
            return false;
        }

        StoredMessageFormat.ReadOverlay(recovered.Overlay, out bool isRedelivered, out ushort deliveryCount, out long utcDeadline);
        var (priority, position) = QueuedMessage.SplitJournalPosition(recovered.Position);
        long deadline = _journal!.DeadlineOf(utcDeadline);
        lock (_gate)
        {
            var message = new QueuedMessage(MessageRef.PagedOut(0, recovered.Measure), position, deadline, deliveryCount, priority, isRedelivered, recovered.Message);
            _pages ??= new QueuePaging(this);
            if (priority > 0 || deadline != QueuedMessage.Never)
            {
                Extend();
            }

            LineOf(priority).Restore(in message, _journal.HandedOutBelow);
            if (_more is { CountsOctets: true } counting)
            {
                counting.ReadyOctets += recovered.Measure;
            }

            if (priority > 0)
            {
                _more!.CountAdded(priority);
            }
        }

        return true;
    }

    /// <summary>All messages were put back, and the journal can be written to.</summary>
    public virtual void FinishRestore()
    {
        lock (_gate)
        {
            if (_more is { } more)
            {
                MarkUsed(more);
                ArmDisuse(more);
                SweepOf(more).Start();
            }
        }
    }

    /// <summary>Follows what is said of the queue's durability. Before anybody else uses the queue, and whenever something new is said.</summary>
    protected virtual void FindJournal()
    {
        if (StoreNumber == 0)
        {
            return;
        }

        lock (_gate)
        {
            if (_journal is null)
            {
                _journal = new QueueJournal(VirtualHost.Store!, StoreNumber, VirtualHost.Timers);
                _line = NewLine();
            }

            _journal.IsOpen = KeepsMessages;
            _journal.Level = CommitLevel;
        }
    }

    /// <summary>Keeps the rest of a batch: in the journal in one go, then in memory.</summary>
    private void Keep(QueueJournal journal, IncomingBatch batch, int next, bool isLastQueue)
    {
        if (next == batch.Count)
        {
            return;
        }

        bool pagesOut = MayPageOut && PagesOut(batch, next);
        if (!journal.TryGetAhead(batch, next, out var written))
        {
            written = journal.Add(batch, next, _line.NextPosition);
        }

        foreach (var stored in written)
        {
            _line.Add(Hold(batch, next++, isLastQueue, stored, pagesOut), QueuedMessage.Never, stored);
        }
    }

    /// <summary>Settles within the group of a transaction. After an exception nothing of it stays on the thread, which others use.</summary>
    private void SettleInGroup(ReadOnlySpan<Unsettled> deliveries, Outcome outcome, Turn turn, uint group)
    {
        BeginGroup(group, turn);
        try
        {
            Settle(deliveries, outcome, group);
        }
        finally
        {
            EndGroup();
        }
    }

    /// <summary>What the queue is done with from here on belongs to the group of a transaction.</summary>
    private void BeginGroup(uint group, Turn turn)
    {
        _journal?.UseGroup(group);
        if (_more is { } more)
        {
            more.Transaction = turn;
        }
    }

    private void EndGroup()
    {
        _journal?.EndUseOfGroup();
        if (_more is { } more)
        {
            more.Transaction = null;
        }
    }

    /// <summary>The queue is done with a message.</summary>
    private void Finish(in QueuedMessage message)
    {
        _arena.Release(message.Message);
        if (_more is { ExcludedCount: > 0 } more)
        {
            ForgetExcluded(more, in message);
        }

        if (!message.Stored.IsNone)
        {
            _journal!.Ack(in message);
        }
    }

    /// <summary>Gives up what was taken out of the queue. Outside the lock.</summary>
    private void Drop(MessageLine? line, byte priority)
    {
        if (line is not null)
        {
            _journal?.Drop(line, priority, _arena);
            line.Drop();
        }
    }

    /// <summary>Gives up what the queue had when it was deleted. Outside the lock.</summary>
    private void Forget(MessageLine? line)
    {
        if (line is not null)
        {
            _journal?.Forget(line, _arena);
            line.Drop();
        }
    }

    private MessageLine NewLine() => new(_arena, _journal?.FirstPlace ?? 0);

    private MessageLine LineOf(byte priority) => priority == 0 ? _line : _more!.LevelOf(priority) ?? _more.AddLevel(priority, NewLevel());

    private MessageLine NewLevel()
    {
        var line = NewLine();
        if (_more!.Walks is not null)
        {
            line.SetWalked(isWalked: true);
        }

        return line;
    }
}
