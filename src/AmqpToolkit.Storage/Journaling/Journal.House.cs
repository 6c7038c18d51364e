using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <content>What becomes of segments: dead ones are removed or kept to be used again, mostly dead ones are copied forward.</content>
internal sealed partial class Journal
{
    /// <summary>Room for so many segments must be free before one is made that nobody needs yet.</summary>
    private const int SparesPerFreeRoom = 4;

    /// <summary>Octets of the first segment from which on the next one's file is made ready: more than what a start itself writes.</summary>
    private const int SpareFromOctets = 64 * 1024;

    private Task? _copying;
    private uint _spareNumber;

    /// <summary>Notes a segment that nobody needs any more. Under the gate.</summary>
    private void CheckDead(JournalSegment segment)
    {
        // Asked for each message that is done with: what the search below captures must not be made for it.
        if (segment.IsDead)
        {
            NoteDead(segment);
        }
    }

    private void NoteDead(JournalSegment segment)
    {
        if (_segments.ContainsKey(segment.Number) && !_dead.Exists(dead => dead.Segment == segment))
        {
            var dead = new DeadSegment(segment, _nextGroup);
            _dead.Add(dead);
            Stamp(dead, _filling.Number);
            CallHousekeeper();
        }
    }

    /// <summary>What frees a file may be the last that happens for long: a queue is drained, or deleted. Under the gate.</summary>
    private void CallHousekeeper()
    {
        _isHouseDue = true;
        if (_writerState == WriterState.Idle)
        {
            Wake();
        }
    }

    /// <summary>
    /// What made the segment dead may belong to a group: it holds only when the group's end is on the disk. Under the gate.
    /// </summary>
    private void Stamp(DeadSegment dead, ulong batch)
    {
        if (dead.Batch != 0)
        {
            return;
        }

        foreach (uint open in _openGroups.Keys)
        {
            if (open < dead.Group)
            {
                return;
            }
        }

        dead.Batch = batch;
    }

    private void KeepHouse()
    {
        try
        {
            RemoveDead();
            Prepare();
            Compact();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A file that cannot be removed or prepared costs room, not messages: the next turn tries again.
        }
    }

    /// <summary>
    /// First the file goes, then what others say about it may: should the system refuse, the segment stays dead, and the next turn tries
    /// again. The folder is synced with the next batch, and nothing that waits for this one goes before.
    /// </summary>
    private void RemoveDead()
    {
        while (FindDead() is { } dead)
        {
            Discard(dead.Segment);
            Release(dead);
        }
    }

    private DeadSegment? FindDead()
    {
        // Asked after each batch: a loop, for a lambda would be made each time.
        lock (_gate)
        {
            foreach (var dead in _dead)
            {
                if (dead.Segment.MayBeGone && dead.Batch <= _syncedBatch && dead.Segment.Readers == 0)
                {
                    return dead;
                }
            }

            return null;
        }
    }

    private void Release(DeadSegment dead)
    {
        uint number = dead.Segment.Number;
        lock (_gate)
        {
            _dead.Remove(dead);
            _segments.Remove(number);
            _row.Remove(dead.Segment);
            foreach (var other in _segments.Values)
            {
                other.ReleaseHold(number);
                CheckDead(other);
            }

            foreach (var removal in _definitions.TakeSettledRemovals(_segments.Numbers[0]))
            {
                Drop(removal.Location.Segment, removal.RecordOctets);
            }
        }
    }

    private void Discard(JournalSegment segment)
    {
        if (segment.File is not { } file)
        {
            return;
        }

        _dirty.Remove(segment);
        file.Dispose();
        string name = SegmentName.Of(segment.Number);
        if (segment.CapacityOctets != _options.SegmentOctets || !HasPlaceForSpare())
        {
            _files.Delete(name);
            _isFolderDirty = true;
            return;
        }

        string spare = SegmentName.OfSpare(++_spareNumber);
        _files.Rename(name, spare);
        _isFolderDirty = true;
        AddSpare(spare);
    }

    private bool HasPlaceForSpare()
    {
        lock (_spares)
        {
            return _spares.Count < _options.SpareSegments;
        }
    }

    private string? TakeSpare()
    {
        lock (_spares)
        {
            if (_spares.Count == 0)
            {
                return null;
            }

            string spare = _spares[^1];
            _spares.RemoveAt(_spares.Count - 1);
            return spare;
        }
    }

    private void AddSpare(string name)
    {
        lock (_spares)
        {
            _spares.Add(name);
        }
    }

    /// <summary>Writes the next segment's file beforehand, beside the writer.</summary>
    private void Prepare()
    {
        if (_options.SpareSegments == 0 || _preparing is { IsCompleted: false })
        {
            return;
        }

        lock (_spares)
        {
            if (_spares.Count > 0)
            {
                return;
            }
        }

        if (!IsSpareDue() || _files.FreeOctets() < SparesPerFreeRoom * (long)_options.SegmentOctets)
        {
            return;
        }

        _preparing = CreateSpareAsync(SegmentName.OfSpare(++_spareNumber));
    }

    /// <summary>
    /// A broker that starts, or that nobody publishes to, needs none: it would pay for the disk's work on a whole segment while its first
    /// client waits. The first segment is full at once where somebody does publish.
    /// </summary>
    private bool IsSpareDue()
    {
        lock (_gate)
        {
            return _tail.EndOffset >= SpareFromOctets || _tail.CapacityOctets == _options.SegmentOctets;
        }
    }

    /// <summary>Apart from <see cref="Prepare"/>, which is asked after each batch: what a lambda captures is made where its method begins.</summary>
    private Task CreateSpareAsync(string name) => RunAside(() => CreateSpare(name));

    /// <summary>Work that waits for the disk has a thread of its own: one of the pool would be missing where connections are read.</summary>
    private static Task RunAside(Action work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void CreateSpare(string name)
    {
        try
        {
            using var file = _files.Create(name);
            Zeros.Write(file, _options.SegmentOctets);
            file.Sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Without a spare the writer makes a file itself, and meets the same error where it can say so.
            TryDelete(name);
            return;
        }

        AddSpare(name);
    }

    private void TryDelete(string name)
    {
        try
        {
            _files.Delete(name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is looked at again when the journal is opened.
        }
    }
}
