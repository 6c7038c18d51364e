using Microsoft.Win32.SafeHandles;

namespace AmqpToolkit.Storage.Files;

/// <summary>A file on the disk.</summary>
internal sealed class DiskFile(SafeFileHandle handle, string path) : IStoreFile
{
    public long Length => RandomAccess.GetLength(handle);

    public void Write(long offset, ReadOnlySpan<byte> octets) => RandomAccess.Write(handle, octets, offset);

    public int Read(long offset, Span<byte> octets)
    {
        int total = 0;
        while (total < octets.Length)
        {
            int read = RandomAccess.Read(handle, octets[total..], offset + total);
            if (read == 0)
            {
                break;
            }

            total += read;
        }

        return total;
    }

    public void Sync() => NativeFiles.SyncFile(handle, path);

    public void Dispose() => handle.Dispose();
}
