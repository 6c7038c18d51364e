using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Broker.Paging;

/// <summary>A folder whose content nobody needs when the process is gone: it is emptied when it is taken, and nothing in it is ever synced.</summary>
internal sealed class ScratchFileLayer(IFileLayer files) : IFileLayer
{
    private bool _isLocked;

    public string Folder => files.Folder;

    public void Lock()
    {
        files.Lock();
        _isLocked = true;
        Empty();
    }

    public IReadOnlyList<string> List() => files.List();

    public IStoreFile Create(string name) => new ScratchFile(files.Create(name));

    public IStoreFile Open(string name) => new ScratchFile(files.Open(name));

    public void Rename(string name, string newName) => files.Rename(name, newName);

    public void Delete(string name) => files.Delete(name);

    public IReadOnlyList<string> ListFolders() => files.ListFolders();

    public IFileLayer OpenFolder(string name) => files.OpenFolder(name);

    public void DeleteFolder(string name) => files.DeleteFolder(name);

    public void SyncFolder()
    {
        // See above.
    }

    public long FreeOctets() => files.FreeOctets();

    public void Dispose()
    {
        try
        {
            if (_isLocked)
            {
                Empty();
            }
        }
        finally
        {
            files.Dispose();
        }
    }

    private void Empty()
    {
        foreach (string name in files.List())
        {
            files.Delete(name);
        }
    }

    private sealed class ScratchFile(IStoreFile file) : IStoreFile
    {
        public long Length => file.Length;

        public void Write(long offset, ReadOnlySpan<byte> octets) => file.Write(offset, octets);

        public int Read(long offset, Span<byte> octets) => file.Read(offset, octets);

        public void Sync()
        {
            // See above.
        }

        public void Dispose() => file.Dispose();
    }
}
