using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// What dies in the queue. Under the lock it is put aside; without it, so that never two queues are locked at once, somebody moves it on: one at a
/// time, so that messages keep their order.
/// </content>
internal partial class MessageQueue
{
    /// <summary>How often one thread looks again for more before it leaves the rest to another: its own work waits.</summary>
    private const int LooksInARow = 16;

    private void Kill(QueueExtension more, in QueuedMessage message, DeathReason reason)
    {
        if (message.Message.IsLost)
        {
            // It cannot be had. The journal keeps it, for whoever can repair the files.
            if (more.ExcludedCount > 0)
            {
                ForgetExcluded(more, in message);
            }

            return;
        }

        if (more.Settings.DeadLetterExchange is null)
        {
            Finish(in message);
        }
        else
        {
            AddDying(more, new DeadLetter(message.Message, reason, new JournalAck(message.JournalPosition, message.Stored)));
            if (more.ExcludedCount > 0)
            {
                ForgetExcluded(more, in message);
            }
        }
    }

    /// <summary>What dies of a transaction is the matter of its turn: another would move it outside the transaction's group.</summary>
    private void AddDying(QueueExtension more, in DeadLetter letter)
    {
        if (more.Transaction is { } turn)
        {
            turn.AddDying(this, in letter);
        }
        else
        {
            more.AddDying(letter);
            more.HasDyingPagedOut |= !letter.Message.IsInMemory;
        }
    }

    /// <summary>Whether nothing may be moved now: the journal has more to write than it may, and each move adds to it.</summary>
    internal bool MustWaitForRoom => Settings.DeadLetterExchange is not null && VirtualHost.Store is { HasNoRoomForMoves: true };

    /// <summary>Moves what died, after the lock was left. Without a turn another thread does.</summary>
    private void MoveDead(Turn? turn)
    {
        if (turn is { HasDying: true })
        {
            turn.MoveDying();
        }

        if (_more is not { Dying.Count: > 0 } more)
        {
            return;
        }

        if (turn is null || MustWaitForRoom || (more.HasDyingPagedOut && !turn.MayRead))
        {
            SweepOf(more).Start();
        }
        else
        {
            turn.Move(this);
        }
    }

    /// <summary>Leaves what died to another thread. Outside every lock.</summary>
    internal void MoveLater() => MoveDead(turn: null);

    /// <summary>Moves what died of the turn's transaction, in its group. Outside every lock.</summary>
    internal void MoveDeadLetters(List<DeadLetter> letters, Turn turn)
    {
        if (letters.TrueForAll(static letter => letter.Message.IsInMemory))
        {
            DeadLetterMover.OfThread(_arena).Move(this, _journal, Settings, letters, turn, turn.Group);
        }
        else
        {
            // They hold with the transaction or not at all, so that the reader waits for the disk for once.
            int moved = MoveReadBack(letters, turn, turn.Group);
            if (moved < letters.Count)
            {
                PutOff(letters, moved);
            }
        }
    }

    /// <summary>Letters of a transaction that the disk does not give now are moved by themselves when it does: until then the journal has them where they died.</summary>
    private void PutOff(List<DeadLetter> letters, int from)
    {
        lock (_gate)
        {
            var more = Extend();
            for (; from < letters.Count; from++)
            {
                more.AddDying(letters[from]);
            }

            more.HasDyingPagedOut = true;
            SweepOf(more).Start();
        }
    }

    /// <summary>Moves what died to where the settings say. Outside every lock; called by a turn, one queue after the other.</summary>
    internal void MoveDeadLetters(Turn turn)
    {
        QueueExtension more;
        lock (_gate)
        {
            if (_more is not { IsMoving: false } present)
            {
                return;
            }

            more = present;
            more.IsMoving = true;
        }

        for (int looks = 0; TakeDying(more, out bool isPagedOut) is { } dying; looks++)
        {
            int moved;
            try
            {
                moved = isPagedOut
                    ? MoveReadBack(dying, turn, group: 0)
                    : DeadLetterMover.OfThread(_arena).Move(this, _journal, more.Settings, dying, turn, group: 0);
            }
            catch
            {
                // What died later must not wait for ever for one who failed.
                LetOthersMove(more);
                throw;
            }

            dying.RemoveRange(0, moved);
            if (looks == LooksInARow || dying.Count > 0)
            {
                LetOthersMove(more, dying);
                return;
            }
        }
    }

    private void LetOthersMove(QueueExtension more, List<DeadLetter>? left = null)
    {
        lock (_gate)
        {
            if (left is { Count: > 0 })
            {
                left.AddRange(more.Dying ?? []);
                more.Dying = left;
                more.HasDyingPagedOut |= !left.TrueForAll(static letter => letter.Message.IsInMemory);
            }

            more.IsMoving = false;
            if (more.Dying is null)
            {
                EndMove(more);
            }
            else
            {
                SweepOf(more).Start();
            }
        }
    }

    /// <summary>All that died was moved: what waited for it goes on. Under the lock.</summary>
    private void EndMove(QueueExtension more)
    {
        if (more.IsSweepDue)
        {
            more.IsSweepDue = false;
            SweepOf(more).Start();
        }
    }

    private List<DeadLetter>? TakeDying(QueueExtension more, out bool isPagedOut)
    {
        lock (_gate)
        {
            var dying = more.Dying;
            isPagedOut = more.HasDyingPagedOut;
            more.Dying = null;
            more.HasDyingPagedOut = false;
            more.IsMoving = dying is not null;
            more.EndWaitForMoves();
            if (dying is null)
            {
                EndMove(more);
            }

            return dying;
        }
    }
}
