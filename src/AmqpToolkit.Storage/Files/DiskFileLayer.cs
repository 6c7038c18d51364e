using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Files;

/// <summary>A folder on the disk, held by this process alone.</summary>
internal sealed class DiskFileLayer(string folder) : IFileLayer
{
    private const string LockName = "lock";

    private FileStream? _lock;

    /// <summary>Whether the folder is only looked at: nothing in it is created or changed, so that it may be one that nobody can write.</summary>
    public bool IsReadOnly { get; init; }

    public string Folder { get; } = Path.GetFullPath(folder);

    public void Lock()
    {
        try
        {
            // The system drops the lock with the process, however it ends; the file itself may stay.
            _lock = IsReadOnly ? LockWhatIsThere() : LockAnew();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException(DiskErrors.WhyNotTaken(Folder, error), error);
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
        if (!IsReadOnly && !Directory.Exists(path))
        {
            NewFolder(path);
            SyncFolder();
        }

        return new DiskFileLayer(path) { IsReadOnly = IsReadOnly };
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

    /// <summary>A folder that is not there is made, the owner's alone: messages and hashes of passwords will be in it. What is there stays as somebody has made it.</summary>
    public static void NewFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private FileStream LockAnew()
    {
        NewFolder(Folder);
        return OpenStream(PathOf(LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    /// <summary>Where there is no file to lock no process that works in the folder has one either.</summary>
    private FileStream? LockWhatIsThere() =>
        File.Exists(PathOf(LockName)) ? new FileStream(PathOf(LockName), FileMode.Open, FileAccess.Read, FileShare.None) : null;

    private string PathOf(string name) => Path.Combine(Folder, name);

    private DiskFile Open(string name, FileMode mode)
    {
        string path = PathOf(name);
        if (mode == FileMode.Open)
        {
            return new DiskFile(File.OpenHandle(path, mode, IsReadOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.Read), path);
        }

        // The stream has nothing but the handle, which is the file's from here on; whoever collects the one leaves the other.
        return new DiskFile(OpenStream(path, mode, FileAccess.ReadWrite, FileShare.Read).SafeFileHandle, path);
    }

    /// <summary>A file that is new is its owner's alone from the start, also in a folder that others may read: who opens it before its mode is set would read what is written later.</summary>
    private static FileStream OpenStream(string path, FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
