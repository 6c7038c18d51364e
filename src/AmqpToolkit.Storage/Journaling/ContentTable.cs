namespace AmqpToolkit.Storage.Journaling;

/// <summary>The contents that several queues share: where each lies, and how many messages need it. Under the journal's gate.</summary>
internal sealed class ContentTable
{
    private readonly List<Entry> _entries = [];
    private readonly Dictionary<ulong, StoredContent> _byId = [];
    private readonly Stack<uint> _free = [];

    public StoredContent Add(ulong id, JournalLocation location, long recordOctets)
    {
        var entry = new Entry { Id = id, Location = location, RecordOctets = recordOctets };
        if (_free.TryPop(out uint index))
        {
            _entries[(int)index - 1] = entry;
        }
        else
        {
            _entries.Add(entry);
            index = (uint)_entries.Count;
        }

        var content = new StoredContent(index);
        _byId.Add(id, content);
        return content;
    }

    public Entry this[StoredContent content] => _entries[(int)content.Value - 1];

    public bool TryFind(ulong id, out StoredContent content) => _byId.TryGetValue(id, out content);

    public int Count => _byId.Count;

    public IEnumerable<StoredContent> All() => _byId.Values;

    public void Remove(StoredContent content)
    {
        _byId.Remove(this[content].Id);
        _entries[(int)content.Value - 1] = null!;
        _free.Push(content.Value);
    }

    /// <summary>One content.</summary>
    internal sealed class Entry
    {
        /// <summary>What records call it.</summary>
        public required ulong Id { get; init; }

        public required JournalLocation Location { get; set; }

        public required long RecordOctets { get; set; }

        /// <summary>What the visitor made of it when the journal was opened.</summary>
        public int Measure { get; set; }

        /// <summary>Messages that need it, and whoever is still adding some.</summary>
        public int References { get; set; }
    }
}
