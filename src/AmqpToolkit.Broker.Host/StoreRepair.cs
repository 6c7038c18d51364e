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
    /// <returns>Where the damaged files are now.</returns>
    /// <exception cref="IOException">The folder is in use, or cannot be read or written.</exception>
    public static string Run(string folder, QueueOf queueOf)
    {
        using DiskFileLayer files = new(folder);
        files.Lock();
        string repaired = Path.Combine(files.Folder, StoreFolders.Repaired);
        if (!Directory.Exists(repaired))
        {
            Write(files, Path.Combine(files.Folder, Repairing), repaired, queueOf);
        }

        return Exchange(files, repaired);
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

    private static string Exchange(DiskFileLayer files, string repaired)
    {
        string? damaged = Directory.EnumerateDirectories(files.Folder, "damaged-*").Order(StringComparer.Ordinal).LastOrDefault();
        string[] left = Segments(repaired);
        if (Segments(files.Folder).Length > 0 && !Segments(files.Folder).Any(segment => IsOf(segment, left)))
        {
            damaged = Path.Combine(files.Folder, string.Create(CultureInfo.InvariantCulture, $"damaged-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}"));
            MoveTo(damaged, Segments(files.Folder));
            NativeFiles.SyncFolder(damaged);
            files.SyncFolder();
        }

        MoveTo(files.Folder, left);
        files.SyncFolder();
        Directory.Delete(repaired, recursive: true);
        files.SyncFolder();
        return damaged ?? files.Folder;
    }

    /// <summary>Whether the segment is one of the repaired journal, by the number that was drawn for it.</summary>
    private static bool IsOf(string segment, string[] repaired) => repaired.Length == 0 || IdOf(segment) is { } id && id == IdOf(repaired[0]);

    private static Guid? IdOf(string segment)
    {
        using FileStream file = File.OpenRead(segment);
        var octets = new byte[SegmentHeader.Octets];
        return file.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false) == octets.Length && SegmentHeader.TryRead(octets, out SegmentHeader header) ? header.Journal : null;
    }

    private static string[] Segments(string folder) =>
        [.. Directory.EnumerateFiles(folder).Where(file => SegmentName.TryParse(Path.GetFileName(file), out _)).Order(StringComparer.Ordinal)];

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
