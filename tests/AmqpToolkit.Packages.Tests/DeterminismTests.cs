using System.Text;
using System.Xml.Linq;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The same sources make the same packages, wherever they stand.</summary>
public sealed class DeterminismTests : IDisposable
{
    private const string Tool = "amqp-broker";

    private static readonly string[] s_sources =
    [
        "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "packaging", "spec", "generator",
        "src/AmqpToolkit.Codec", "src/AmqpToolkit.Protocol", "src/AmqpToolkit.Transport", "src/AmqpToolkit.Storage", "src/AmqpToolkit.Broker", "src/AmqpToolkit.Broker.Host",
    ];

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Packages_MadeElsewhere_AreTheSame()
    {
        foreach (string source in s_sources)
        {
            Copy(Path.Combine(Feed.Root, source), Path.Combine(_folder.Path, source));
        }

        // What a clone takes from git.
        string revision = Revision();
        string commit = revision.Length == 0 ? "" : $" -p:SourceRevisionId={revision} -p:RepositoryCommit={revision} -p:RepositoryType=git";
        string options = $"-c Release -v:q -p:RunAnalyzers=false -p:UseSharedCompilation=false{commit}";
        await RunAsync($"pack generator/AmqpToolkit.Generator -o packages {options}");
        await RunAsync($"pack src/AmqpToolkit.Broker.Host -o packages {options}");

        AssertSamePackage(Feed.File(Feed.Generator));
        AssertSamePackage(Feed.File(Tool));
        AssertSamePackage(Feed.File(Tool, "snupkg"));
        SortedDictionary<string, byte[]> codec = Feed.Read(Feed.File(Feed.Codec));
        SortedDictionary<string, byte[]> symbols = Feed.Read(Feed.File(Feed.Codec, "snupkg"));
        AssertSame(
            new() { ["dll"] = codec["lib/net10.0/AmqpToolkit.Codec.dll"], ["pdb"] = symbols["lib/net10.0/AmqpToolkit.Codec.pdb"], ["xml"] = codec["lib/net10.0/AmqpToolkit.Codec.xml"] },
            new() { ["dll"] = Built("dll"), ["pdb"] = Built("pdb"), ["xml"] = Built("xml") });
    }

    public void Dispose() => _folder.Dispose();

    private void AssertSamePackage(string file) => AssertSame(Feed.Read(file), Feed.Read(Path.Combine(_folder.Path, "packages", Path.GetFileName(file))));

    private byte[] Built(string extension) => File.ReadAllBytes(Path.Combine(_folder.Path, "src", Feed.Codec, "bin", "Release", "net10.0", $"{Feed.Codec}.{extension}"));

    private async Task RunAsync(string arguments)
    {
        (int exitCode, string messages) = await _folder.DotNetAsync(arguments, ownPackages: false);
        Assert.True(exitCode == 0, messages);
    }

    private static string Revision()
    {
        XElement nuspec = XDocument.Parse(Encoding.UTF8.GetString(Feed.Read(Feed.File(Feed.Codec))["AmqpToolkit.Codec.nuspec"]).TrimStart('\uFEFF')).Root!;
        return nuspec.Descendants().SingleOrDefault(element => element.Name.LocalName == "repository")?.Attribute("commit")?.Value ?? "";
    }

    private static void AssertSame(SortedDictionary<string, byte[]> expected, SortedDictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, entry => Assert.True(entry.Value.AsSpan().SequenceEqual(actual[entry.Key]), entry.Key));
    }

    private static void Copy(string source, string target)
    {
        if (File.Exists(source))
        {
            File.Copy(source, target);
            return;
        }

        Directory.CreateDirectory(target);
        foreach (string entry in Directory.GetFileSystemEntries(source).Where(entry => Path.GetFileName(entry) is not ("bin" or "obj")))
        {
            Copy(entry, Path.Combine(target, Path.GetFileName(entry)));
        }
    }
}
