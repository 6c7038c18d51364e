using System.Buffers.Binary;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// Where in a segment a message stands for every <see cref="StepOctets"/> or so: from there on the records are read. One thread at a time adds, any reads; its lock is a leaf.
/// In a file it is a record's payload: <c>any number of times offset (long), timestamp (long), position (long); then the record's own position (long)</c>.
/// </summary>
internal sealed class StreamIndex
{
    /// <summary>Octets of records without an entry.</summary>
    public const int StepOctets = 32 * 1024;

    private const int EntryOctets = 24;

    private readonly Lock _gate = new();
    private readonly List<StreamIndexEntry> _entries = [];

    /// <summary>From where on the next note is made. Of the one thread at a time that adds.</summary>
    private long _nextPosition;

    /// <summary>Octets of the payload that the index makes.</summary>
    public int PayloadOctets
    {
        get
        {
            lock (_gate)
            {
                return (_entries.Count * EntryOctets) + sizeof(long);
            }
        }
    }

    /// <summary>A message stands there. Notes it if the last note lies far enough behind; the same message twice is noted once.</summary>
    public void Add(in StreamIndexEntry entry)
    {
        if (entry.Position < _nextPosition)
        {
            return;
        }

        _nextPosition = entry.Position + StepOctets;
        lock (_gate)
        {
            _entries.Add(entry);
        }
    }

    /// <summary>From where on to read for a message; null for the beginning.</summary>
    public StreamIndexEntry? FindOffset(long offset) => FindLast(entry => entry.Offset <= offset);

    /// <summary>From where on to read for the first message of a time or later; null for the beginning.</summary>
    public StreamIndexEntry? FindTimestamp(long timestamp) => FindLast(entry => entry.Timestamp < timestamp);

    /// <summary>Writes the payload of the record at <paramref name="position"/>.</summary>
    public void Write(Span<byte> payload, long position)
    {
        lock (_gate)
        {
            foreach (var entry in _entries)
            {
                BinaryPrimitives.WriteInt64LittleEndian(payload, entry.Offset);
                BinaryPrimitives.WriteInt64LittleEndian(payload[8..], entry.Timestamp);
                BinaryPrimitives.WriteInt64LittleEndian(payload[16..], entry.Position);
                payload = payload[EntryOctets..];
            }
        }

        BinaryPrimitives.WriteInt64LittleEndian(payload, position);
    }

    /// <summary>Reads a payload.</summary>
    public static StreamIndex Read(ReadOnlySpan<byte> payload)
    {
        var index = new StreamIndex();
        for (; payload.Length > EntryOctets; payload = payload[EntryOctets..])
        {
            index._entries.Add(new StreamIndexEntry(
                BinaryPrimitives.ReadInt64LittleEndian(payload),
                BinaryPrimitives.ReadInt64LittleEndian(payload[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(payload[16..])));
        }

        return index;
    }

    /// <summary>The last entry of those at the front for which something holds.</summary>
    private StreamIndexEntry? FindLast(Func<StreamIndexEntry, bool> holds)
    {
        lock (_gate)
        {
            int low = 0;
            int high = _entries.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = holds(_entries[middle]) ? (middle + 1, high) : (low, middle);
            }

            return low == 0 ? null : _entries[low - 1];
        }
    }
}
