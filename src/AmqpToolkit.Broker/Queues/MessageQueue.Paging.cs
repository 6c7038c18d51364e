using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <content>
/// Messages that wait on the disk alone because memory is short. They are read back a run at a time, before consumers get there, on a thread of its own kind and
/// without the lock; until the oldest message is in memory again the queue hands out nothing.
/// </content>
internal partial class MessageQueue
{
    /// <summary>Messages on the disk from which on those that come later go there, too, while a good part of the memory is in use: it would be long before their turn.</summary>
    private const int DeepCount = 1024;

    /// <summary>Messages that stay in memory in any case where there are consumers.</summary>
    private const int KeptForConsumers = 64;

    /// <summary>Octets of a body from which on that is one.</summary>
    private const int LargeOctets = 16 * 1024;

    /// <summary>Octets of bodies that stay in memory for consumers in any case.</summary>
    private const long KeptOctets = 64 * 1024;

    /// <summary>Dead letters that are read back in one go, and octets of theirs.</summary>
    private const int DeadAtOnce = 256;
    private const long DeadOctetsAtOnce = 1024 * 1024;

    /// <summary>Octets of properties of a run: what stands for a message on the disk says how long its body is alone.</summary>
    private const long MostPropertyOctets = 1024 * 1024;

    /// <summary>Null as long as everything is in memory.</summary>
    private QueuePaging? _pages;

    /// <summary>Whether a message could not be read: each head is looked at from then on.</summary>
    private bool _hasLost;

    /// <summary>Messages of the queue that are on the disk alone.</summary>
    internal int PagedOutCount
    {
        get
        {
            lock (_gate)
            {
                return PagedOutUnlocked;
            }
        }
    }

    private int PagedOutUnlocked
    {
        get
        {
            int count = _line.PagedOutCount;
            foreach (var level in _more is { } more ? more.Levels : default)
            {
                count += level?.PagedOutCount ?? 0;
            }

            return count;
        }
    }

    /// <summary>Whether it is to be asked at all where messages go that come now: once a batch.</summary>
    private bool MayPageOut => _pages is not null || _arena.Paging is { IsKeptPressed: true };

    /// <summary>Completes when the oldest message may be in memory again, or gone: for who found that it was not. Any thread.</summary>
    public Task WaitForHeadAsync()
    {
        lock (_gate)
        {
            if (!_isDeleted && _more is { IsMovingBehind: true } more && HasReady && HeadDeadline(more) <= VirtualHost.Timers.Now)
            {
                // It has died; those that died before it have to be moved first.
                return more.WaitForMovesAsync();
            }

            return _pages is not { } pages || _isDeleted || !HasReady || HasHead() ? Task.CompletedTask : pages.WaitAsync();
        }
    }

    /// <summary>Reads the next run of messages back, and hands out what that allows. Outside every lock, by the queue's paging alone.</summary>
    internal void ReadBack(QueuePaging pages, Turn turn)
    {
        if (_arena.Paging?.BeginReading() is not { } reader)
        {
            EndRead(pages);
            return;
        }

        try
        {
            if (TryCollect(pages, reader.Run))
            {
                Read(pages, reader);
            }

            Fill(pages, reader.Run, turn);
            MoveDead(turn);
            if (pages.TakeWalk() is { } walk)
            {
                ReadFor(walk, pages, reader, turn);
                MoveDead(turn);
            }
        }
        finally
        {
            EndRead(pages);
            _arena.Paging.EndReading(reader);
        }
    }

    /// <summary>Pages messages out that wait in memory, all but those that a consumer is to get next. Any thread.</summary>
    /// <returns>How many were.</returns>
    internal int PageOut(int budget)
    {
        lock (_gate)
        {
            if (_isDeleted || !HasReady || _arena.Paging is not { } paging)
            {
                return 0;
            }

            int done = 0;
            foreach (var level in _more is { } more ? more.Levels : default)
            {
                done += level?.PageOut(0, budget - done, paging) ?? 0;
            }

            done += _line.PageOut(KeptAtHead(), budget - done, paging);
            if (done > 0)
            {
                _pages ??= new QueuePaging(this);
            }

            // What was read for somebody who does not take it can be read again.
            _more?.Walks?.ForEach(walk =>
            {
                if (!walk.Consumer.IsInRotation)
                {
                    walk.Reading?.Drop(_arena);
                }
            });
            return done;
        }
    }

    /// <summary>Messages that stay in memory even when it is very short: consumers have something while more is read.</summary>
    private int KeptAtHead() =>
        ConsumersUnlocked == 0 || !_line.HasMessage ? 0 : (int)Math.Clamp(KeptOctets / Math.Max(1, _arena.BodyOctetsOf(_line.Head)), 1, KeptForConsumers);

    /// <summary>Whether the oldest message is in memory; there may be none. Under the lock.</summary>
    private bool HasHead()
    {
        while (HasReady)
        {
            var head = (_more is { } more ? HeadLine(more) : _line).Head;
            if (head.IsInMemory)
            {
                return true;
            }

            if (head.IsPagedOut)
            {
                return false;
            }

            // It cannot be had. The journal keeps it, for whoever can repair the files.
            var lost = TakeOldest();
            if (_more is { ExcludedCount: > 0 } excluding)
            {
                ForgetExcluded(excluding, in lost);
            }
        }

        return false;
    }

    /// <summary>Without messages on the disk the queue goes the short way again. Under the lock.</summary>
    private bool EndsPaging(QueuePaging pages)
    {
        if (PagedOutUnlocked > 0 || _hasLost || pages.HasWalks || pages.HasWaiter || pages.IsAtWork)
        {
            return false;
        }

        _pages = ReferenceEquals(pages, _pages) ? null : _pages;
        return true;
    }

    /// <summary>Has more read for consumers that are through what is in memory. Under the lock.</summary>
    private void ReadAhead(QueuePaging pages)
    {
        if (pages.HasWalksToRead && !pages.IsResting)
        {
            pages.Start();
        }

        if (EndsPaging(pages))
        {
            return;
        }

        bool isAwaited = _rotation is { Count: > 0 } || (ConsumersUnlocked > 0 && _arena.Paging is not { HoldsReading: true });
        if (isAwaited && !_isDeleted && HasReady && (_more is { } more ? HeadLine(more) : _line).WantsRead && MayRead(pages))
        {
            pages.Start();
        }
    }

    /// <summary>
    /// Whether more may be read into memory. When it is over its limit what consumers have and do not settle keeps it there: they get no more before they do. Looked
    /// at again in a moment. Under the lock.
    /// </summary>
    private bool MayRead(QueuePaging pages)
    {
        if (_arena.Paging is not { HoldsReading: true } || pages.HasWaiter || _consumers is null || _consumers.TrueForAll(static consumer => consumer.UnsettledCount == 0))
        {
            return !pages.IsResting;
        }

        pages.StartLater();
        return false;
    }

    /// <summary>Whether messages of a batch are left to the disk.</summary>
    private bool PagesOut(IncomingBatch batch, int next)
    {
        if (_arena.Paging is not { IsKeptNearlyPressed: true } paging)
        {
            return false;
        }

        bool isKept = _journal is { IsOpen: true } && batch.HasPersistent;
        bool isPressed = isKept ? paging.IsKeptPressed : paging.IsPressed;
        if (!isPressed && !isKept && !paging.IsNearlyPressed)
        {
            return false;
        }

        int kept = ConsumersUnlocked == 0 ? 0 : batch[next].BodyOctets < LargeOctets ? KeptForConsumers : 1;
        return (isPressed && ReadyUnlocked >= kept) || (_pages is not null && PagedOutUnlocked >= DeepCount);
    }

    /// <summary>Keeps the rest of a batch that the journal does not have.</summary>
    private void PageOut(IncomingBatch batch, int next, bool isLastQueue)
    {
        bool pagesOut = PagesOut(batch, next);
        for (; next < batch.Count; next++)
        {
            _line.Add(Hold(batch, next, isLastQueue, default, pagesOut), QueuedMessage.Never);
        }
    }

    /// <summary>A message of a batch as the queue keeps it: in memory, or on the disk alone.</summary>
    private MessageRef Hold(IncomingBatch batch, int index, bool isLastQueue, StoredMessage stored, bool pagesOut)
    {
        if (!pagesOut || !TryPageOut(batch, index, stored, out var message))
        {
            return batch.Take(index, isLastQueue);
        }

        return message;
    }

    private bool TryPageOut(IncomingBatch batch, int index, StoredMessage stored, out MessageRef message)
    {
        var paging = _arena.Paging!;
        message = MessageRef.PagedOut(0, batch[index].BodyOctets);
        bool isOut = stored.IsNone ? paging.IsNearlyPressed && paging.TryWrite(batch, index, out message) : paging.CanReadKept;
        if (isOut)
        {
            _pages ??= new QueuePaging(this);
        }

        return isOut;
    }

    private bool TryCollect(QueuePaging pages, PagedRun run)
    {
        lock (_gate)
        {
            if (_more is { } more)
            {
                BeginWork(more);
                DropExpired(more);
            }

            pages.IsAtWork = true;
            byte priority = _more is { } left ? HeadPriority(left) : (byte)0;
            var line = LineOf(priority);
            run.Begin(line, priority, _arena.Paging!.OctetsAtOnce);
            if (!_isDeleted && ReferenceEquals(pages, _pages) && line.WantsRead && MayRead(pages))
            {
                line.Collect(run);
            }

            if (_more is not null)
            {
                EndWork(_more);
            }

            return run.Count > 0;
        }
    }

    private void Read(QueuePaging pages, PageReader reader)
    {
        var run = reader.Run;
        long properties = 0;
        try
        {
            for (int index = 0; index < run.Count && properties < MostPropertyOctets; index++)
            {
                var read = _arena.Paging!.Read(reader, run[index].Message, run[index].Stored);
                properties += read.IsInMemory ? _arena.Read(read).Properties.Length : 0;
                run.AddRead(read);
            }

            pages.NoteAnswer();
        }
        catch (IOException error)
        {
            // The rest stays where it is. The disk may answer later.
            if (pages.RestAfterFailure())
            {
                _arena.Paging!.TellReadFailed(error);
            }
        }
    }

    private void Fill(QueuePaging pages, PagedRun run, Turn turn)
    {
        int lost = 0;
        List<Consumer>? draining;
        lock (_gate)
        {
            draining = pages.IsResting ? null : pages.TakeDraining();
            if (!_isDeleted && run.Count > 0 && ReferenceEquals(run.Priority == 0 ? _line : _more?.LevelOf(run.Priority), run.Line))
            {
                lost = run.CountLost();
                run.Line!.Fill(run);
                lost -= run.CountLost();
                _hasLost |= lost > 0;
            }

            if (!_isDeleted)
            {
                Deliver(turn);
            }

        }

        foreach (var consumer in draining ?? [])
        {
            consumer.HandleReadBack(turn);
        }

        if (lost > 0)
        {
            Log.MessagesUnreadable(VirtualHost.Timers.Logger, NameText, VirtualHost.Name, lost);
        }

        Clean(run);
    }

    /// <summary>Lets go of what was read and is not in its place, and of what is not on the disk any more. Outside the lock.</summary>
    private void Clean(PagedRun run)
    {
        var read = run.Messages;
        for (int index = 0; index < read.Length; index++)
        {
            if (read[index].IsNone)
            {
                // It is in its place.
                _arena.Paging!.Forget(run[index].Message);
            }
            else if (read[index].IsInMemory)
            {
                // It went while it was read.
                _arena.Release(read[index]);
            }
        }
    }

    private void EndRead(QueuePaging pages)
    {
        lock (_gate)
        {
            // While nothing can be read nobody need look.
            if (!pages.IsResting)
            {
                pages.EndWait();
            }

            pages.IsAtWork = false;
            EndsPaging(pages);
        }
    }

    /// <summary>Moves dead letters of which some are on the disk alone, a few at a time: all of them may be more than memory takes. Outside every lock.</summary>
    /// <returns>How many of the list were; those whose octets are not what was written are taken out of it. The rest waits until the disk answers.</returns>
    private int MoveReadBack(List<DeadLetter> dying, Turn turn, uint group)
    {
        int moved = 0;
        int taken = 0;
        var reader = _arena.Paging!.BeginReading();
        try
        {
            while (moved < dying.Count)
            {
                var some = dying.GetRange(moved, ReadBack(reader, dying, moved));
                if (some.Count == 0 && moved < dying.Count)
                {
                    break;
                }

                taken = moved + some.Count;
                int done = DeadLetterMover.OfThread(_arena).Move(this, _journal, Settings, some, turn, group);
                moved += done;
                NoteAnswer();
                if (done < some.Count)
                {
                    break;
                }
            }

            return moved;
        }
        catch
        {
            // Of those that it was given the mover has released what it did not move.
            foreach (ref readonly var letter in CollectionsMarshal.AsSpan(dying)[taken..])
            {
                _arena.Release(letter.Message);
            }

            throw;
        }
        finally
        {
            if (reader is not null)
            {
                _arena.Paging.EndReading(reader);
            }
        }
    }

    /// <summary>Reads dead letters back, from one on.</summary>
    /// <returns>How many are in memory in a row.</returns>
    private int ReadBack(PageReader? reader, List<DeadLetter> dying, int from)
    {
        int at = from;
        for (long octets = 0; at < dying.Count && at - from < DeadAtOnce && octets < DeadOctetsAtOnce;)
        {
            var letter = dying[at];
            try
            {
                if (!letter.Message.IsInMemory && !TryReadBack(reader, ref letter))
                {
                    // The journal goes on to have it; when the broker stops, it has all of them.
                    dying.RemoveAt(at);
                    continue;
                }
            }
            catch (IOException error)
            {
                RestMoves(error);
                break;
            }

            dying[at++] = letter;
            octets += _arena.BodyOctetsOf(letter.Message);
        }

        return at - from;
    }

    private bool TryReadBack(PageReader? reader, ref DeadLetter letter)
    {
        if (reader is null)
        {
            return false;
        }

        var message = _arena.Paging!.Read(reader, letter.Message, letter.Origin.Message);
        _arena.Paging.Forget(letter.Message);
        letter = letter with { Message = message };
        if (message.IsLost)
        {
            Log.MessagesUnreadable(VirtualHost.Timers.Logger, NameText, VirtualHost.Name, 1);
        }

        return message.IsInMemory;
    }

    /// <summary>The disk did not answer: what died and is there alone is not asked for again before a while has passed.</summary>
    private void RestMoves(IOException error)
    {
        bool isFirst;
        lock (_gate)
        {
            var more = Extend();
            isFirst = more.MovesRestUntil == 0;
            more.MovesRestUntil = VirtualHost.Timers.Now + QueuePaging.FailureMilliseconds;
        }

        if (isFirst)
        {
            _arena.Paging!.TellReadFailed(error);
        }
    }

    private void NoteAnswer()
    {
        if (_more is { MovesRestUntil: not 0 } more)
        {
            lock (_gate)
            {
                more.MovesRestUntil = 0;
            }
        }
    }

    /// <summary>When what died may be read back again; in the past if it may be now.</summary>
    internal long MovesRestUntil => _more?.MovesRestUntil ?? 0;

    /// <summary>Whether something that died has to be read before it can be moved.</summary>
    internal bool HasDyingPagedOut => _more is { HasDyingPagedOut: true };
}
