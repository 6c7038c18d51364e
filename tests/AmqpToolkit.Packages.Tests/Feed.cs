using System.IO.Compression;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The folder with the packages that the build of this project has made.</summary>
internal static class Feed
{
    public const string Codec = "AmqpToolkit.Codec";
    public const string Generator = "AmqpToolkit.Generator";

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "feed");

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public static string File(string id, string extension = "nupkg") => Directory.GetFiles(Folder, $"{id}.*.{extension}").Single();

    /// <summary>Content by path.</summary>
    public static SortedDictionary<string, byte[]> Read(string file)
    {
        var entries = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        using ZipArchive archive = ZipFile.OpenRead(file);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            entries.Add(entry.FullName, copy.ToArray());
        }

        return entries;
    }

    private static string FindRoot()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "AmqpToolkit.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' has AmqpToolkit.sln.");
        }

        return folder.FullName;
    }
}
