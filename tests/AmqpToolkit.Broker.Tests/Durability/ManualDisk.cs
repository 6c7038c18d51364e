using AmqpToolkit.Storage.Files;

namespace AmqpToolkit.Broker.Tests.Durability;

/// <summary>The system's disk, whose syncs a test holds back or lets fail, and that it fills.</summary>
internal sealed class ManualDisk(string folder) : IFileLayer
{
    private const int NoSpace = 28;

    private readonly DiskFileLayer _files = new(folder);
    private readonly ManualResetEventSlim _syncs = new(initialState: true);
    private long _readOctets;

    /// <summary>How many syncs of files have begun.</summary>
    public int SyncCount { get; private set; }

    /// <summary>Whether nothing more can be written.</summary>
    public bool IsFull { get; set; }

    /// <summary>Room that the disk says it has; null for what it really has.</summary>
    public long? Free { get; set; }

    /// <summary>Octets that come back from files as others than they were; null for none.</summary>
    public byte[]? Damaged { get; set; }

    /// <summary>Whether syncs fail from now on.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Octets that were read from files.</summary>
    public long ReadOctets => Interlocked.Read(ref _readOctets);

    /// <summary>Called before each read.</summary>
    public Action? OnRead { get; set; }

    public string Folder => _files.Folder;

    public void HoldSyncs() => _syncs.Reset();

    public void ReleaseSyncs() => _syncs.Set();

    public void Lock() => _files.Lock();

    public IReadOnlyList<string> List() => _files.List();

    public IStoreFile Create(string name) => new ManualFile(this, _files.Create(name));

    public IStoreFile Open(string name) => new ManualFile(this, _files.Open(name));

    public void Rename(string name, string newName) => _files.Rename(name, newName);

    public void Delete(string name) => _files.Delete(name);

    public IReadOnlyList<string> ListFolders() => _files.ListFolders();

    public IFileLayer OpenFolder(string name) => new SubFolder(this, _files.OpenFolder(name));

    public void DeleteFolder(string name) => _files.DeleteFolder(name);

    public void SyncFolder() => _files.SyncFolder();

    public long FreeOctets() => IsFull ? 0 : Free ?? _files.FreeOctets();

    public void Dispose() => _files.Dispose();

    /// <summary>A folder on the same disk.</summary>
    private sealed class SubFolder(ManualDisk disk, IFileLayer files) : IFileLayer
    {
        public string Folder => files.Folder;

        public void Lock() => files.Lock();

        public IReadOnlyList<string> List() => files.List();

        public IStoreFile Create(string name) => new ManualFile(disk, files.Create(name));

        public IStoreFile Open(string name) => new ManualFile(disk, files.Open(name));

        public void Rename(string name, string newName) => files.Rename(name, newName);

        public void Delete(string name) => files.Delete(name);

        public IReadOnlyList<string> ListFolders() => files.ListFolders();

        public IFileLayer OpenFolder(string name) => new SubFolder(disk, files.OpenFolder(name));

        public void DeleteFolder(string name) => files.DeleteFolder(name);

        public void SyncFolder() => files.SyncFolder();

        public long FreeOctets() => disk.FreeOctets();

        public void Dispose() => files.Dispose();
    }

    private sealed class ManualFile(ManualDisk disk, IStoreFile file) : IStoreFile
    {
        public long Length => file.Length;

        public int Read(long offset, Span<byte> octets)
        {
            disk.OnRead?.Invoke();
            int read = file.Read(offset, octets);
            Interlocked.Add(ref disk._readOctets, read);
            if (disk.Damaged is { } damaged && octets[..read].IndexOf(damaged) is >= 0 and var at)
            {
                octets[at] ^= 1;
            }

            return read;
        }

        public void Write(long offset, ReadOnlySpan<byte> octets)
        {
            if (disk.IsFull)
            {
                throw new IOException("No space left on device", NoSpace);
            }

            file.Write(offset, octets);
        }

        public void Sync()
        {
            disk.SyncCount++;
            Assert.True(disk._syncs.Wait(TimeSpan.FromSeconds(60)), "nobody let the sync go");
            if (disk.IsBroken)
            {
                throw new IOException("Input/output error", 5);
            }

            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
