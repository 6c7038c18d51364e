using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <content>The thread that writes and syncs.</content>
internal sealed partial class Journal
{
    /// <summary>Octets of the record that ends a batch or a segment.</summary>
    private const int MarkOctets = RecordHeader.Octets + MarkPayload.Octets;

    private static readonly TimeSpan FullRetryDelay = TimeSpan.FromMilliseconds(200);

    private List<JournalSegment> _dirty = [];
    private List<JournalSegment> _syncing = [];
    private readonly List<string> _spares;
    private bool _isFolderDirty;
    private ulong _syncedBatch;
    private Task? _preparing;

    /// <summary>Whether a segment is dead, or nobody reads a dead one any more: it goes although nothing is to be written.</summary>
    private bool _isHouseDue;

    private void Write()
    {
        while (TakeBatch() is { } batch)
        {
            TakeEarly(batch);
            if (_failure is null)
            {
                WriteBatch(batch);
            }

            Tell(batch);
            lock (_gate)
            {
                _backlogOctets -= batch.Octets;
                _writing = null;
            }

            batch.Reset();
            lock (_gate)
            {
                _freeBatches.Push(batch);
            }

            if (_failure is null)
            {
                KeepHouse();
            }
        }
    }

    /// <summary>Waits for a batch and puts the other in its place.</summary>
    /// <remarks>
    /// After a batch it dozes before it sleeps, so that in steady traffic nobody has to wake it but those who wait: to wake a thread costs both
    /// more than most of what they write, and a thread that wakes with the first record finds the lock taken by the one who writes the second.
    /// </remarks>
    /// <returns>Null when the journal is closed and everything is written.</returns>
    private JournalBatch? TakeBatch()
    {
        bool hasDozed = false;
        while (true)
        {
            int wait;
            lock (_gate)
            {
                bool isEmpty = _filling.IsEmpty && !_isHouseDue;
                bool isDue = _filling.Waiters.Count > 0 || _filling.IsAwaited || _isClosing || hasDozed;
                if (_hasEarly || (!isEmpty && isDue))
                {
                    return Swap();
                }

                if (isEmpty && _isClosing)
                {
                    _isOver = true;
                    return null;
                }

                bool sleeps = isEmpty && hasDozed;
                _writerState = sleeps ? WriterState.Idle : WriterState.Dozing;
                wait = sleeps ? Timeout.Infinite : (int)_options.IdleWriteDelay.TotalMilliseconds;
            }

            hasDozed = !_signal.WaitOne(wait);
            lock (_gate)
            {
                _writerState = WriterState.Awake;
            }
        }
    }

    private JournalBatch Swap()
    {
        var batch = _filling;
        _isHouseDue = false;
        foreach (var dead in _dead)
        {
            Stamp(dead, batch.Number);
        }

        TellGone();
        foreach (var dead in _dead)
        {
            batch.NeedsSync |= dead.Batch == batch.Number;
        }

        if (batch.Chunks.Count > 0)
        {
            WriteMark(batch.Number, isSealing: false);
        }

        _writing = batch;
        _filling = _freeBatches.TryPop(out var free) ? free : new JournalBatch();
        _filling.Number = batch.Number + 1;
        return batch;
    }

    /// <summary>Ends what is written in one go. Its room is kept free. Under the gate.</summary>
    private void WriteMark(ulong batch, bool isSealing) =>
        new MarkPayload(batch, Volatile.Read(ref _syncedBatch), isSealing, _run).Write(Place(RecordKind.Mark, MarkPayload.Octets, MarkOctets, 0, out _));

    private void WriteBatch(JournalBatch batch)
    {
        try
        {
            WriteCompanions(batch);
            foreach (var chunk in batch.Chunks)
            {
                RecordHeader.Seal(chunk.Records, chunk.Segment.Seed);
                WriteWhenThereIsRoom(chunk);
            }

            if (batch.NeedsSync)
            {
                Sync(notesNewest: true);
                Volatile.Write(ref _syncedBatch, batch.Number);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What the system dropped cannot be had again by asking twice.
            _failure = error;
        }
    }

    private void WriteChunk(JournalChunk chunk)
    {
        var segment = chunk.Segment;
        var file = segment.File ??= OpenSegment(segment);
        file.Write(chunk.Offset, chunk.Records);
        segment.WrittenOffset = chunk.Offset + chunk.Count;
        if (!segment.IsDirty)
        {
            segment.IsDirty = true;
            _dirty.Add(segment);
        }
    }

    /// <summary>
    /// A full disk is no failure: nothing is lost as long as it waits here, and publishers are asked to wait, too. Who closes waits for one more try.
    /// </summary>
    private void WriteWhenThereIsRoom(JournalChunk chunk)
    {
        while (true)
        {
            bool isLast = Volatile.Read(ref _isClosing);
            try
            {
                WriteChunk(chunk);
                SetFull(false);
                return;
            }
            catch (IOException error) when (DiskErrors.IsFull(error) && !isLast)
            {
                SetFull(true);
                _signal.WaitOne(FullRetryDelay);
            }
        }
    }

    private void SetFull(bool isFull)
    {
        if (_isFull != isFull)
        {
            _isFull = isFull;
            FullChanged?.Invoke(isFull);
        }
    }

    private IStoreFile OpenSegment(JournalSegment segment)
    {
        string name = SegmentName.Of(segment.Number);
        string? spare = segment.CapacityOctets == _options.SegmentOctets ? TakeSpare() : null;
        if (spare is not null)
        {
            _files.Rename(spare, name);

            // Before its octets change the disk has to know what it no longer is, and what went before it.
            _files.SyncFolder();
        }

        var file = spare is null ? _files.Create(name) : _files.Open(name);
        try
        {
            _isFolderDirty = true;
            if (spare is null && segment.CapacityOctets == FirstSegmentOctets)
            {
                Zeros.Write(file, segment.CapacityOctets);
            }

            WriteHeader(file, segment);
            return file;
        }
        catch
        {
            file.Dispose();
            _files.Delete(name);
            throw;
        }
    }

    private void WriteHeader(IStoreFile file, JournalSegment segment)
    {
        var header = new byte[SegmentHeader.FirstRecordOffset];
        var fields = new SegmentHeader(SegmentHeader.CurrentVersion, segment.Number, _id, segment.CapacityOctets, segment.Continues);
        fields.Write(header);
        fields.Write(header.AsSpan(SegmentHeader.CopyOffset));
        file.Write(0, header);
    }

    /// <param name="notesNewest">Whether what is synced has the marks that end its batches. Others may write meanwhile, as during a sync.</param>
    private void Sync(bool notesNewest = false)
    {
        bool isFolderDirty = BeginSync();
        try
        {
            foreach (var segment in _syncing)
            {
                segment.File!.Sync();
                _syncedSegment = Math.Max(_syncedSegment, segment.Number);
            }

            if (isFolderDirty)
            {
                _files.SyncFolder();
            }

            if (notesNewest)
            {
                NoteNewest();
            }
        }
        finally
        {
            EndSync();
        }
    }

    private void Tell(JournalBatch batch)
    {
        var failure = _failure;
        foreach (var companion in batch.Companions)
        {
            if (failure is null)
            {
                companion.HandleCommitted();
            }
            else
            {
                companion.HandleFailed();
            }
        }

        foreach (var wait in batch.Waiters)
        {
            if (failure is null)
            {
                wait.Waiter.HandleCommitted(wait.Token);
            }
            else
            {
                wait.Waiter.HandleFailed(wait.Token, failure);
            }
        }

        if (batch.Waiters.Count > 0)
        {
            Told?.Invoke();
        }
    }
}
