namespace AmqpToolkit.Storage.Files;

/// <summary>A folder on the disk, held by this process alone.</summary>
internal sealed class DiskFileLayer(string folder) : IFileLayer
{
    private const string LockName = "lock";

    private FileStream? _lock;

    public string Folder { get; } = Path.GetFullPath(folder);

    public void Lock()
    {
        Directory.CreateDirectory(Folder);
        try
        {
            // The system drops the lock with the process, however it ends; the file itself may stay.
            _lock = new FileStream(PathOf(LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (error is not DirectoryNotFoundException)
        {
            throw new IOException($"The folder '{Folder}' is in use by another process.", error);
        }
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(Folder).Select(path => Path.GetFileName(path)!).Where(name => name != LockName)];

    public IStoreFile Create(string name) => Open(name, FileMode.CreateNew);

    public IStoreFile Open(string name) => Open(name, FileMode.Open);

    public void Rename(string name, string newName) => File.Move(PathOf(name), PathOf(newName));

    public void Delete(string name) => File.Delete(PathOf(name));

    public IReadOnlyList<string> ListFolders() => [.. Directory.EnumerateDirectories(Folder).Select(path => Path.GetFileName(path)!)];

    public IFileLayer OpenFolder(string name)
    {
        string path = PathOf(name);
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            SyncFolder();
        }

        return new DiskFileLayer(path);
    }

    public void DeleteFolder(string name)
    {
        string path = PathOf(name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public void SyncFolder() => NativeFiles.SyncFolder(Folder);

    public long FreeOctets() => new DriveInfo(Folder).AvailableFreeSpace;

    public void Dispose() => _lock?.Dispose();

    private string PathOf(string name) => Path.Combine(Folder, name);

    private DiskFile Open(string name, FileMode mode)
    {
        string path = PathOf(name);
        return new DiskFile(File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read), path);
    }
}
