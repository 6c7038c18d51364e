using System.Globalization;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Storage.Journaling;
using AmqpToolkit.Storage.Streams;

namespace AmqpToolkit.Broker.Host;

/// <summary>The streams in a data folder, held against what the journal says of them. Used by one thread.</summary>
internal sealed class StoreStreams(string folder, StoreInventory inventory, JournalReport journal)
{
    private readonly string _streams = Path.Combine(folder, StoreFolders.Streams);

    /// <summary>The streams that are there, or should be.</summary>
    public IReadOnlySet<uint> Numbers => new SortedSet<uint>([.. inventory.Streams.Where(IsDeclared), .. Folders()]);

    /// <summary>Whether nobody declares what is in a stream's folder, nor has deleted it.</summary>
    public bool IsUnknown(uint number) => !IsDeclared(number) && !journal.Removed.Contains(number) && Directory.Exists(FolderOf(number)) && Directory.EnumerateFiles(FolderOf(number)).Any();

    /// <summary>What a stream has and lacks. Nothing is missed of one that nobody declares.</summary>
    public StreamReport Check(uint number)
    {
        bool isDeclared = IsDeclared(number);
        return StreamCheck.Run(
            Directory.Exists(FolderOf(number)) ? new DiskFileLayer(FolderOf(number)) { IsReadOnly = true } : null,
            isDeclared ? inventory.StreamEndOf(number) : 0,
            isDeclared ? inventory.StreamFirstOf(number) : -1);
    }

    /// <summary>Whether nothing is damaged, and nothing there that nobody knows of.</summary>
    public bool AreWhole() => Numbers.All(number => !IsUnknown(number) && Check(number).Damages.Count == 0);

    /// <summary>Sets aside what nobody declares, and takes the losses of the others for what they are. The folder is held.</summary>
    /// <param name="aside">Where what is damaged goes, or a copy of it; made when something goes there.</param>
    /// <param name="tell">Told what was done, a line each.</param>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public void Repair(string aside, Action<string> tell)
    {
        foreach (uint number in Numbers)
        {
            string kept = Path.Combine(aside, StoreFolders.Streams, NameOf(number));
            if (IsUnknown(number))
            {
                MakeFolder(Path.GetDirectoryName(kept)!);
                Directory.Move(FolderOf(number), kept);
                NativeFiles.SyncFolder(Path.GetDirectoryName(kept)!);
                NativeFiles.SyncFolder(_streams);
                tell($"stream of {inventory.NameOf(number)}: its files are in {kept}");
            }
            else if (Check(number) is { Damages.Count: > 0 } report)
            {
                MakeFolder(FolderOf(number));
                StreamRepair.Run(new DiskFileLayer(FolderOf(number)), report, name => Keep(FolderOf(number), kept, name));
                NativeFiles.SyncFolder(_streams);
                tell($"stream of {inventory.NameOf(number)}: what is lost is not missed any more; the damaged files are in {kept}");
            }
        }
    }

    /// <summary>Makes a folder in the data folder, and waits until it can be found whatever the power does: what goes there goes from where it was.</summary>
    private void MakeFolder(string path)
    {
        if (Path.GetDirectoryName(path) is { } above && !Directory.Exists(above))
        {
            // What is made on the way to a folder would be everybody's to read.
            MakeFolder(above);
        }

        DiskFileLayer.NewFolder(path);
        int end = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)).Length;
        for (string parent = Path.GetDirectoryName(path)!; parent.Length >= end; parent = Path.GetDirectoryName(parent)!)
        {
            NativeFiles.SyncFolder(parent);
        }
    }

    private void Keep(string from, string to, string name)
    {
        MakeFolder(to);
        File.Copy(Path.Combine(from, name), Path.Combine(to, name));
        using (DiskFileLayer copies = new(to))
        using (IStoreFile copy = copies.Open(name))
        {
            copy.Sync();
        }

        NativeFiles.SyncFolder(to);
    }

    private static string NameOf(uint number) => number.ToString(CultureInfo.InvariantCulture);

    private bool IsDeclared(uint number) => journal.Messages.ContainsKey(number);

    private string FolderOf(uint number) => Path.Combine(_streams, NameOf(number));

    private IEnumerable<uint> Folders()
    {
        foreach (string stream in Directory.Exists(_streams) ? Directory.EnumerateDirectories(_streams) : [])
        {
            if (uint.TryParse(Path.GetFileName(stream), NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
            {
                yield return number;
            }
        }
    }
}
