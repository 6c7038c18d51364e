using System.Buffers.Binary;
using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// Takes the losses of a stream for what they are, so that nobody is told of them any more: where something is damaged a mark is written over it that says which offset comes
/// next, and where a file is missing one comes that has nothing but such a mark. Offsets stay what they are. Used once, by one thread; an interrupted one is run again.
/// </summary>
internal sealed class StreamRepair
{
    /// <summary>Octets that one mark is written over, but for a rest that is too small for another.</summary>
    private const int FillOctets = 1024 * 1024;

    private readonly IFileLayer _files;
    private readonly Action<string> _keep;
    private readonly HashSet<string> _kept = [];
    private readonly Guid _id;

    private StreamRepair(IFileLayer files, Guid id, Action<string> keep) => (_files, _id, _keep) = (files, id, keep);

    /// <summary>Repairs a stream.</summary>
    /// <param name="files">Its folder.</param>
    /// <param name="report">What a look through it has found.</param>
    /// <param name="keep">Called with the name of each file before it is changed or removed.</param>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void Run(IFileLayer files, StreamReport report, Action<string> keep)
    {
        var repair = new StreamRepair(files, report.Id ?? Guid.NewGuid(), keep);
        if (report.Id is null)
        {
            repair.RemoveAll();
        }

        foreach (var loss in report.Losses)
        {
            if (loss.File is null)
            {
                repair.StandIn(loss);
            }
            else if (report.Id is not null)
            {
                repair.Mend(loss);
            }
        }

        files.SyncFolder();
    }

    /// <summary>Without a header nobody can tell a record from noise.</summary>
    private void RemoveAll()
    {
        foreach (string name in _files.List().Where(static name => StreamSegment.TryParse(name, out _)))
        {
            Keep(name);
            _files.Delete(name);
        }
    }

    private void Keep(string name)
    {
        if (_kept.Add(name))
        {
            _keep(name);
        }
    }

    private void Mend(in StreamLoss loss)
    {
        Keep(loss.File!);
        using var file = _files.Open(loss.File!);
        if (loss.From < StreamSegmentHeader.FirstRecordOffset)
        {
            WriteHeader(file, loss.File!, loss.Timestamp);
        }
        else
        {
            Fill(file, loss);
        }

        file.Sync();
    }

    private void WriteHeader(IStoreFile file, string name, long timestamp)
    {
        _ = StreamSegment.TryParse(name, out long firstOffset);
        Span<byte> header = stackalloc byte[StreamSegmentHeader.FirstRecordOffset];
        new StreamSegmentHeader(StreamSegmentHeader.CurrentVersion, _id, firstOffset, timestamp).Write(header);
        file.Write(0, header);
    }

    /// <summary>Marks from end to end. What is damaged is one record at least, in the middle of a file, which is no smaller than a mark.</summary>
    private void Fill(IStoreFile file, in StreamLoss loss)
    {
        long at = loss.From;
        for (long left = Math.Max(StreamLog.MarkOctets, Align(loss.To - loss.From)); left > 0;)
        {
            int octets = left < FillOctets + StreamLog.MarkOctets ? (int)left : FillOctets;
            WriteMark(file, at, octets, loss.NextOffset, loss.Timestamp);
            at += octets;
            left -= octets;
        }
    }

    /// <summary>A file of the name is there if it has no whole message any more: then there is nothing in it to go around, and whoever opens the log finds no gap in its last file.</summary>
    private void StandIn(in StreamLoss loss)
    {
        string name = StreamSegment.NameOf(loss.From);
        if (_files.List().Contains(name))
        {
            using var there = _files.Open(name);
            if (there.Length >= StreamSegmentHeader.FirstRecordOffset)
            {
                Keep(name);
                long end = Math.Max(Align(there.Length), StreamSegmentHeader.FirstRecordOffset + StreamLog.MarkOctets);
                WriteHeader(there, name, loss.Timestamp);
                Fill(there, loss with { File = name, From = StreamSegmentHeader.FirstRecordOffset, To = end });
                there.Sync();
                return;
            }
        }

        if (_files.List().Contains(name))
        {
            Keep(name);
            _files.Delete(name);
        }

        using var file = _files.Create(name);
        WriteHeader(file, name, loss.Timestamp);
        WriteMark(file, StreamSegmentHeader.FirstRecordOffset, StreamLog.MarkOctets, loss.NextOffset, loss.Timestamp);
        file.Sync();
    }

    private void WriteMark(IStoreFile file, long at, int octets, long nextOffset, long timestamp)
    {
        byte[] record = new byte[octets];
        var payload = StreamRecord.Prepare(record, StreamRecordKind.Mark, octets - StreamRecord.Octets, nextOffset, timestamp);
        BinaryPrimitives.WriteInt64LittleEndian(payload, 0);
        StreamRecord.Seal(record, StreamSegmentHeader.SeedOf(_id));
        file.Write(at, record);
    }

    private static long Align(long octets) => (octets + StreamRecord.Alignment - 1) & -StreamRecord.Alignment;
}
