using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AmqpToolkit.Storage.Journaling;

/// <content>
/// What the log says of its own files, so that one which is cut or taken away behind its back is missed: each segment begins with a list of those before it, and the
/// last one of a run that is closed in order has nothing else. A file goes only when a record behind the list says that it may.
/// </content>
internal sealed partial class Journal
{
    /// <summary>Files that an earlier run knew and this one has not found, with their ends: they are missed until the journal is repaired.</summary>
    private readonly SegmentTable<int> _lost;

    /// <summary>Begins a segment with the list of those before it. Under the gate.</summary>
    /// <param name="capacityOctets">Octets that it is to have, or more if what follows needs that.</param>
    /// <param name="continues">The segment that was full, or 0.</param>
    /// <param name="octets">Octets of the record that it must have room for.</param>
    [MemberNotNull(nameof(_tail))]
    private void BeginSegment(int capacityOctets, uint continues, int octets)
    {
        var entries = ListSegments();
        int payloadOctets = entries.Count * SegmentsPayload.EntryOctets;
        int listOctets = (int)RecordHeader.RecordOctets(payloadOctets);
        _tail = AddSegment(Math.Max(capacityOctets, SegmentHeader.FirstRecordOffset + listOctets + octets + MarkOctets), continues);
        SegmentsPayload.Write(Place(RecordKind.Segments, payloadOctets, listOctets, 0, out _), entries);
    }

    private List<SegmentEntry> ListSegments()
    {
        var entries = new List<SegmentEntry>(_lost.Count + _segments.Count);
        foreach (uint number in _lost.Numbers)
        {
            entries.Add(new SegmentEntry(number, _lost[number], SegmentEntry.Missed));
        }

        ulong syncedBatch = Volatile.Read(ref _syncedBatch);
        foreach (var segment in _segments.Values)
        {
            if (!segment.MayBeGone)
            {
                entries.Add(new SegmentEntry(segment.Number, segment.KnownEndOffset, segment.SealBatch <= syncedBatch ? 0 : segment.SealBatch));
            }
        }

        return entries;
    }

    /// <summary>Says which files may be missing from here on. They go when this is on the disk, too. Under the gate, before the batch gets its mark.</summary>
    private void TellGone()
    {
        int count = 0;
        foreach (var dead in _dead)
        {
            count += MayTell(dead) ? 1 : 0;
        }

        if (count == 0 || _isClosing)
        {
            return;
        }

        int payloadOctets = count * sizeof(uint);
        int octets = (int)RecordHeader.RecordOctets(payloadOctets);
        if (_tail.EndOffset + octets + MarkOctets > _tail.CapacityOctets)
        {
            Roll(octets);
        }

        var payload = Place(RecordKind.Gone, payloadOctets, octets, 0, out _);
        for (int index = 0; !payload.IsEmpty; index++)
        {
            // What has died with the segment that was full now stands behind these, and is told next time.
            if (MayTell(_dead[index]))
            {
                BinaryPrimitives.WriteUInt32LittleEndian(payload, _dead[index].Segment.Number);
                payload = payload[sizeof(uint)..];
                _dead[index].Segment.MayBeGone = true;
                _dead[index].Batch = _filling.Number;
            }
        }
    }

    private void TrySyncFolder()
    {
        try
        {
            _files.SyncFolder();
        }
        catch (IOException)
        {
            // Then a loss of power may bring the half segment back, and messages are told to be redelivered that were not.
        }
    }

    private static bool MayTell(DeadSegment dead) => dead is { Batch: not 0, Segment.MayBeGone: false };

    /// <summary>
    /// Everything is written and synced: says so where it does not stand or fall with what it speaks of. The log has its close without this, so that an error here costs
    /// nothing but the knowledge. After the threads have ended.
    /// </summary>
    private void WriteEnd()
    {
        int octets = (int)RecordHeader.RecordOctets(0);
        BeginSegment(0, continues: 0, octets);
        Place(RecordKind.Close, 0, octets, 0, out _);
        WriteMark(_filling.Number, isSealing: false);
        try
        {
            foreach (var chunk in _filling.Chunks)
            {
                RecordHeader.Seal(chunk.Records, chunk.Segment.Seed);
                WriteChunk(chunk);
            }

            Sync();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Half of it would look as if something had been on its way.
            if (_tail.File is { } file)
            {
                file.Dispose();
                TryDelete(SegmentName.Of(_tail.Number));
                TrySyncFolder();
            }
        }
    }
}
