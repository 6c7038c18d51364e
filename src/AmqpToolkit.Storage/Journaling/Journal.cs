using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Journaling;

/// <summary>
/// One append-only log for all queues of a broker: messages, what queues are done with, definitions. Any thread appends, into memory,
/// under one short lock; one thread writes, syncs, and tells those who wait. While it does, the next batch gathers, so that one sync
/// serves all who came in the meantime, without a timer.
/// </summary>
/// <remarks>
/// <para>The format is drawn in docs/journal.md. The gate is a leaf: nothing else is locked under it.</para>
/// <para>After an error of a sync nothing more is committed: what the system dropped is not there to be tried again.</para>
/// </remarks>
internal sealed partial class Journal : IDisposable
{
    /// <summary>The first segment of a run is written beforehand by the writer itself, so that the first syncs are as cheap as later ones.</summary>
    private const int FirstSegmentOctets = 4 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly IFileLayer _files;
    private readonly JournalOptions _options;
    private readonly Guid _id;
    private readonly SegmentTable<JournalSegment> _segments;

    /// <summary>The same in a row, which is passed after each batch: a tree makes something for each pass.</summary>
    private readonly List<JournalSegment> _row;
    private readonly MessageTable _messages;
    private readonly ContentTable _contents;
    private readonly Dictionary<StoredMessage, UpdateEntry> _updates;
    private readonly DefinitionTable _definitions;
    private readonly Dictionary<uint, OpenGroup> _openGroups = [];
    private readonly Stack<OpenGroup> _freeGroups = [];
    private readonly HashSet<uint> _brokenGroups;
    private readonly uint _run;
    private readonly List<DeadSegment> _dead = [];
    private readonly Thread _writer;
    private readonly AutoResetEvent _signal = new(initialState: false);
    private JournalBatch _filling = new();
    private readonly Stack<JournalBatch> _freeBatches = [];
    private JournalSegment _tail;
    private uint _nextSegment;
    private uint _nextGroup;
    private ulong _nextContent;
    private WriterState _writerState;
    private bool _isClosing;

    /// <summary>Whether the journal's thread has told everybody that it will. Under the gate.</summary>
    private bool _isOver;
    private volatile Exception? _failure;
    private volatile bool _isFull;
    private long _backlogOctets;

    private Journal(IFileLayer files, JournalOptions options, JournalState state)
    {
        _files = files;
        _options = options;
        _id = state.Id;
        _segments = state.Segments;
        _row = [.. _segments.Values];
        _messages = state.Messages;
        _contents = state.Contents;
        _updates = state.Updates;
        _definitions = state.Definitions;
        _nextSegment = state.NextSegment;
        _nextGroup = state.NextGroup;
        _nextContent = state.NextContent;
        _filling.Number = state.NextBatch;
        _brokenGroups = state.BrokenGroups;
        _spares = state.Spares;
        _spareNumber = state.NextSpare;
        _lost = state.Lost;
        FoundVersion = state.Version;
        _isNotedSecond = state.IsNewestSecond;
        _newestFailure = state.NewestFailure;
        _run = _nextSegment;
        BeginSegment(Math.Min(_options.SegmentOctets, FirstSegmentOctets), continues: 0, octets: 0);
        foreach (var segment in state.Segments.Values)
        {
            CheckDead(segment);
        }

        BeginRun();
        _writer = new Thread(Write) { IsBackground = true, Name = "journal" };
        _earlyWriter = new Thread(WriteEarly) { IsBackground = true, Name = "journal early" };
        _writer.Start();
        _earlyWriter.Start();
    }

    /// <summary>The newest version of the format in which something was there when it was opened; 0 for a new journal.</summary>
    public uint FoundVersion { get; }

    /// <summary>What ended the journal; null while it works. Once set, nothing more is committed.</summary>
    public Exception? Failure => _failure;

    /// <summary>Whether the disk has no room: what is appended waits in memory until it has.</summary>
    public bool IsFull => _isFull;

    /// <summary>Called on the journal's thread when the disk has no room, and when it has room again; must not wait.</summary>
    public Action<bool>? FullChanged { get; set; }

    /// <summary>Called on the journal's thread when all who waited for a commit were told; must not wait.</summary>
    public Action? Told { get; set; }

    /// <summary>Octets that the volume still has room for.</summary>
    /// <exception cref="IOException">The system does not tell.</exception>
    public long FreeOctets => _files.FreeOctets();

    /// <summary>Whether so much waits to be written that publishers should wait.</summary>
    public bool IsSaturated => _isFull || Volatile.Read(ref _backlogOctets) > _options.BacklogOctets;

    /// <summary>Octets that wait to be written, or are being.</summary>
    public long BacklogOctets => Volatile.Read(ref _backlogOctets);

    /// <summary>Opens the journal of a folder, new if there is none, and tells <paramref name="visitor"/> what it holds.</summary>
    /// <exception cref="IOException">The folder is in use, or cannot be read.</exception>
    /// <exception cref="JournalVersionException">The journal is of a version that this code does not know.</exception>
    public static Journal Open(IFileLayer files, JournalOptions options, IJournalVisitor visitor)
    {
        files.Lock();
        JournalState state;
        try
        {
            state = new JournalRecovery(files, options, visitor).Run();
        }
        catch
        {
            files.Dispose();
            throw;
        }

        return new Journal(files, options, state);
    }

    /// <summary>Takes the lock for a row of appends. Dispose what it returns.</summary>
    public Appender Append() => new(this);

    /// <summary>Octets of memory for where a message lies.</summary>
    public const int NameOctets = 16;

    /// <summary>About as many messages as some queue still needs, give or take a few hundred: read without the lock.</summary>
    public int MessageCount => _messages.ToldCount;

    /// <summary>Called when damage is met that nobody knew of. Any thread; must not wait.</summary>
    public Action<JournalDamage>? Damaged { get; set; }

    /// <summary>How much there is.</summary>
    public JournalSize Size
    {
        get
        {
            lock (_gate)
            {
                long used = 0;
                long live = 0;
                foreach (var segment in _segments.Values)
                {
                    used += segment.EndOffset;
                    live += segment.LiveOctets;
                }

                return new JournalSize(_segments.Count, used, live, _messages.Count);
            }
        }
    }

    /// <summary>Writes what waits, and notes that nothing was on its way; then no more may be appended.</summary>
    public void Dispose() => Close(isInOrder: true);

    /// <summary>Ends as <see cref="Dispose"/> does, but leaves the journal as one that something was on its way in.</summary>
    public void CloseAbruptly() => Close(isInOrder: false);

    private void Close(bool isInOrder)
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                return;
            }

            if (_failure is null && isInOrder)
            {
                Reserve(RecordKind.Close, 0, 0, out _);
                _filling.NeedsSync = true;
            }

            _isClosing = true;
        }

        _signal.Set();
        _writer.Join();
        _isEarlyOver = true;
        _syncBegan.Set();
        _earlyWriter.Join();
        _preparing?.Wait();
        _copying?.Wait();
        if (_failure is null && isInOrder)
        {
            WriteEnd();
        }

        CloseFiles();
    }

    /// <summary>From here on the journal counts as not closed, even if nothing is ever appended.</summary>
    private void BeginRun()
    {
        try
        {
            _tail.File = OpenFirst();
            _tail.IsDirty = true;
            _dirty.Add(_tail);
            OpenNewest();
            Sync();
        }
        catch
        {
            CloseFiles();
            throw;
        }
    }

    /// <summary>A spare holds nothing, and is made again when there is room: on a full disk it goes, so that the broker starts and queues can be drained.</summary>
    private IStoreFile OpenFirst()
    {
        while (true)
        {
            try
            {
                return OpenSegment(_tail);
            }
            catch (IOException error) when (DiskErrors.IsFull(error) && TakeSpare() is { } spare)
            {
                _files.Delete(spare);
                _files.SyncFolder();
            }
        }
    }

    private void CloseFiles()
    {
        foreach (var segment in _segments.Values)
        {
            segment.File?.Dispose();
        }

        _newestFile?.Dispose();
        _signal.Dispose();
        _syncBegan.Dispose();
        _files.Dispose();
    }

    private JournalSegment AddSegment(int capacityOctets, uint continues)
    {
        uint number = _nextSegment++;
        var segment = new JournalSegment(number, capacityOctets, SegmentHeader.SeedOf(_id, number), continues);
        _segments.Add(number, segment);
        _row.Add(segment);
        return segment;
    }

    /// <summary>Room for one record at the end of the log. Under the gate.</summary>
    /// <returns>The payload's octets, to be filled before the gate is given up.</returns>
    private Span<byte> Reserve(RecordKind kind, int payloadOctets, uint group, out JournalLocation location)
    {
        ObjectDisposedException.ThrowIf(_isClosing, this);
        int octets = (int)RecordHeader.RecordOctets(payloadOctets);
        if (_tail.EndOffset + octets + MarkOctets > _tail.CapacityOctets)
        {
            Roll(octets);
        }

        if (_writerState == WriterState.Idle)
        {
            Wake();
        }

        if (group != 0 && kind != RecordKind.GroupEnd)
        {
            _openGroups[group].Count(_tail.Number);
        }

        return Place(kind, payloadOctets, octets, group, out location);
    }

    private Span<byte> Place(RecordKind kind, int payloadOctets, int octets, uint group, out JournalLocation location)
    {
        var chunk = _filling.ChunkFor(_tail, _tail.EndOffset, octets);
        var record = chunk.Octets.AsSpan(chunk.Count, octets);
        chunk.Count += octets;
        location = new JournalLocation(_tail.Number, _tail.EndOffset);
        _tail.EndOffset += octets;
        _filling.Octets += octets;
        _backlogOctets += octets;
        RecordHeader.Prepare(record, payloadOctets, kind, group);
        return record.Slice(RecordHeader.Octets, payloadOctets);
    }

    /// <summary>Ends the segment and begins another that has room for a record.</summary>
    private void Roll(int octets)
    {
        WriteMark(_filling.Number, isSealing: true);
        var sealedSegment = _tail;
        sealedSegment.IsSealed = true;
        sealedSegment.SealBatch = _filling.Number;
        BeginSegment(_options.SegmentOctets, sealedSegment.Number, octets);
        CheckDead(sealedSegment);
    }

    private void Wake()
    {
        _writerState = WriterState.Awake;
        _signal.Set();
    }

    private enum WriterState : byte
    {
        /// <summary>It works, and will look again.</summary>
        Awake,

        /// <summary>It waits for anything.</summary>
        Idle,

        /// <summary>It waits a little: for somebody who waits for what there is, or may come.</summary>
        Dozing,
    }
}
