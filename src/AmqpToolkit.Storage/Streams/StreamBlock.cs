using System.Buffers;

namespace AmqpToolkit.Storage.Streams;

/// <summary>
/// Records that were just appended, in a row, as the file has them or will. The log fills it under its lock; who reads at the end of the log reads here, up to
/// what is committed. Counted references: the octets go back to the pool with the last.
/// </summary>
internal sealed class StreamBlock
{
    private int _references = 1;
    private int _committed;

    /// <param name="octets">Octets that must fit in a row.</param>
    /// <param name="firstOffset">The offset of the first message.</param>
    public StreamBlock(int octets, long firstOffset)
    {
        Octets = ArrayPool<byte>.Shared.Rent(octets);
        FirstOffset = firstOffset;
    }

    public byte[] Octets { get; }

    public long FirstOffset { get; }

    /// <summary>Octets that are filled. Under the log's lock.</summary>
    public int Count { get; set; }

    /// <summary>Octets that the writer has taken up. Under the log's lock.</summary>
    public int Gathered { get; set; }

    /// <summary>The offset behind the last message that is committed. Under the log's lock.</summary>
    public long CommittedEnd { get; set; }

    /// <summary>Octets that may be read.</summary>
    public int Committed
    {
        get => Volatile.Read(ref _committed);
        set => Volatile.Write(ref _committed, value);
    }

    /// <summary>Octets that are free behind what is filled, with room for a mark kept.</summary>
    public int Room => Octets.Length - Count - StreamLog.MarkOctets;

    public void Retain() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            ArrayPool<byte>.Shared.Return(Octets);
        }
    }
}
