using System.Buffers.Binary;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <content>What the writing thread does: one at a time, under the writer's lock.</content>
internal sealed partial class StreamLog
{
    /// <summary>Octets of the record that ends what is written in one go.</summary>
    internal const int MarkOctets = StreamRecord.Octets + sizeof(long);

    private readonly Lock _writerGate = new();

    /// <summary>What is to be written. It stays until it is, so that a disk that was full is tried again where it was.</summary>
    private readonly Queue<BlockPart> _toWrite = [];

    /// <summary>What is written and not committed.</summary>
    private readonly List<BlockPart> _written = [];

    /// <summary>Segments that have something which is not committed.</summary>
    private readonly List<StreamSegment> _touched = [];
    private StreamSegment? _tail;
    private IStoreFile? _tailFile;
    private bool _isDirty;
    private bool _isFolderDirty;
    private bool _hasBegunSegment;
    private ulong _batch;

    /// <inheritdoc/>
    ref ulong IJournalCompanion.Batch => ref _batch;

    /// <inheritdoc/>
    void IJournalCompanion.Write()
    {
        lock (_writerGate)
        {
            Write();
        }
    }

    /// <inheritdoc/>
    void IJournalCompanion.Sync()
    {
        lock (_writerGate)
        {
            if (Level == CommitLevel.Fsync)
            {
                Sync();
            }
        }
    }

    /// <inheritdoc/>
    void IJournalCompanion.HandleCommitted()
    {
        lock (_writerGate)
        {
            Commit();
        }
    }

    /// <inheritdoc/>
    void IJournalCompanion.HandleFailed()
    {
        lock (_writerGate)
        {
            Discard();
        }
    }

    private void Write()
    {
        if (_hasEnded)
        {
            return;
        }

        if (_toWrite.Count == 0)
        {
            Gather();
        }

        while (_toWrite.TryPeek(out var part))
        {
            Write(in part);
            _written.Add(part);
            _toWrite.Dequeue();
        }
    }

    private void Sync()
    {
        if (_isDirty)
        {
            _tailFile!.Sync();
            _tail!.SyncedOctets = _tail.Octets;
            _isDirty = false;
        }

        if (_isFolderDirty)
        {
            _files!.SyncFolder();
            _isFolderDirty = false;
        }

        if (_written.Count > 0)
        {
            Volatile.Write(ref _syncedEndOffset, _written[^1].EndOffset);
        }
    }

    private void Commit()
    {
        bool hasBegunSegment = _hasBegunSegment;
        if (_written.Count == 0 || _hasEnded)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var segment in _touched)
            {
                _octets += segment.Octets - segment.CommittedOctets;
                segment.CommittedOctets = segment.Octets;
                if (segment != _tail)
                {
                    // Whoever looks for a place in it from now on reads the file.
                    segment.Index = null;
                }
            }

            foreach (var part in _written)
            {
                part.Block.CommittedEnd = part.EndOffset;
                part.Block.Committed = part.To;
                part.Block.Release();
            }

            Volatile.Write(ref _endOffset, _written[^1].EndOffset);
            Prune();
        }

        _written.Clear();
        _touched.Clear();
        _touched.Add(_tail!);
        _hasBegunSegment = false;
        Committed?.Invoke(hasBegunSegment);
    }

    /// <summary>Takes up what was appended, with a mark behind it.</summary>
    private void Gather()
    {
        lock (_gate)
        {
            if (_blocks.Count == 0 || _blocks[^1] is var last && last.Gathered == last.Count)
            {
                return;
            }

            var mark = last.Octets.AsSpan(last.Count, MarkOctets);
            StreamRecord.Prepare(mark, StreamRecordKind.Mark, sizeof(long), _nextOffset, _lastTimestamp);
            last.Count += MarkOctets;
            for (int index = 0; index < _blocks.Count; index++)
            {
                var block = _blocks[index];
                if (block.Gathered < block.Count)
                {
                    long end = index + 1 < _blocks.Count ? _blocks[index + 1].FirstOffset : _nextOffset;
                    _toWrite.Enqueue(new BlockPart(block, block.Gathered, block.Count, end));
                    block.Gathered = block.Count;
                    block.Retain();
                }
            }
        }
    }

    private void Write(in BlockPart part)
    {
        var octets = part.Block.Octets.AsSpan(part.From, part.To - part.From);
        if (_tail is null || (_tail.Octets > StreamSegmentHeader.FirstRecordOffset && _tail.Octets + octets.Length > MaxSegmentOctets))
        {
            var first = StreamRecord.Read(octets);
            BeginSegment(first.Offset, first.Timestamp);
        }

        Seal(octets);
        _tailFile!.Write(_tail!.Octets, octets);
        _tail.Octets += octets.Length;
        _isDirty = true;
    }

    /// <summary>Writes the sums of records, and what stands in them only now; notes where they stand.</summary>
    private void Seal(Span<byte> octets)
    {
        uint seed = Seed;
        for (int at = 0; at < octets.Length;)
        {
            var record = StreamRecord.Read(octets[at..]);
            var whole = octets.Slice(at, record.WholeOctets);
            if (record.Kind == StreamRecordKind.Message)
            {
                _tail!.Index!.Add(new StreamIndexEntry(record.Offset, record.Timestamp, _tail.Octets + at));
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(whole[StreamRecord.Octets..], _tail!.SyncedOctets);
            }

            StreamRecord.Seal(whole, seed);
            at += record.WholeOctets;
        }
    }

    /// <summary>Ends the segment at hand and begins another.</summary>
    private void BeginSegment(long firstOffset, long firstTimestamp)
    {
        EndSegment();
        _files ??= openFolder();
        var segment = new StreamSegment(_files, firstOffset, firstTimestamp) { Index = new StreamIndex(), Octets = StreamSegmentHeader.FirstRecordOffset };
        var file = _files.Create(segment.Name);
        try
        {
            Span<byte> header = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
            new StreamSegmentHeader(StreamSegmentHeader.CurrentVersion, _id, firstOffset, firstTimestamp).Write(header);
            file.Write(0, header);
        }
        catch
        {
            file.Dispose();
            _files.Delete(segment.Name);
            throw;
        }

        segment.Begin(file);
        (_tail, _tailFile, _isDirty, _isFolderDirty, _hasBegunSegment) = (segment, file, true, true, true);
        _touched.Add(segment);
        lock (_gate)
        {
            _segments = _segments.Add(segment);
        }
    }

    /// <summary>
    /// Writes the index behind a segment that is full. It is on the disk before the next one is begun: of the segments on a disk only the last can have an end that is
    /// torn.
    /// </summary>
    private void EndSegment()
    {
        if (_tail is not { } tail)
        {
            return;
        }

        var index = tail.Index!;
        int payloadOctets = index.PayloadOctets;
        byte[] record = new byte[StreamRecord.WholeOctetsOf(payloadOctets)];
        var first = _toWrite.Peek();
        var next = StreamRecord.Read(first.Block.Octets.AsSpan(first.From));
        index.Write(StreamRecord.Prepare(record, StreamRecordKind.Index, payloadOctets, next.Offset, next.Timestamp), tail.Octets);
        StreamRecord.Seal(record, Seed);
        _tailFile!.Write(tail.Octets, record);
        tail.Octets += record.Length;
        _isDirty = true;
        if (Level == CommitLevel.Fsync)
        {
            Sync();
        }

        (_tail, _tailFile) = (null, null);
        tail.Release();
    }

    private void End(bool isInOrder)
    {
        lock (_writerGate)
        {
            if (_hasEnded)
            {
                return;
            }

            if (isInOrder && _tail is not null && _tail.SyncedOctets == _tail.Octets)
            {
                WriteLastMark(_tail);
            }

            _hasEnded = true;
            Discard();
            _tail?.Release();
            (_tail, _tailFile, _isDirty, _isFolderDirty) = (null, null, false, false);
        }
    }

    /// <summary>Notes that everything is on the disk: damage to the last messages is known as such then.</summary>
    private void WriteLastMark(StreamSegment tail)
    {
        byte[] mark = new byte[MarkOctets];
        BinaryPrimitives.WriteInt64LittleEndian(StreamRecord.Prepare(mark, StreamRecordKind.Mark, sizeof(long), _nextOffset, _lastTimestamp), tail.SyncedOctets);
        StreamRecord.Seal(mark, Seed);
        try
        {
            _tailFile!.Write(tail.Octets, mark);
        }
        catch (IOException)
        {
            // It is said for nobody's sake but damage's.
        }
    }

    /// <summary>Drops what is not written, and what was and will never be committed.</summary>
    private void Discard()
    {
        foreach (var part in _toWrite.Concat(_written))
        {
            part.Block.Release();
        }

        _toWrite.Clear();
        _written.Clear();
        lock (_gate)
        {
            foreach (var block in _blocks)
            {
                block.Release();
            }

            _blocks.Clear();
        }
    }

    /// <summary>A part of a block that is written in one go, and the offset behind its last message.</summary>
    private readonly record struct BlockPart(StreamBlock Block, int From, int To, long EndOffset);
}
