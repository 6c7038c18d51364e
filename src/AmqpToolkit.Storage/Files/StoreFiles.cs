namespace AmqpToolkit.Storage.Files;

/// <summary>What is done with files of any kind of log.</summary>
internal static class StoreFiles
{
    private const int BufferOctets = 1024 * 1024;

    /// <summary>
    /// Writes octets that are there once more, so that the next sync brings them to the disk. After a sync that has failed the system takes what it could not write for written: another sync, by whatever
    /// process, has nothing to do.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="from">The first octet.</param>
    /// <param name="to">The octet behind the last; the end of the file if that comes before.</param>
    /// <exception cref="IOException">They cannot be read or written.</exception>
    public static void WriteAgain(IStoreFile file, long from, long to)
    {
        to = Math.Min(to, file.Length);
        if (from >= to)
        {
            return;
        }

        byte[] octets = GC.AllocateUninitializedArray<byte>((int)Math.Min(to - from, BufferOctets));
        for (long at = from; at < to;)
        {
            int count = file.Read(at, octets.AsSpan(0, (int)Math.Min(to - at, octets.Length)));
            if (count == 0)
            {
                return;
            }

            file.Write(at, octets.AsSpan(0, count));
            at += count;
        }
    }
}
