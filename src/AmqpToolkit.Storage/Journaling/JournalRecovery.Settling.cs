using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <content>What an earlier process may have left in the system's memory alone, and how it comes to the disk.</content>
internal sealed partial class JournalRecovery
{
    /// <summary>Marks that are remembered until a later one says that they were on the disk; where none ever does the oldest are of no use.</summary>
    private const int RememberedMarks = 256;

    /// <summary>The marks of the last run, the older first, of which nobody has said yet that they were on the disk.</summary>
    private readonly Queue<(ulong Batch, JournalLocation End)> _marks = [];
    private uint _settledRun;

    /// <summary>Everything before is known to have been on the disk.</summary>
    private JournalLocation _settledTo;

    private void NoteSettled(in MarkPayload mark, uint segment, long endOffset)
    {
        if (mark.Run != _settledRun)
        {
            // A run begins when what it has found is on the disk.
            _settledRun = mark.Run;
            _settledTo = new JournalLocation(mark.Run, 0);
            _marks.Clear();
        }

        while (_marks.TryPeek(out var known) && known.Batch <= mark.SyncedBatch)
        {
            _settledTo = known.End;
            _marks.Dequeue();
        }

        if (_marks.Count == RememberedMarks)
        {
            _marks.Dequeue();
        }

        _marks.Enqueue((mark.Batch, new JournalLocation(segment, (int)endOffset)));
    }

    /// <summary>
    /// What a killed process wrote may not be on the disk yet, its close included. It is made so before this one builds on it: before segments
    /// go because of an acknowledgement, or a copy, that a loss of power could still take.
    /// </summary>
    /// <remarks>A sync alone would not do where one has failed before.</remarks>
    private void Settle()
    {
        if (IsReadOnly)
        {
            return;
        }

        foreach (var segment in _state.Segments.Values)
        {
            if (segment.Number >= _settledTo.Segment)
            {
                WriteAgain(segment, segment.Number == _settledTo.Segment ? _settledTo.Offset : 0);
            }

            segment.File!.Sync();
        }

        files.SyncFolder();
    }

    /// <summary>Most file systems need no room for that; for those that do a spare makes way.</summary>
    private void WriteAgain(JournalSegment segment, int from)
    {
        while (true)
        {
            try
            {
                StoreFiles.WriteAgain(segment.File!, from, segment.EndOffset);
                return;
            }
            catch (IOException error) when (DiskErrors.IsFull(error) && _state.Spares.Count > 0)
            {
                files.Delete(_state.Spares[^1]);
                _state.Spares.RemoveAt(_state.Spares.Count - 1);
                files.SyncFolder();
            }
        }
    }
}
