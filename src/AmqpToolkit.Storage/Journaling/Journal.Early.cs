namespace AmqpToolkit.Storage.Journaling;

/// <content>
/// What gathers while a sync runs is not left in memory until that returns, which may take seconds: a second thread writes it after the same short time in
/// which it would be written without a sync. Who waits for it is told with the next sync. While syncs are shorter than that, this thread does nothing.
/// </content>
internal sealed partial class Journal
{
    /// <summary>Looks without a sync in between after which the thread sleeps until there is one.</summary>
    private const int LooksBeforeSleep = 50;

    /// <summary>Held by who writes to files beside the writer, and while the writer begins or ends a sync. Before <see cref="_gate"/>.</summary>
    private readonly Lock _writeGate = new();
    private readonly List<JournalWait> _earlyWaiters = [];
    private readonly AutoResetEvent _syncBegan = new(initialState: false);
    private readonly Thread _earlyWriter;
    private volatile bool _hasEarly;
    private volatile bool _sleepsWithoutSync = true;
    private volatile bool _isSyncing;
    private volatile bool _isEarlyOver;
    private int _syncCount;
    private bool _earlyNeedsSync;
    private long _earlyOctets;

    /// <summary>From here on what is written is for the next sync.</summary>
    /// <returns>Whether the folder is to be synced.</returns>
    private bool BeginSync()
    {
        bool isFolderDirty;
        lock (_writeGate)
        {
            (_dirty, _syncing) = (_syncing, _dirty);
            foreach (var segment in _syncing)
            {
                segment.IsDirty = false;
            }

            isFolderDirty = _isFolderDirty;
            _isFolderDirty = false;
            _isSyncing = true;
        }

        Interlocked.Increment(ref _syncCount);
        if (_sleepsWithoutSync)
        {
            _syncBegan.Set();
        }

        return isFolderDirty;
    }

    private void EndSync()
    {
        // Not before the other thread has come to the end of what it writes.
        lock (_writeGate)
        {
            _isSyncing = false;
            _syncing.Clear();
        }
    }

    /// <summary>Who waits for what was written early waits for this batch, and hears before those who came with it.</summary>
    private void TakeEarly(JournalBatch batch)
    {
        if (!_hasEarly)
        {
            return;
        }

        lock (_writeGate)
        {
            batch.Waiters.InsertRange(0, _earlyWaiters);
            batch.NeedsSync |= _earlyNeedsSync;
            batch.Octets += _earlyOctets;
            _earlyWaiters.Clear();
            (_earlyNeedsSync, _earlyOctets, _hasEarly) = (false, 0, false);
        }
    }

    private void WriteEarly()
    {
        int idle = 0;
        int seen = 0;
        while (!_isEarlyOver)
        {
            _syncBegan.WaitOne(_sleepsWithoutSync ? Timeout.InfiniteTimeSpan : _options.IdleWriteDelay);
            int count = Volatile.Read(ref _syncCount);
            idle = seen == count && !_isSyncing ? idle + 1 : 0;
            if (seen == count)
            {
                // The sync that ran when it looked last runs still, or none does.
                WriteWhatGathered();
            }

            seen = count;
            _sleepsWithoutSync = idle >= LooksBeforeSleep;
            Interlocked.MemoryBarrier();
            if (_sleepsWithoutSync && seen != Volatile.Read(ref _syncCount))
            {
                // One began while it lay down, and may have seen it awake.
                _sleepsWithoutSync = false;
            }
        }
    }

    private void WriteWhatGathered()
    {
        lock (_writeGate)
        {
            if (!_isSyncing || _failure is not null || TakeWhatGathered() is not { } batch)
            {
                return;
            }

            try
            {
                foreach (var chunk in batch.Chunks)
                {
                    RecordHeader.Seal(chunk.Records, chunk.Segment.Seed);
                    WriteWhenThereIsRoom(chunk);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                _failure = error;
            }

            _earlyWaiters.AddRange(batch.Waiters);
            _earlyNeedsSync |= batch.NeedsSync;
            _earlyOctets += batch.Octets;
            _hasEarly |= _earlyWaiters.Count > 0 || _earlyNeedsSync || _earlyOctets > 0;
            lock (_gate)
            {
                _writing = null;
                batch.Reset();
                _freeBatches.Push(batch);
            }
        }
    }

    /// <summary>Other logs are written and synced by the writer alone.</summary>
    private JournalBatch? TakeWhatGathered()
    {
        lock (_gate)
        {
            return _filling.Chunks.Count > 0 && _filling.Companions.Count == 0 ? Swap() : null;
        }
    }
}
