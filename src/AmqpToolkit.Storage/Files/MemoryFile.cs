namespace AmqpToolkit.Storage.Files;

/// <summary>A file in memory: chunks of one size, so that growing copies nothing. What is written is read by others once they are told of it.</summary>
/// <param name="count">Told of octets that are taken, and given back.</param>
internal sealed class MemoryFile(Action<long>? count)
{
    private const int ChunkOctets = 16 * 1024;

    /// <summary>Replaced when it grows: a reader that holds the old one finds all that it may read.</summary>
    private volatile byte[][] _chunks = [];
    private int _chunkCount;
    private long _length;

    public long Length => Volatile.Read(ref _length);

    public void Write(long offset, ReadOnlySpan<byte> octets)
    {
        long end = offset + octets.Length;
        Grow((int)((end + ChunkOctets - 1) / ChunkOctets));
        while (!octets.IsEmpty)
        {
            var room = _chunks[offset / ChunkOctets].AsSpan((int)(offset % ChunkOctets));
            int written = Math.Min(room.Length, octets.Length);
            octets[..written].CopyTo(room);
            octets = octets[written..];
            offset += written;
        }

        Volatile.Write(ref _length, Math.Max(_length, end));
    }

    public int Read(long offset, Span<byte> octets)
    {
        int total = (int)Math.Clamp(Length - offset, 0, octets.Length);
        byte[][] chunks = _chunks;
        for (int read = 0; read < total;)
        {
            long at = offset + read;
            var there = chunks[at / ChunkOctets].AsSpan((int)(at % ChunkOctets));
            int count = Math.Min(there.Length, total - read);
            there[..count].CopyTo(octets[read..]);
            read += count;
        }

        return total;
    }

    /// <summary>Its name is gone; who reads it still may go on.</summary>
    public void Delete() => count?.Invoke(-(long)_chunkCount * ChunkOctets);

    private void Grow(int chunkCount)
    {
        if (chunkCount <= _chunkCount)
        {
            return;
        }

        byte[][] chunks = _chunks;
        if (chunkCount > chunks.Length)
        {
            Array.Resize(ref chunks, Math.Max(chunkCount, chunks.Length * 2));
        }

        for (int index = _chunkCount; index < chunkCount; index++)
        {
            chunks[index] = GC.AllocateUninitializedArray<byte>(ChunkOctets);
        }

        count?.Invoke((long)(chunkCount - _chunkCount) * ChunkOctets);
        _chunks = chunks;
        _chunkCount = chunkCount;
    }
}
