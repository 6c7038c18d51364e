using System.Buffers;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Messages that have come, in a row: their octets one behind the other, those of messages that came in pieces each in memory of its own. Used by one thread at a time; a receiver has a few and passes them on whole.
/// <see cref="Version"/> rises when it is emptied, so that a handle to what it held is found out.
/// </summary>
internal sealed class ReceivedRow
{
    /// <summary>Octets up to which it keeps its memory when it is emptied.</summary>
    private const int KeptOctets = 64 * 1024;

    /// <summary>Messages for whose places the same holds.</summary>
    private const int KeptEntries = 4096;

    private const int LeastOctets = 1024;

    private const int MostOctets = 1024 * 1024;
    private const int MostMessages = 16 * 1024;

    private byte[] _octets = [];
    private ReceivedEntry[] _entries = [];
    private int _used;
    private int _count;

    public int Version { get; private set; }

    /// <summary>The first that is still to be taken.</summary>
    public int Next { get; private set; }

    /// <summary>Messages that it was given.</summary>
    public int Count => _count;

    /// <summary>Whether another row takes what comes: no array is to grow without end, and copied each time.</summary>
    public bool IsFull => _used >= MostOctets || _count >= MostMessages;

    public bool IsEmpty => Next == _count;

    /// <summary>Octets that the messages which are still to be taken hold.</summary>
    public long LeftOctets
    {
        get
        {
            long octets = 0;
            for (int index = Next; index < _count; index++)
            {
                octets += _entries[index].HeldOctets;
            }

            return octets;
        }
    }

    public ref ReceivedEntry this[int index] => ref _entries[index];

    public ReadOnlySpan<byte> OctetsOf(int index)
    {
        ref var entry = ref _entries[index];
        return (entry.Own ?? _octets).AsSpan(entry.Start, entry.Octets);
    }

    /// <summary>Copies a message.</summary>
    public void Add(ReadOnlySpan<byte> message, in ReceivedEntry entry)
    {
        if (_octets.Length - _used < message.Length)
        {
            Grow(message.Length);
        }

        message.CopyTo(_octets.AsSpan(_used));
        Append(entry with { Own = null, Start = _used, Octets = message.Length });
        _used += message.Length;
    }

    /// <summary>Takes a message with its memory, which was rented.</summary>
    public void Add(byte[] own, int octets, in ReceivedEntry entry) => Append(entry with { Own = own, Start = 0, Octets = octets });

    /// <summary>The next message; there is one.</summary>
    public int Take() => Next++;

    /// <summary>Drops what is not settled of those that were not taken.</summary>
    /// <param name="settled">What the sender has settled since it came; null for nothing.</param>
    public void DropUnsettled(HashSet<ulong>? settled)
    {
        int kept = Next;
        for (int index = Next; index < _count; index++)
        {
            if (_entries[index].IsSettled || settled?.Contains(_entries[index].Sequence) == true)
            {
                _entries[index].IsSettled = true;
                _entries[kept++] = _entries[index];
            }
            else
            {
                GiveBack(ref _entries[index]);
            }
        }

        _count = kept;
    }

    /// <summary>Gives all memory back that is more than a little.</summary>
    public void Clear()
    {
        Version++;
        for (int index = 0; index < _count; index++)
        {
            GiveBack(ref _entries[index]);
        }

        if (_octets.Length > KeptOctets)
        {
            ArrayPool<byte>.Shared.Return(_octets);
            _octets = [];
        }

        if (_entries.Length > KeptEntries)
        {
            _entries = [];
        }

        _used = _count = Next = 0;
    }

    private static void GiveBack(ref ReceivedEntry entry)
    {
        if (entry.Own is { } own)
        {
            entry.Own = null;
            ArrayPool<byte>.Shared.Return(own);
        }
    }

    private void Append(in ReceivedEntry entry)
    {
        if (_count == _entries.Length)
        {
            Array.Resize(ref _entries, Math.Max(16, _count * 2));
        }

        _entries[_count++] = entry;
    }

    private void Grow(int octets)
    {
        // A row is full at a mebioctet, and messages that lie in it are small.
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(LeastOctets, Math.Max(_used + octets, _octets.Length * 2)));
        _octets.AsSpan(0, _used).CopyTo(larger);
        if (_octets.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_octets);
        }

        _octets = larger;
    }
}
