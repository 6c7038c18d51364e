using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Host;

/// <summary>
/// Puts a repaired journal in the place of a damaged one. The folder is held meanwhile, and at no moment is there less than one whole journal in it:
/// <code>
///   DIR/repairing         is written;      the damaged journal is in use still
///   DIR/repaired          is whole;        no broker takes the folder until the rest is done
///   DIR/damaged-(time)    gets the damaged files, one after the other
///   DIR                   gets the repaired ones
/// </code>
/// Who is interrupted begins again, from the step that was reached.
/// </summary>
internal static class StoreRepair
{
    private const string Repairing = "repairing";

    /// <summary>Repairs what is in a folder, or ends a repair that was interrupted.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="aside">Where the damaged files are to go.</param>
    /// <param name="queueOf">Which definitions declare queues.</param>
    /// <returns>Where the damaged files are now.</returns>
    /// <exception cref="IOException">The folder is in use, or cannot be read or written.</exception>
    public static string Run(string folder, string aside, QueueOf queueOf)
    {
        using DiskFileLayer files = new(folder);
        files.Lock();
        string repaired = Path.Combine(files.Folder, StoreFolders.Repaired);
        if (!Directory.Exists(repaired))
        {
            Write(files, Path.Combine(files.Folder, Repairing), repaired, queueOf);
        }

        return Exchange(files, repaired, aside);
    }

    /// <summary>A name that nothing in the folder has, for what is damaged.</summary>
    public static string NewAside(string folder)
    {
        string name = Path.Combine(Path.GetFullPath(folder), string.Create(CultureInfo.InvariantCulture, $"damaged-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}"));
        string free = name;
        for (int number = 2; Directory.Exists(free); number++)
        {
            free = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
        }

        return free;
    }

    /// <summary>Whether a repair of the folder was interrupted.</summary>
    public static bool IsUnderWay(string folder) => Directory.Exists(Path.Combine(folder, StoreFolders.Repaired));

    private static void Write(DiskFileLayer files, string repairing, string repaired, QueueOf queueOf)
    {
        if (Directory.Exists(repairing))
        {
            Directory.Delete(repairing, recursive: true);
        }

        JournalRepair.Run(new HeldFiles(files), new DiskFileLayer(repairing), new JournalOptions { SpareSegments = 0 }, queueOf);
        Directory.Move(repairing, repaired);
        files.SyncFolder();
    }

    private static string Exchange(DiskFileLayer files, string repaired, string aside)
    {
        string? damaged = Directory.EnumerateDirectories(files.Folder, "damaged-*").Order(StringComparer.Ordinal).LastOrDefault();
        string[] left = FilesOf(repaired);
        string[] there = FilesOf(files.Folder);
        if (there.Length > 0 && !there.Any(file => IsOf(file, left)))
        {
            damaged = aside;
            MoveTo(damaged, there);
            NativeFiles.SyncFolder(damaged);
            files.SyncFolder();
        }

        MoveTo(files.Folder, left);
        files.SyncFolder();
        Directory.Delete(repaired, recursive: true);
        files.SyncFolder();
        return damaged ?? files.Folder;
    }

    /// <summary>Whether the file is one of the repaired journal, by the number that was drawn for it.</summary>
    private static bool IsOf(string segment, string[] repaired) => repaired.Length == 0 || IdOf(segment) is { } id && id == IdOf(repaired[0]);

    private static Guid? IdOf(string path)
    {
        if (Path.GetFileName(path) == NewestSegment.FileName)
        {
            return NewestSegment.Read(new DiskFileLayer(Path.GetDirectoryName(path)!) { IsReadOnly = true }, null, out _)?.Journal;
        }

        using FileStream file = File.OpenRead(path);
        var octets = new byte[SegmentHeader.Octets];
        return file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false) == octets.Length && SegmentHeader.TryRead(octets, out SegmentHeader header) ? header.Journal : null;
    }

    /// <summary>The journal's files, the note of the newest last: it makes no journal.</summary>
    private static string[] FilesOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder).Where(file => SegmentName.TryParse(Path.GetFileName(file), out _)).Order(StringComparer.Ordinal),
        .. Directory.EnumerateFiles(folder, NewestSegment.FileName),
    ];

    private static void MoveTo(string folder, string[] files)
    {
        Directory.CreateDirectory(folder);
        foreach (string file in files)
        {
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    /// <summary>The files of a folder that is held already, and stays so.</summary>
    private sealed class HeldFiles(IFileLayer files) : IFileLayer
    {
        public string Folder => files.Folder;

        public void Lock()
        {
            // It is.
        }

        public IReadOnlyList<string> List() => files.List();

        public IStoreFile Create(string name) => files.Create(name);

        public IStoreFile Open(string name) => files.Open(name);

        public void Rename(string name, string newName) => files.Rename(name, newName);

        public void Delete(string name) => files.Delete(name);

        public void SyncFolder() => files.SyncFolder();

        public long FreeOctets() => files.FreeOctets();

        public IReadOnlyList<string> ListFolders() => files.ListFolders();

        public IFileLayer OpenFolder(string name) => files.OpenFolder(name);

        public void DeleteFolder(string name) => files.DeleteFolder(name);

        public void Dispose()
        {
            // Not ours.
        }
    }
}
