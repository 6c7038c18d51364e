using System.IO.Compression;
using System.Text;
using System.Xml.Linq;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The folder with the packages that the build of this project has made.</summary>
internal static class Feed
{
    public const string Codec = "AmqpToolkit.Codec";
    public const string Generator = "AmqpToolkit.Generator";

    /// <summary>The .NET tools.</summary>
    public static IReadOnlyList<string> Tools { get; } = ["amqp-broker", "AmqpToolkit.Decode"];

    /// <summary>What a program refers to.</summary>
    public static IReadOnlyList<string> Libraries { get; } =
    [
        "AmqpToolkit.Broker", "AmqpToolkit.Broker.Testing", "AmqpToolkit.Client", "AmqpToolkit.Codec", "AmqpToolkit.Hosting", "AmqpToolkit.Protocol", "AmqpToolkit.Storage", "AmqpToolkit.Transport",
    ];

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "feed");

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public static string File(string id, string extension = "nupkg") => Directory.GetFiles(Folder, $"{id}.*.{extension}").Single(file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1]));

    /// <summary>What the package says of itself.</summary>
    public static XElement Metadata(SortedDictionary<string, byte[]> package) =>
        XDocument.Parse(Encoding.UTF8.GetString(package.Single(entry => entry.Key.EndsWith(".nuspec", StringComparison.Ordinal)).Value).TrimStart('\uFEFF')).Root!.Elements().Single();

    /// <summary>The configuration of a project that takes our packages from the feed, and all others from what this repository has restored.</summary>
    public static void WriteSources(string folder) => System.IO.File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""
        <configuration>
          <packageSources>
            <clear />
            <add key="ours" value="{Folder}" />
            <add key="restored" value="{TemporaryFolder.RestoredPackages}" />
          </packageSources>
          <packageSourceMapping>
            <clear />
            <packageSource key="ours"><package pattern="AmqpToolkit.*" /><package pattern="amqp-broker" /></packageSource>
            <packageSource key="restored"><package pattern="*" /></packageSource>
          </packageSourceMapping>
          <fallbackPackageFolders><clear /></fallbackPackageFolders>
        </configuration>
        """);

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
