using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Journaling;

/// <content>What the log says of its own files, held against what is there.</content>
internal sealed partial class JournalRecovery
{
    /// <summary>What the last list says, without what may be gone since.</summary>
    private readonly SegmentTable<SegmentEntry> _listed = new();

    /// <summary>Files that an earlier run has missed. What was said of them since may be gone.</summary>
    private readonly HashSet<uint> _missed = [];

    /// <summary>Whether something behind the list, and the last mark, is damaged.</summary>
    private bool _hasGap;

    /// <summary>The first batch behind the list that has damage; 0 for none.</summary>
    private ulong _gapBatch;

    /// <summary>Whether definitions may be among what is damaged or missing.</summary>
    private bool _mayLackDefinitions;

    /// <summary>The last run, and what it is known to have had on the disk.</summary>
    private uint _lastRun;
    private ulong _syncedBatch;

    /// <summary>The newest segment that is known to have a batch on the disk; 0 where nobody has noted it.</summary>
    private uint _newest;

    /// <summary>The segment that the newest list that can be read stands in; 0 where there is none.</summary>
    private uint _lister;

    /// <summary>The newest file that is there, whatever is in it.</summary>
    private uint _newestFile;

    /// <summary>The newest file without a header that others miss.</summary>
    private uint _toldHeaderless;

    /// <summary>The segment that the last list stands in. If a batch in it was on the disk, so was everything in the list.</summary>
    private uint _listedIn;

    private NewestSegment? FindNewest(Guid? journal, ReadOnlySpan<uint> numbers)
    {
        NewestSegment? newest = null;
        try
        {
            newest = NewestSegment.Read(files, journal, out bool isSecond);
            _state.IsNewestSecond = isSecond;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A journal without it is whole, but what it may have told is not known: a start warns, a check counts it.
            _state.NewestFailure = error;
            if (IsReadOnly)
            {
                visitor.VisitDamage(new JournalDamage(NewestSegment.FileName, 0, 0, $"whether the last file of the journal is there: {error.Message}") { HasPlace = false });
            }
        }

        _newest = newest?.Number ?? 0;
        _newestFile = numbers.Length > 0 ? numbers[^1] : 0;
        _state.NextSegment = Math.Max(_state.NextSegment, _newest + 1);
        return newest;
    }

    /// <summary>
    /// The last segment ends anywhere, but not before the first batch that it is known to have. Of those before it the list tells: who is not in it may go, even one that never
    /// had a batch.
    /// </summary>
    /// <param name="isTold">Whether others say where it ends.</param>
    private void MissBatch(bool isTold)
    {
        if (!isTold && _segment.Number >= _lister && _segment.Number <= _newest && _segment.EndOffset == SegmentHeader.FirstRecordOffset)
        {
            HandleDamage(_segment.EndOffset, 0, SegmentReader.MissingEnd, 0);
            _segment.LeastEndOffset = _segment.EndOffset + RecordHeader.Octets;
        }
    }

    /// <summary>Where segments end, as the newest list that can be read says of those that were on the disk then. An end does not change, whatever came later.</summary>
    private Dictionary<uint, int> FindKnownEnds(SegmentTable<SegmentHeader> headers)
    {
        var ends = new Dictionary<uint, int>();
        for (int index = headers.Count - 1; index >= 0; index--)
        {
            if (headers.Values[index].Version >= SegmentHeader.ListedVersion && TryReadList(headers.Numbers[index], ends))
            {
                _lister = headers.Numbers[index];
                break;
            }
        }

        return ends;
    }

    private bool TryReadList(uint number, Dictionary<uint, int> ends)
    {
        using var file = files.Open(SegmentName.Of(number));
        var octets = new byte[RecordHeader.Octets];
        if (file.Length < SegmentHeader.FirstRecordOffset + octets.Length || file.Read(SegmentHeader.FirstRecordOffset, octets) < octets.Length)
        {
            return false;
        }

        var header = RecordHeader.Read(octets);
        if (header.Kind != RecordKind.Segments || !header.IsPlausible(file.Length - SegmentHeader.FirstRecordOffset))
        {
            return false;
        }

        octets = new byte[RecordHeader.RecordOctets(header.PayloadOctets)];
        if (file.Read(SegmentHeader.FirstRecordOffset, octets) < octets.Length || !header.Matches(octets, SegmentHeader.SeedOf(_state.Id, number))
            || !SegmentsPayload.TryRead(octets.AsSpan(RecordHeader.Octets, header.PayloadOctets), out var segments))
        {
            return false;
        }

        for (int index = 0; index < segments.Count; index++)
        {
            if (segments[index] is { Batch: 0 } known)
            {
                ends[known.Number] = known.EndOffset;
            }
            else if (segments[index].Batch == SegmentEntry.Missed)
            {
                _missed.Add(segments[index].Number);
            }
        }

        return true;
    }

    private bool TryHandleInventory(in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Kind == RecordKind.Segments && SegmentsPayload.TryRead(payload, out var segments))
        {
            _listed.Clear();
            _listedIn = _segment.Number;
            (_hasGap, _gapBatch) = (false, 0);
            for (int index = 0; index < segments.Count; index++)
            {
                _listed[segments[index].Number] = segments[index];
            }

            return true;
        }

        if (header.Kind != RecordKind.Gone)
        {
            return false;
        }

        for (; payload.Length >= sizeof(uint); payload = payload[sizeof(uint)..])
        {
            _listed.Remove(BinaryPrimitives.ReadUInt32LittleEndian(payload));
        }

        return true;
    }

    private void NoteSynced(in MarkPayload mark)
    {
        if (_hasGap)
        {
            _gapBatch = _gapBatch == 0 ? mark.Batch : _gapBatch;
            _hasGap = false;
        }

        _syncedBatch = mark.Run == _lastRun ? Math.Max(_syncedBatch, mark.SyncedBatch) : mark.SyncedBatch;
        _lastRun = mark.Run;
    }

    /// <summary>Tells of files that should be there. They are remembered, and missed at every start until the journal is repaired.</summary>
    private void TellLost()
    {
        // They may have gone in order, and what would say so is damaged. It was on the disk before they went: what never was there said nothing of the kind.
        bool mayBeGone = _hasGap || (_gapBatch != 0 && _gapBatch <= _syncedBatch);
        foreach (var entry in _listed.Values)
        {
            uint number = entry.Number;
            bool isMissed = entry.Batch == SegmentEntry.Missed;
            if (_state.Segments.ContainsKey(number) || (!isMissed && (mayBeGone || (entry.Batch > _syncedBatch && _newest < _listedIn))))
            {
                continue;
            }

            _state.Lost.Add(number, entry.EndOffset);
            if (!_headerless.ContainsKey(number))
            {
                _wasClosed = false;
                _mayLackDefinitions = true;
                string how = _missed.Contains(number) && files.List().Contains(SegmentName.Of(number)) ? "it was missed before, and is left aside now that it is back" : "it is not there";
                visitor.VisitDamage(new JournalDamage(SegmentName.Of(number), 0, entry.EndOffset, $"all records of the file: {how}") { HasPlace = false });
            }
        }

        if (!IsNewestThere())
        {
            _state.Lost[_newest] = SegmentHeader.FirstRecordOffset;
            _wasClosed = false;
            _mayLackDefinitions = true;
            uint before = LastBefore(_newest);
            string others = before + 1 < _newest ? ", nor are those before it that the journal still needed" : string.Empty;
            visitor.VisitDamage(new JournalDamage(SegmentName.Of(_newest), 0, 0, $"all records of the file: it is not there{others}") { HasPlace = false });
        }
    }

    /// <summary>
    /// What goes in order goes behind a later segment that says so, on the disk. A later file without any batch says nothing: it was begun by a start that came no further.
    /// </summary>
    private bool IsNewestThere()
    {
        bool isThere = _newest == 0 || _state.Segments.ContainsKey(_newest) || _toldHeaderless >= _newest || (_state.Lost.Count > 0 && _state.Lost.Numbers[^1] >= _newest);
        foreach (var segment in _state.Segments.Values)
        {
            isThere |= segment.Number > _newest && segment.EndOffset > SegmentHeader.FirstRecordOffset;
        }

        return isThere;
    }

    /// <summary>The last segment that is there before one; 0 for none.</summary>
    private uint LastBefore(uint number)
    {
        uint last = 0;
        foreach (uint there in _state.Segments.Numbers)
        {
            last = there < number ? there : last;
        }

        return last;
    }
}
