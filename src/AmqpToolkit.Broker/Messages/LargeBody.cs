using System.Buffers;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Messages;

/// <summary>
/// A body of <see cref="ThresholdOctets"/> and more as chunks, which grow by what arrives and are sent from where they lie.
/// Filled by one reader; then shared, and given back when the message and every send of it are done.
/// </summary>
internal sealed class LargeBody(MessageArena arena) : ISharedOctets
{
    /// <summary>From here on a body is kept in chunks.</summary>
    public const int ThresholdOctets = 64 * 1024;

    private const int ChunkOctets = 128 * 1024;

    private readonly List<ArraySegment<byte>> _chunks = [];
    private int _references = 1;
    private long _countedOctets;

    /// <summary>Octets so far.</summary>
    public long Octets { get; private set; }

    /// <summary>The body, in order.</summary>
    public List<ArraySegment<byte>> Chunks => _chunks;

    /// <summary>Copies received octets to the end.</summary>
    public void Append(ReadOnlySpan<byte> octets)
    {
        Octets += octets.Length;
        while (!octets.IsEmpty)
        {
            if (_chunks.Count == 0 || _chunks[^1] is var last && last.Offset + last.Count == last.Array!.Length)
            {
                _chunks.Add(new ArraySegment<byte>(ArrayPool<byte>.Shared.Rent(ChunkOctets), 0, 0));
            }

            var chunk = _chunks[^1];
            int taken = Math.Min(octets.Length, chunk.Array!.Length - chunk.Count);
            octets[..taken].CopyTo(chunk.Array.AsSpan(chunk.Count));
            _chunks[^1] = new ArraySegment<byte>(chunk.Array, 0, chunk.Count + taken);
            octets = octets[taken..];
        }
    }

    /// <summary>
    /// The body is whole: from here on it counts as memory of messages. Before, it counts against its connection, or publishers that are
    /// held back over their own half messages would wait for each other.
    /// </summary>
    public void Complete()
    {
        if (_countedOctets > 0)
        {
            // A second message with the same body.
            return;
        }

        _countedOctets = (long)ChunkOctets * _chunks.Count;
        arena.CountOctets(_countedOctets);
    }

    /// <summary>One more holder.</summary>
    public void Retain() => Interlocked.Increment(ref _references);

    /// <inheritdoc/>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0)
        {
            return;
        }

        foreach (var chunk in _chunks)
        {
            ArrayPool<byte>.Shared.Return(chunk.Array!);
        }

        _chunks.Clear();
        if (_countedOctets > 0)
        {
            arena.CountOctets(-_countedOctets);
            arena.Watermark?.Check();
        }
    }
}
