using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Storage.Tests;

/// <summary>
/// A folder in memory that knows what is on the disk and what is only written. A crash keeps what was synced, and of the rest what the
/// dice say, sector by sector; calls fail where a test wants them to.
/// </summary>
internal sealed class SimulatedDisk
{
    /// <summary>What a disk writes whole or not at all.</summary>
    public const int SectorOctets = 512;

    private readonly Lock _gate = new();
    private Dictionary<string, SimulatedFile> _names = [];
    private Dictionary<string, SimulatedFile> _syncedNames = [];

    /// <summary>What the names were after each change since the folder was synced.</summary>
    private List<Dictionary<string, SimulatedFile>> _changes = [];

    /// <summary>Folders in this one. They count as on the disk once they are made; their files have a fate of their own.</summary>
    private Dictionary<string, SimulatedDisk> _folders = [];
    private SimulatedDisk? _parent;

    private bool _isLocked;

    /// <summary>Called before each write with its number, from 1; may throw.</summary>
    public Action<int>? OnWrite { get; set; }

    /// <summary>Asked at each write, with its octets, for how many of them come to be written and what the writer hears then; null for all, and nothing.</summary>
    public Func<int, (int Octets, Exception Error)?>? OnShortWrite { get; set; }

    /// <summary>Called before each sync with its number, from 1; may throw.</summary>
    public Action<int>? OnSync { get; set; }

    /// <summary>Called before each read.</summary>
    public Action? OnRead { get; set; }

    public int Writes { get; private set; }

    public int Syncs { get; private set; }

    /// <summary>Files of a log, without what is noted beside them.</summary>
    public IReadOnlyCollection<string> Names => [.. AllNames.Where(static name => name != NewestSegment.FileName)];

    public IReadOnlyCollection<string> AllNames
    {
        get
        {
            lock (_gate)
            {
                return [.. _names.Keys.Order()];
            }
        }
    }

    public IFileLayer Open() => new Layer(this);

    /// <summary>A folder, which is there.</summary>
    public SimulatedDisk Folder(string name)
    {
        lock (_gate)
        {
            return _folders[name];
        }
    }

    public IReadOnlyCollection<string> FolderNames
    {
        get
        {
            lock (_gate)
            {
                return [.. _folders.Keys.Order()];
            }
        }
    }

    private SimulatedDisk Root => _parent?.Root ?? this;

    /// <summary>The process is killed: what was written stays.</summary>
    public SimulatedDisk Kill()
    {
        lock (_gate)
        {
            var copies = new Dictionary<SimulatedFile, SimulatedFile>();
            var killed = new SimulatedDisk { _names = Copy(_names), _syncedNames = Copy(_syncedNames), _changes = [.. _changes.Select(Copy)] };
            killed.AddFolders(_folders, static folder => folder.Kill());
            return killed;

            Dictionary<string, SimulatedFile> Copy(Dictionary<string, SimulatedFile> names) => names.ToDictionary(
                file => file.Key,
                file => copies.TryGetValue(file.Value, out var known) ? known : copies[file.Value] = file.Value.Copy());
        }
    }

    /// <summary>The machine loses its power.</summary>
    public SimulatedDisk LosePower(Random random)
    {
        lock (_gate)
        {
            // A folder's changes reach the disk in order, as far as they do.
            int kept = random.Next(_changes.Count + 1);
            var names = kept == 0 ? _syncedNames : _changes[kept - 1];
            var survivors = names.ToDictionary(file => file.Key, file => file.Value.AfterPowerLoss(random));
            var left = new SimulatedDisk { _names = survivors, _syncedNames = new(survivors) };
            left.AddFolders(_folders, folder => folder.LosePower(random));
            return left;
        }
    }

    /// <summary>Turns one bit.</summary>
    public void Flip(string name, long offset, int bit)
    {
        lock (_gate)
        {
            _names[name].Flip(offset, bit);
        }
    }

    /// <summary>Takes the end of a file.</summary>
    public void Cut(string name, int octets) => Put(name, Read(name)[..octets]);

    /// <summary>Takes a file away.</summary>
    public void Remove(string name)
    {
        lock (_gate)
        {
            _names.Remove(name);
            _syncedNames.Remove(name);
        }
    }

    public byte[] Read(string name)
    {
        lock (_gate)
        {
            return _names[name].ToArray();
        }
    }

    public void Put(string name, byte[] octets)
    {
        lock (_gate)
        {
            var file = new SimulatedFile();
            file.Write(0, octets);
            file.BeginSync();
            file.EndSync(isDone: true);
            _names[name] = file;
            _syncedNames[name] = file;
        }
    }

    private void AddFolders(Dictionary<string, SimulatedDisk> folders, Func<SimulatedDisk, SimulatedDisk> copy)
    {
        foreach (var (name, folder) in folders.OrderBy(static folder => folder.Key, StringComparer.Ordinal))
        {
            var copied = copy(folder);
            copied._parent = this;
            _folders.Add(name, copied);
        }
    }

    private void NoteChange() => _changes.Add(new(_names));

    private sealed class Layer(SimulatedDisk disk) : IFileLayer
    {
        public string Folder => "/simulated";

        public void Lock()
        {
            if (disk._isLocked)
            {
                throw new IOException("The folder is in use.");
            }

            disk._isLocked = true;
        }

        public IReadOnlyList<string> List() => [.. disk.AllNames];

        public IStoreFile Create(string name)
        {
            lock (disk._gate)
            {
                var file = new SimulatedFile();
                disk._names.Add(name, file);
                disk.NoteChange();
                return new Handle(disk, file);
            }
        }

        public IStoreFile Open(string name)
        {
            lock (disk._gate)
            {
                return new Handle(disk, disk._names[name]);
            }
        }

        public void Rename(string name, string newName)
        {
            lock (disk._gate)
            {
                disk._names.Remove(name, out var file);
                disk._names.Add(newName, file!);
                disk.NoteChange();
            }
        }

        public void Delete(string name)
        {
            lock (disk._gate)
            {
                Assert.True(disk._names.Remove(name), name);
                disk.NoteChange();
            }
        }

        public IReadOnlyList<string> ListFolders() => [.. disk.FolderNames];

        public IFileLayer OpenFolder(string name)
        {
            lock (disk._gate)
            {
                if (!disk._folders.TryGetValue(name, out var folder))
                {
                    disk._folders.Add(name, folder = new SimulatedDisk { _parent = disk });
                }

                return new Layer(folder);
            }
        }

        public void DeleteFolder(string name)
        {
            lock (disk._gate)
            {
                disk._folders.Remove(name);
            }
        }

        public void SyncFolder()
        {
            lock (disk._gate)
            {
                disk._syncedNames = new(disk._names);
                disk._changes.Clear();
            }
        }

        public long FreeOctets() => long.MaxValue;

        public void Dispose() => disk._isLocked = false;
    }

    private sealed class Handle(SimulatedDisk disk, SimulatedFile file) : IStoreFile
    {
        private bool _isClosed;

        public long Length => file.Length;

        public void Write(long offset, ReadOnlySpan<byte> octets)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                disk.Root.OnWrite?.Invoke(++disk.Root.Writes);
                if (disk.Root.OnShortWrite?.Invoke(octets.Length) is { } cut)
                {
                    file.Write(offset, octets[..cut.Octets]);
                    throw cut.Error;
                }

                file.Write(offset, octets);
            }
        }

        public int Read(long offset, Span<byte> octets)
        {
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                disk.Root.OnRead?.Invoke();
                return file.Read(offset, octets);
            }
        }

        public void Sync()
        {
            int number;
            lock (disk._gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, this);
                number = ++disk.Root.Syncs;
                file.BeginSync();
            }

            bool isDone = false;
            try
            {
                // Others write meanwhile.
                disk.Root.OnSync?.Invoke(number);
                isDone = true;
            }
            finally
            {
                lock (disk._gate)
                {
                    file.EndSync(isDone);
                }
            }
        }

        public void Dispose() => _isClosed = true;
    }
}
