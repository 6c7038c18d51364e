using System.Runtime.InteropServices;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Paging;

/// <summary>Messages of one line that are read back together, in their order. Gathered and put in place under the queue's lock, read without it.</summary>
internal sealed class PagedRun
{
    /// <summary>Messages of a run at most: so many are put in place while the queue is locked.</summary>
    public const int MaxMessages = 2048;

    private readonly List<Entry> _entries = [];
    private readonly List<MessageRef> _read = [];
    private long _octets;
    private long _maxOctets;
    private int _maxMessages;

    /// <summary>The line; it may be another's by the time that the messages are there.</summary>
    public MessageLine? Line { get; private set; }

    /// <summary>The priority of its messages.</summary>
    public byte Priority { get; private set; }

    /// <summary>Whether these messages were given back by consumers; else they were never handed out, and lie in a row.</summary>
    public bool IsReturned { get; set; }

    /// <summary>The list of those that lie in a row: the line may have a new one by then.</summary>
    public object? List { get; set; }

    /// <summary>The number of the first in that list.</summary>
    public ulong First { get; set; }

    /// <summary>Messages that were gathered.</summary>
    public int Count => _entries.Count;

    /// <summary>Messages that were read, in memory or lost; those that are put in place are none afterwards.</summary>
    public Span<MessageRef> Messages => CollectionsMarshal.AsSpan(_read);

    /// <summary>Whether no more belongs to the run.</summary>
    public bool IsFull => _entries.Count >= _maxMessages || _octets >= _maxOctets;

    public Entry this[int index] => _entries[index];

    /// <summary>Begins anew.</summary>
    /// <param name="line">The line.</param>
    /// <param name="priority">The priority of its messages.</param>
    /// <param name="maxOctets">Octets of bodies from which on the run is long enough.</param>
    /// <param name="maxMessages">Messages with which it is.</param>
    public void Begin(MessageLine? line, byte priority, long maxOctets = 0, int maxMessages = MaxMessages)
    {
        (_maxOctets, _maxMessages) = (maxOctets, maxMessages);
        (Line, List, Priority, _octets) = (line, null, priority, 0);
        _entries.Clear();
        _read.Clear();
    }

    /// <summary>Adds a message that is paged out.</summary>
    public void Add(MessageRef message, StoredMessage stored, ulong position)
    {
        _entries.Add(new Entry(message, stored, position));
        _octets += message.PagedOctets;
    }

    /// <summary>Messages that could not be read, and are not in their place yet.</summary>
    public int CountLost()
    {
        int count = 0;
        foreach (var message in _read)
        {
            count += message.IsLost ? 1 : 0;
        }

        return count;
    }

    /// <summary>The next message was read.</summary>
    public void AddRead(MessageRef message) => _read.Add(message);

    /// <summary>One message.</summary>
    /// <param name="Message">What the queue has of it.</param>
    /// <param name="Stored">Its name in the journal, if it is there.</param>
    /// <param name="Position">Its place, where it was given back; else its number in the list.</param>
    internal readonly record struct Entry(MessageRef Message, StoredMessage Stored, ulong Position);
}
