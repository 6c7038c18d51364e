using System.Buffers;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Queues;

/// <summary>
/// Messages of one publisher that go the same way, still lying in its receive buffer. A queue that can hand one to a consumer at
/// once reads it there; one that must keep it has it stored, once for all queues. Owned by one reader, used within one receive turn.
/// </summary>
internal sealed class IncomingBatch(MessageArena arena)
{
    /// <summary>Messages that one batch holds; a full one is handed on.</summary>
    public const int MaxMessages = 4096;

    private readonly Entry[] _few = new Entry[8];
    private Entry[] _entries = [];
    private byte[] _buffer = [];
    private byte[] _exchange = [];
    private byte[] _routingKey = [];
    private MessageFlags _anyFlags;
    private int _exchangeOctets;
    private int _routingKeyOctets;
    private Journal? _contents;
    private Journal? _scratch;
    private StoredContent[] _scratchContents = [];

    public int Count { get; private set; }

    public bool IsFull => Count == MaxMessages;

    /// <summary>Whether a message of the batch has a time of its own.</summary>
    public bool HasExpirations => (_anyFlags & MessageFlags.Expires) != 0;

    /// <summary>Whether a message of the batch is to survive a restart.</summary>
    public bool HasPersistent => (_anyFlags & MessageFlags.Persistent) != 0;

    /// <summary>Whether several queues get the batch: what they keep is then kept once.</summary>
    public bool IsShared { get; set; }

    /// <summary>The group of the journal that the messages belong to, or 0.</summary>
    public uint Group { get; set; }

    /// <summary>When what queues have written of the batch counts as kept; null when they wrote nothing.</summary>
    public CommitLevel? Written { get; private set; }

    /// <summary>Messages that a queue did not take, by their place in the batch; one that several refused stands there several times.</summary>
    public List<int> Refused { get; } = [];

    /// <summary>Names the buffer that spans of the coming messages lie in.</summary>
    public void Begin(byte[] buffer)
    {
        _buffer = buffer;
        if (_entries.Length == 0)
        {
            _entries = _few;
        }
    }

    /// <summary>Names the way of the coming messages; the arrays stay unchanged until the batch is cleared.</summary>
    public void SetRoute(byte[] exchange, int exchangeOctets, byte[] routingKey, int routingKeyOctets)
    {
        _exchange = exchange;
        _exchangeOctets = exchangeOctets;
        _routingKey = routingKey;
        _routingKeyOctets = routingKeyOctets;
    }

    /// <summary>Adds a message whose parts lie in the buffer.</summary>
    public void Add(int propertiesStart, int propertyOctets, int bodyStart, int bodyOctets, MessageFlags flags)
    {
        _anyFlags |= flags;
        Push() = new Entry(propertiesStart, propertyOctets, bodyStart, bodyOctets, flags, default, default);
    }

    /// <summary>Adds a message that is stored already; the batch takes the caller's reference over.</summary>
    public void Add(MessageRef message)
    {
        _anyFlags |= arena.FlagsOf(message);
        Push() = new Entry(0, 0, 0, 0, MessageFlags.None, default, message);
    }

    /// <summary>A queue does not take the message: its publisher is to hear so.</summary>
    public void Refuse(int index) => Refused.Add(index);

    public MessageContent this[int index]
    {
        get
        {
            ref readonly var entry = ref _entries[index];
            if (!entry.Stored.IsNone)
            {
                return arena.Read(entry.Stored);
            }

            ReadOnlySpan<byte> buffer = _buffer;
            return new MessageContent
            {
                Exchange = _exchange.AsSpan(0, _exchangeOctets),
                RoutingKey = _routingKey.AsSpan(0, _routingKeyOctets),
                Properties = buffer.Slice(entry.PropertiesStart, entry.PropertyOctets),
                Body = buffer.Slice(entry.BodyStart, entry.BodyOctets),
                Flags = entry.Flags,
            };
        }
    }

    /// <summary>A reference to the message, stored now if it was not; the last queue that asks gets the batch's own.</summary>
    public MessageRef Take(int index, bool isLastQueue)
    {
        ref var entry = ref _entries[index];
        if (entry.Stored.IsNone)
        {
            var stored = arena.Store(this[index]);
            if (isLastQueue)
            {
                return stored;
            }

            entry = entry with { Stored = stored };
        }
        else if (isLastQueue)
        {
            var own = entry.Stored;
            entry = entry with { Stored = default };
            return own;
        }

        arena.Retain(entry.Stored);
        return entry.Stored;
    }

    /// <summary>A queue has written a message of the batch.</summary>
    public void MarkWritten(CommitLevel level) => Written = Written is { } known && known > level ? known : level;

    /// <summary>The content that queues share in the journal; none until the first of them has written it.</summary>
    public StoredContent SharedContent(int index) => _entries[index].Content;

    /// <summary>A queue has written the content for all. It is released when the batch is cleared.</summary>
    public void SetSharedContent(int index, StoredContent content, Journal journal)
    {
        _contents = journal;
        ref var entry = ref _entries[index];
        entry = entry with { Content = content };
    }

    /// <summary>The content that queues share in the scratch files; none until the first of them has written it.</summary>
    public StoredContent ScratchContent(int index) => _scratch is null ? default : _scratchContents[index];

    /// <summary>As <see cref="SetSharedContent"/>, in the scratch files.</summary>
    public void SetScratchContent(int index, StoredContent content, Journal scratch)
    {
        if (_scratch is null)
        {
            _scratch = scratch;
            _scratchContents = ArrayPool<StoredContent>.Shared.Rent(MaxMessages);
            Array.Clear(_scratchContents, 0, Count);
        }

        _scratchContents[index] = content;
    }

    /// <summary>Gives back what no queue has taken over, and forgets all messages.</summary>
    public void Clear()
    {
        if (_contents is not null)
        {
            ReleaseContents(_contents);
        }

        if (_scratch is not null)
        {
            ReleaseScratchContents(_scratch);
        }

        for (int index = 0; index < Count; index++)
        {
            if (!_entries[index].Stored.IsNone)
            {
                arena.Release(_entries[index].Stored);
            }
        }

        Count = 0;
        _anyFlags = MessageFlags.None;
        Written = null;
        if (Refused.Count > 0)
        {
            Refused.Clear();
        }
    }

    /// <summary>Holds no buffer and no large table while the publisher is silent.</summary>
    public void End()
    {
        _buffer = [];
        if (_entries.Length > _few.Length)
        {
            ArrayPool<Entry>.Shared.Return(_entries);
            _entries = _few;
        }
    }

    private void ReleaseContents(Journal journal)
    {
        using var appender = journal.Append();
        for (int index = 0; index < Count; index++)
        {
            if (!_entries[index].Content.IsNone)
            {
                appender.Release(_entries[index].Content);
            }
        }

        _contents = null;
    }

    private void ReleaseScratchContents(Journal scratch)
    {
        using (var appender = scratch.Append())
        {
            foreach (var content in _scratchContents.AsSpan(0, Count))
            {
                if (!content.IsNone)
                {
                    appender.Release(content);
                }
            }
        }

        ArrayPool<StoredContent>.Shared.Return(_scratchContents);
        _scratchContents = [];
        _scratch = null;
    }

    private ref Entry Push()
    {
        if (Count >= _entries.Length)
        {
            Grow();
        }

        return ref _entries[Count++];
    }

    private void Grow()
    {
        var larger = ArrayPool<Entry>.Shared.Rent(Count < 512 ? 512 : MaxMessages);
        _entries.CopyTo(larger, 0);
        if (_entries.Length > _few.Length)
        {
            ArrayPool<Entry>.Shared.Return(_entries);
        }

        _entries = larger;
    }

    private readonly record struct Entry(
        int PropertiesStart, int PropertyOctets, int BodyStart, int BodyOctets, MessageFlags Flags, StoredContent Content, MessageRef Stored);
}
