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
    /// <param name="files">The data folder, which is held.</param>
    /// <param name="aside">Where the damaged files are to go.</param>
    /// <returns>Where the damaged files are now; null when there were none.</returns>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public static string? Run(IFileLayer files, string aside)
    {
        string repaired = Path.Combine(files.Folder, StoreFolders.Repaired);
        bool goesOn = Directory.Exists(repaired);
        if (!goesOn)
        {
            Write(files, Path.Combine(files.Folder, Repairing), repaired);
        }

        return Exchange(files, repaired, aside, goesOn);
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

    private static void Write(IFileLayer files, string repairing, string repaired)
    {
        if (Directory.Exists(repairing))
        {
            Directory.Delete(repairing, recursive: true);
        }

        StoreInventory inventory = new();
        JournalRepair.Run(files, new DiskFileLayer(repairing), new JournalOptions { SpareSegments = 0 }, inventory.QueueOf, inventory.Missing);
        Directory.Move(repairing, repaired);
        files.SyncFolder();
    }

    /// <param name="goesOn">Whether an earlier run was interrupted, which may have moved some already.</param>
    private static string? Exchange(IFileLayer files, string repaired, string aside, bool goesOn)
    {
        string? damaged = !goesOn ? null : Directory.EnumerateDirectories(files.Folder, "damaged-*").Order(StringComparer.Ordinal).LastOrDefault();
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
        return damaged;
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
        DiskFileLayer.NewFolder(folder);
        foreach (string file in files)
        {
            File.Move(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }
}
