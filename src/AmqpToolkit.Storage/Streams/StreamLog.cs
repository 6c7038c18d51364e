using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// One stream: an append-only log of its own, in segments, of messages that have an offset and a time. Any thread appends, into memory; with a journal that
/// journal's thread writes and syncs, so that one commit covers both, else the appending thread itself. Readers see what is committed, and nothing that a crash
/// could take back.
/// </summary>
/// <remarks>
/// <para>The format is drawn in docs/streams.md.</para>
/// <para>Locks: the writer's, then the log's own, which is a leaf. Nobody waits for a file under the log's own.</para>
/// </remarks>
/// <param name="openFolder">Gets the stream's folder; called once, when there is something to write or to read.</param>
/// <param name="options">Sizes.</param>
internal sealed partial class StreamLog(Func<IFileLayer> openFolder, StreamLogOptions options) : IJournalCompanion, IDisposable
{
    private readonly Lock _gate = new();
    private IFileLayer? _files;
    private Guid _id = Guid.NewGuid();
    private long _endOffset;
    private long _syncedEndOffset;
    private long _maxSegmentOctets = StreamLogOptions.UsualSegmentOctets;
    private long _octets;
    private int _cursors;

    /// <summary>In the order of their offsets. Replaced under the log's lock, read without.</summary>
    private volatile StreamSegments _segments = StreamSegments.None;
    private volatile bool _hasEnded;

    /// <summary>The journal that is to write this log with its own commits; null to have it written by who appends.</summary>
    public Func<Journal>? Journal { get; init; }

    /// <summary>When a message counts as committed. Any thread may change it.</summary>
    public CommitLevel Level { get; set; }

    /// <summary>Octets of a segment from which on another is begun. Any thread may change it.</summary>
    public long MaxSegmentOctets
    {
        get => Volatile.Read(ref _maxSegmentOctets);
        set => Volatile.Write(ref _maxSegmentOctets, value);
    }

    /// <summary>Called when more is committed, with whether a segment was begun. On the thread that wrote; must not wait.</summary>
    public Action<bool>? Committed { get; set; }

    /// <summary>Called when damage is met. Any thread.</summary>
    public Action<JournalDamage>? Damaged { get; set; }

    /// <summary>The offset of the first message that is there; <see cref="EndOffset"/> when there is none.</summary>
    public long FirstOffset => _segments is { Count: > 0 } segments ? Math.Min(segments[0].FirstOffset, EndOffset) : EndOffset;

    /// <summary>The offset behind the last message that is committed.</summary>
    public long EndOffset => Volatile.Read(ref _endOffset);

    /// <summary>The offset behind the last message that is known to be on the disk; 0 when none is.</summary>
    public long SyncedEndOffset => Volatile.Read(ref _syncedEndOffset);

    /// <summary>Whether there is a folder for it: it was written, or found.</summary>
    public bool HasFolder => _files is not null;

    /// <summary>Octets of the segments.</summary>
    public long Octets => Volatile.Read(ref _octets);

    /// <summary>How many read it now.</summary>
    public int CursorCount => Volatile.Read(ref _cursors);

    internal uint Seed => StreamSegmentHeader.SeedOf(_id);

    /// <summary>
    /// Drops the oldest segments, as long as there is another: those that make the log longer than it may be, and those whose messages are all too old.
    /// </summary>
    /// <param name="maxOctets">Octets that the log may have.</param>
    /// <param name="oldest">Messages of before this time are too old, in milliseconds since 1970.</param>
    /// <param name="note">Told the offset that is the first from now on, and what removes the files: to be called when that is kept. Null to have them removed at once.</param>
    public void Trim(long? maxOctets, long? oldest, Action<long, Action>? note = null)
    {
        var dropped = new List<StreamSegment>();
        lock (_gate)
        {
            var segments = _segments;

            // The last one is being written, and one before it may be in the making.
            while (dropped.Count < segments.Count - 1 && segments[dropped.Count + 1] is { CommittedOctets: > 0 } next
                && (_octets > maxOctets || next.FirstTimestamp <= oldest))
            {
                _octets -= segments[dropped.Count].CommittedOctets;
                dropped.Add(segments[dropped.Count]);
            }

            _segments = segments.Skip(dropped.Count);
        }

        if (dropped.Count > 0 && note is not null)
        {
            note(_segments[0].FirstOffset, () => dropped.ForEach(static segment => segment.Drop()));
            return;
        }

        dropped.ForEach(static segment => segment.Drop());
    }

    /// <summary>
    /// Where a commit does not mean the disk: waits until all that was committed is there. <see cref="SyncedEndOffset"/> says so then.
    /// </summary>
    /// <param name="knownEnd">The offset up to which it is known to be there.</param>
    /// <param name="mayGoOn">Asked before each file whether there is time.</param>
    /// <exception cref="IOException">It may not be there.</exception>
    public void SyncAll(long knownEnd, Func<bool> mayGoOn)
    {
        lock (_writerGate)
        {
            long end = EndOffset;
            var segments = _segments;
            for (int index = 0; index < segments.Count; index++)
            {
                bool isKnown = index + 1 < segments.Count && segments[index + 1].FirstOffset <= knownEnd;
                if (!isKnown && !mayGoOn())
                {
                    return;
                }

                if (!isKnown && segments[index].Acquire() is { } file)
                {
                    try
                    {
                        file.Sync();
                    }
                    finally
                    {
                        segments[index].Release();
                    }
                }
            }

            if (segments.Count > 0 && !_hasEnded)
            {
                _files!.SyncFolder();
                Volatile.Write(ref _syncedEndOffset, end);
            }
        }
    }

    /// <summary>Ends the log and removes its files, each when nobody reads it any more. May wait for the writer.</summary>
    public void Drop()
    {
        End(isInOrder: false);
        var segments = _segments;
        for (int index = 0; index < segments.Count; index++)
        {
            segments[index].Drop();
        }
    }

    /// <summary>Closes the log. Nothing may be on its way.</summary>
    public void Dispose() => End(isInOrder: true);
}
