using System.Buffers;
using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// Reads a segment in windows of whole records whose sums are right, and steps over what is damaged. Used by one thread at a time; holds a buffer from the pool
/// until it is disposed.
/// </summary>
internal sealed class StreamSegmentReader(uint seed) : IDisposable
{
    private const int WindowOctets = 64 * 1024;

    private IStoreFile? _file;
    private byte[] _buffer = [];

    /// <summary>The window's records, in a row.</summary>
    public byte[] Octets => _buffer;

    /// <summary>Octets of the window.</summary>
    public int Count { get; private set; }

    /// <summary>Where in the file the window begins.</summary>
    public long WindowPosition { get; private set; }

    /// <summary>Where the next window begins.</summary>
    public long Position { get; private set; }

    /// <summary>Where damage began that the last call stepped over, or that reaches to the end; null when it met none.</summary>
    public long? DamagedFrom { get; private set; }

    /// <summary>Goes to a place where a record begins.</summary>
    public void Begin(IStoreFile file, long position)
    {
        _file = file;
        Position = position;
        Count = 0;
    }

    /// <summary>Reads the next window.</summary>
    /// <param name="limit">Where the records end.</param>
    /// <returns>False when there is no whole record any more.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Fill(long limit)
    {
        DamagedFrom = null;
        while (true)
        {
            Count = 0;
            WindowPosition = Position;
            int octets = Read(Position, limit, WindowOctets);
            if (octets < StreamRecord.Octets)
            {
                DamagedFrom ??= octets > 0 ? Position : null;
                return false;
            }

            if (TryTakeRecords(octets, limit))
            {
                Position += Count;
                return true;
            }

            DamagedFrom ??= Position;
            if (!TryFindRecord(limit))
            {
                return false;
            }
        }
    }

    public void Dispose()
    {
        _file = null;
        Count = 0;
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    /// <summary>Takes the whole records at the front of the buffer.</summary>
    /// <param name="octets">Octets in the buffer.</param>
    /// <param name="limit">Where the records end.</param>
    private bool TryTakeRecords(int octets, long limit)
    {
        while (octets - Count >= StreamRecord.Octets
            && StreamRecord.TryRead(_buffer.AsSpan(Count), seed, out var record)
            && Position + Count + record.WholeOctets <= limit)
        {
            if (record.WholeOctets > octets - Count)
            {
                if (Count > 0)
                {
                    break;
                }

                octets = Read(Position, limit, record.WholeOctets);
                if (octets < record.WholeOctets)
                {
                    break;
                }
            }

            if (!StreamRecord.IsWhole(_buffer.AsSpan(Count, record.WholeOctets)))
            {
                break;
            }

            Count += record.WholeOctets;
        }

        return Count > 0;
    }

    /// <summary>Looks for the next header behind what is damaged. Its record may be damaged as well: then the search goes on from there.</summary>
    private bool TryFindRecord(long limit)
    {
        long from = Position + StreamRecord.Alignment;
        while (true)
        {
            int octets = Read(from, limit, WindowOctets);
            int at = 0;
            for (; octets - at >= StreamRecord.Octets; at += StreamRecord.Alignment)
            {
                if (StreamRecord.TryRead(_buffer.AsSpan(at), seed, out var record) && from + at + record.WholeOctets <= limit)
                {
                    Position = from + at;
                    return true;
                }
            }

            if (at == 0)
            {
                return false;
            }

            from += at;
        }
    }

    private int Read(long position, long limit, int octets)
    {
        octets = (int)Math.Clamp(limit - position, 0, octets);
        if (_buffer.Length < octets)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(octets);
            if (_buffer.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
            }

            _buffer = larger;
        }

        return octets == 0 ? 0 : _file!.Read(position, _buffer.AsSpan(0, octets));
    }
}
