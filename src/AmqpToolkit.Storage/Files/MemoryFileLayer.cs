namespace AmqpToolkit.Storage.Files;

/// <summary>A folder in memory, for what is to end with the process: what is "on the disk" here is merely there.</summary>
/// <param name="count">Told of octets that files take, and give back; any thread.</param>
internal sealed class MemoryFileLayer(Action<long>? count = null) : IFileLayer
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, MemoryFile> _files = [];
    private readonly Dictionary<string, MemoryFileLayer> _folders = [];

    public string Folder => "memory";

    public void Lock()
    {
        // Nobody else knows of it.
    }

    public IReadOnlyList<string> List()
    {
        lock (_gate)
        {
            return [.. _files.Keys];
        }
    }

    public IStoreFile Create(string name)
    {
        lock (_gate)
        {
            var file = new MemoryFile(count);
            if (!_files.TryAdd(name, file))
            {
                throw new IOException($"The file '{name}' is there already.");
            }

            return new Handle(file);
        }
    }

    public IStoreFile Open(string name)
    {
        lock (_gate)
        {
            return new Handle(Find(name));
        }
    }

    public void Rename(string name, string newName)
    {
        lock (_gate)
        {
            _files.Add(newName, Find(name));
            _files.Remove(name);
        }
    }

    public void Delete(string name)
    {
        lock (_gate)
        {
            Find(name).Delete();
            _files.Remove(name);
        }
    }

    public IReadOnlyList<string> ListFolders()
    {
        lock (_gate)
        {
            return [.. _folders.Keys];
        }
    }

    public IFileLayer OpenFolder(string name)
    {
        lock (_gate)
        {
            if (!_folders.TryGetValue(name, out var folder))
            {
                _folders.Add(name, folder = new MemoryFileLayer(count));
            }

            return folder;
        }
    }

    public void DeleteFolder(string name)
    {
        MemoryFileLayer? folder;
        lock (_gate)
        {
            _folders.Remove(name, out folder);
        }

        foreach (string file in folder?.List() ?? [])
        {
            folder!.Delete(file);
        }
    }

    public void SyncFolder()
    {
        // There is nothing below it.
    }

    public long FreeOctets() => long.MaxValue;

    public void Dispose()
    {
        // Whoever holds it lets it go.
    }

    private MemoryFile Find(string name) =>
        _files.GetValueOrDefault(name) ?? throw new FileNotFoundException($"There is no file '{name}'.");

    private sealed class Handle(MemoryFile file) : IStoreFile
    {
        public long Length => file.Length;

        public void Write(long offset, ReadOnlySpan<byte> octets) => file.Write(offset, octets);

        public int Read(long offset, Span<byte> octets) => file.Read(offset, octets);

        public void Sync()
        {
            // As SyncFolder.
        }

        public void Dispose()
        {
            // The octets belong to the name.
        }
    }
}
