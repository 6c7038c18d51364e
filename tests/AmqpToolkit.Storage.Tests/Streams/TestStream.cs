using System.Text;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Storage.Tests.Streams;

/// <summary>A stream on a simulated disk, with a journal that commits it. Messages are texts.</summary>
internal sealed class TestStream : IDisposable
{
    private const string FolderName = "7";

    private readonly CommitWaiter _waiter = new();
    private readonly Journal _journal;
    private ulong _token;

    public TestStream(SimulatedDisk disk, StreamLogOptions? options = null, long segmentOctets = StreamLogOptions.UsualSegmentOctets, CommitLevel level = CommitLevel.Fsync, long knownEnd = 0, long knownFirst = -1)
    {
        var files = disk.Open();
        _journal = Journaling.Journal.Open(files, new JournalOptions { SegmentOctets = 64 * 1024, IdleWriteDelay = TimeSpan.FromMilliseconds(1) }, new RecordingVisitor());
        Log = new StreamLog(() => files.OpenFolder(FolderName), options ?? new StreamLogOptions())
        {
            Journal = () => _journal,
            Level = level,
            MaxSegmentOctets = segmentOctets,
            Damaged = damage =>
            {
                lock (Damage)
                {
                    Damage.Add(damage);
                }
            },
        };
        if (disk.FolderNames.Contains(FolderName))
        {
            Log.Recover(knownEnd, knownFirst);
        }
    }

    public StreamLog Log { get; }

    public Journal Journal => _journal;

    public List<JournalDamage> Damage { get; } = [];

    /// <summary>The folder of the stream.</summary>
    public static SimulatedDisk FolderOf(SimulatedDisk disk) => disk.Folder(FolderName);

    /// <summary>Appends in one go, without waiting.</summary>
    public void Append(long time, params IEnumerable<string> texts)
    {
        using var appender = Log.Append(time);
        foreach (string text in texts)
        {
            int octets = Encoding.UTF8.GetByteCount(text);
            Encoding.UTF8.GetBytes(text, appender.Add(octets));
        }
    }

    /// <summary>Asks for a commit of what was appended.</summary>
    public ulong Ask()
    {
        using var appender = _journal.Append();
        appender.Commit(_waiter, ++_token, Log.Level);
        return _token;
    }

    public void Wait(ulong token) => _waiter.Wait(token);

    public void WaitForAnswer(ulong token) => _waiter.WaitForAnswer(token);

    public bool IsCommitted(ulong token) => _waiter.Committed >= token;

    public Task Failed => _waiter.Failed;

    /// <summary>Appends and waits until it is committed.</summary>
    public void Publish(long time, params IEnumerable<string> texts)
    {
        Append(time, texts);
        Wait(Ask());
    }

    /// <summary>Everything from a position on.</summary>
    public List<(long Offset, string Text)> Read(StreamPosition start)
    {
        using var cursor = Log.Read(start);
        return Read(cursor);
    }

    /// <summary>Everything that a cursor has now.</summary>
    public static List<(long Offset, string Text)> Read(StreamCursor cursor)
    {
        var all = new List<(long Offset, string Text)>();
        while (cursor.Fill())
        {
            all.Add((cursor.NextOffset, Encoding.UTF8.GetString(cursor.Payload)));
            cursor.MoveNext();
        }

        return all;
    }

    public void Dispose()
    {
        _journal.Dispose();
        Log.Dispose();
    }
}
