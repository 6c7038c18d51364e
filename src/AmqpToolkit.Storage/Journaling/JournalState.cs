namespace AmqpToolkit.Storage.Journaling;

/// <summary>What a journal knows of itself when it is opened.</summary>
internal sealed class JournalState
{
    public Guid Id { get; set; }

    public SegmentTable<JournalSegment> Segments { get; } = new();

    public MessageTable Messages { get; } = new();

    public ContentTable Contents { get; } = new();

    public Dictionary<StoredMessage, UpdateEntry> Updates { get; } = [];

    public DefinitionTable Definitions { get; } = new();

    /// <summary>Groups of earlier runs that hold nothing: their end never came, or came without some of their records.</summary>
    public HashSet<uint> BrokenGroups { get; } = [];

    /// <summary>Files that an earlier run knew and that are not there, with the ends of their records.</summary>
    public SegmentTable<int> Lost { get; } = new();

    /// <summary>The newest version of the format in which something is there; 0 for none.</summary>
    public uint Version { get; set; }

    /// <summary>Whether the newest segment is noted in the second place.</summary>
    public bool IsNewestSecond { get; set; }

    /// <summary>Why the note of the newest segment could not be read; null when it could, or there is none.</summary>
    public Exception? NewestFailure { get; set; }

    public List<string> Spares { get; } = [];

    public uint NextSpare { get; set; } = 1;

    public uint NextSegment { get; set; } = 1;

    public uint NextGroup { get; set; } = 1;

    public ulong NextContent { get; set; } = 1;

    public ulong NextBatch { get; set; } = 1;
}
