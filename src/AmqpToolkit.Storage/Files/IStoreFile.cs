namespace AmqpToolkit.Storage.Files;

/// <summary>An open file of the journal. One thread writes it; any thread reads what is written.</summary>
internal interface IStoreFile : IDisposable
{
    /// <summary>Octets of the file.</summary>
    long Length { get; }

    /// <summary>Writes all of <paramref name="octets"/> at <paramref name="offset"/>.</summary>
    /// <exception cref="IOException">Not everything could be written.</exception>
    void Write(long offset, ReadOnlySpan<byte> octets);

    /// <summary>Reads up to the length of <paramref name="octets"/>; fewer only at the end of the file.</summary>
    int Read(long offset, Span<byte> octets);

    /// <summary>Waits until what was written is on the disk (not the time stamps).</summary>
    /// <exception cref="IOException">It may not be there, and trying again would not tell.</exception>
    void Sync();
}
