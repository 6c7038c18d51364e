using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

namespace AmqpToolkit.Packages.Tests;

public sealed class ContentTests
{
    /// <summary>The kind of debug information that is a source, from the specification of portable PDB.</summary>
    private static readonly Guid s_embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private static readonly SortedDictionary<string, byte[]> s_codec = Feed.Read(Feed.File(Feed.Codec));
    private static readonly SortedDictionary<string, byte[]> s_generator = Feed.Read(Feed.File(Feed.Generator));

    [Fact]
    public void Codec_HasLibraryAndDocumentation_OfEveryFramework()
    {
        Assert.Equal(
            ["lib/net10.0/AmqpToolkit.Codec.dll", "lib/net10.0/AmqpToolkit.Codec.xml", "lib/net8.0/AmqpToolkit.Codec.dll", "lib/net8.0/AmqpToolkit.Codec.xml"],
            s_codec.Keys.Where(path => path.StartsWith("lib/", StringComparison.Ordinal)));
        Assert.Contains("T:AmqpToolkit.Codec.V0_9_1.BasicPublishView", Encoding.UTF8.GetString(s_codec["lib/net8.0/AmqpToolkit.Codec.xml"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Feed_HasAllPackages_AndNoOther()
    {
        string[] packages = [.. Directory.GetFiles(Feed.Folder, "*.nupkg").Select(file => Feed.Metadata(Feed.Read(file))).Select(metadata => metadata.Element(metadata.Name.Namespace + "id")!.Value)];

        Assert.Equal([.. Feed.Libraries.Concat(Feed.Tools).Append(Feed.Generator).Order(StringComparer.Ordinal)], packages.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Library_HasItsDocumentation_AndSymbolsWithItsSources(string id)
    {
        SortedDictionary<string, byte[]> package = Feed.Read(Feed.File(id));
        SortedDictionary<string, byte[]> symbols = Feed.Read(Feed.File(id, "snupkg"));

        foreach (string framework in id == Feed.Codec ? new[] { "net8.0", "net10.0" } : ["net10.0"])
        {
            Assert.Contains($"lib/{framework}/{id}.dll", package.Keys);
            Assert.Contains($"lib/{framework}/{id}.xml", package.Keys);
            using var stream = new MemoryStream(symbols[$"lib/{framework}/{id}.pdb"]);
            using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(stream);
            MetadataReader reader = provider.GetMetadataReader();
            Assert.NotEmpty(reader.Documents);
            Assert.All(reader.Documents, handle => Assert.Contains(reader.GetCustomDebugInformation(handle).Select(reader.GetCustomDebugInformation), information => reader.GetGuid(information.Kind) == s_embeddedSource));
            AssertNeutral(reader);
        }
    }

    [Fact]
    public void Codec_HasSymbols_OfWhatIsGenerated()
    {
        using var stream = new MemoryStream(Feed.Read(Feed.File(Feed.Codec, "snupkg"))["lib/net10.0/AmqpToolkit.Codec.pdb"]);
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(stream);
        MetadataReader reader = provider.GetMetadataReader();

        Assert.Contains(reader.Documents, handle => Name(reader, handle).EndsWith("/AmqpToolkit.Codec.V0_9_1.ClassBasic.g.cs", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Tools))]
    public void Tool_IsOne_AndHasItsSymbols(string id)
    {
        SortedDictionary<string, byte[]> package = Feed.Read(Feed.File(id));
        XElement metadata = Feed.Metadata(package);
        string program = id == "AmqpToolkit.Decode" ? "amqp-decode" : id;

        Assert.Equal("DotnetTool", Assert.Single(metadata.Descendants(metadata.Name.Namespace + "packageType")).Attribute("name")!.Value);
        Assert.Contains($"tools/net10.0/any/{program}.dll", package.Keys);
        Assert.Contains($"Name=\"{program}\"", Encoding.UTF8.GetString(package["tools/net10.0/any/DotnetToolSettings.xml"]), StringComparison.Ordinal);
        Assert.Contains("\"rollForward\": \"Major\"", Encoding.UTF8.GetString(package[$"tools/net10.0/any/{program}.runtimeconfig.json"]), StringComparison.Ordinal);
        Assert.Contains(Feed.Read(Feed.File(id, "snupkg")).Keys, path => path.EndsWith($"/{program}.pdb", StringComparison.Ordinal));
    }

    [Fact]
    public void Generator_IsAnAnalyzer_AndBringsTheDefinitions()
    {
        string[] specs = [.. Directory.GetFiles(Path.Combine(Feed.Root, "spec"), "*.xml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Feed.Root, file).Replace('\\', '/'))];
        string[] expected =
        [
            "README.md", "icon.png", "analyzers/dotnet/cs/AmqpToolkit.Generator.dll",
            "build/AmqpToolkit.Generator.props", "build/AmqpToolkit.Generator.targets", "buildTransitive/AmqpToolkit.Generator.props", "buildTransitive/AmqpToolkit.Generator.targets",
            .. specs,
        ];

        Assert.Equal(expected.Order(StringComparer.Ordinal), s_generator.Keys.Where(path => !IsOfTheFormat(path)));
        Assert.Contains("spec/amqp1-0/transport.xml", s_generator.Keys);
    }

    [Fact]
    public void Generator_HasItsSymbolsInside()
    {
        using var image = new PEReader(new MemoryStream(s_generator["analyzers/dotnet/cs/AmqpToolkit.Generator.dll"]));
        DebugDirectoryEntry entry = image.ReadDebugDirectory().Single(entry => entry.Type == DebugDirectoryEntryType.EmbeddedPortablePdb);
        using MetadataReaderProvider provider = image.ReadEmbeddedPortablePdbDebugDirectoryData(entry);

        AssertNeutral(provider.GetMetadataReader());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Package_SaysWhatItIs(string id)
    {
        SortedDictionary<string, byte[]> package = Feed.Read(Feed.File(id));
        XElement metadata = Feed.Metadata(package);
        XNamespace ns = metadata.Name.Namespace;

        Assert.Equal(id, metadata.Element(ns + "id")!.Value);
        Assert.Equal("MIT", metadata.Element(ns + "license")!.Value);
        Assert.Equal("README.md", metadata.Element(ns + "readme")!.Value);
        Assert.Equal("icon.png", metadata.Element(ns + "icon")!.Value);
        Assert.True(metadata.Element(ns + "description")!.Value.Length > 40);
        Assert.NotEmpty(metadata.Element(ns + "tags")!.Value);
        Assert.NotEmpty(metadata.Element(ns + "releaseNotes")!.Value);
        Assert.Null(metadata.Element(ns + "projectUrl"));
        Assert.Null(metadata.Element(ns + "repository")?.Attribute("url"));
        Assert.StartsWith($"# {id}\n", Encoding.UTF8.GetString(package["README.md"]), StringComparison.Ordinal);
        Assert.Equal("PNG", Encoding.ASCII.GetString(package["icon.png"], 1, 3));
    }

    /// <summary>Ours in the very same version, for they share internals; of others the platform's abstractions, where a user expects them.</summary>
    [Theory]
    [InlineData("AmqpToolkit.Codec")]
    [InlineData("AmqpToolkit.Generator")]
    [InlineData("AmqpToolkit.Storage")]
    [InlineData("AmqpToolkit.Decode")]
    [InlineData("amqp-broker")]
    [InlineData("AmqpToolkit.Protocol", "AmqpToolkit.Codec")]
    [InlineData("AmqpToolkit.Transport", "AmqpToolkit.Protocol", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("AmqpToolkit.Client", "AmqpToolkit.Transport", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("AmqpToolkit.Broker", "AmqpToolkit.Storage", "AmqpToolkit.Transport", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("AmqpToolkit.Broker.Testing", "AmqpToolkit.Broker", "AmqpToolkit.Client")]
    [InlineData(
        "AmqpToolkit.Hosting", "AmqpToolkit.Broker", "Microsoft.Extensions.Configuration.Abstractions", "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions", "Microsoft.Extensions.Hosting.Abstractions")]
    public void Package_Needs_TheseAlone(string id, params string[] needed)
    {
        XElement metadata = Feed.Metadata(Feed.Read(Feed.File(id)));
        string own = $"[{metadata.Element(metadata.Name.Namespace + "version")!.Value}]";
        Dictionary<string, string> versions = XDocument.Load(Path.Combine(Feed.Root, "Directory.Packages.props")).Descendants("PackageVersion").ToDictionary(one => one.Attribute("Include")!.Value, one => one.Attribute("Version")!.Value);

        Assert.Equal(
            needed.Select(other => (other, versions.GetValueOrDefault(other, own))).Order(),
            metadata.Descendants(metadata.Name.Namespace + "dependency").Select(dependency => (dependency.Attribute("id")!.Value, dependency.Attribute("version")!.Value)).Order());
    }

    [Fact]
    public void Libraries_HoldNoPathOfTheMachine()
    {
        byte[][] roots = [Encoding.UTF8.GetBytes(Feed.Root), Encoding.Unicode.GetBytes(Feed.Root)];
        string[] packages = [.. Directory.GetFiles(Feed.Folder)];

        Assert.Contains(packages, file => file.EndsWith(".snupkg", StringComparison.Ordinal));
        Assert.All(packages, file => Assert.All(Feed.Read(file), entry => Assert.DoesNotContain(roots, root => entry.Value.AsSpan().IndexOf(root) >= 0)));
    }

    public static TheoryData<string> Libraries() => [.. Feed.Libraries];

    public static TheoryData<string> Tools() => [.. Feed.Tools];

    public static TheoryData<string> All() => [.. Feed.Libraries, .. Feed.Tools, Feed.Generator];

    private static bool IsOfTheFormat(string path) => path.EndsWith(".nuspec", StringComparison.Ordinal) || path is "[Content_Types].xml" or "_rels/.rels" || path.StartsWith("package/", StringComparison.Ordinal);

    private static string Name(MetadataReader reader, DocumentHandle handle) => reader.GetString(reader.GetDocument(handle).Name);

    private static void AssertNeutral(MetadataReader reader) =>
        Assert.All(reader.Documents, handle => Assert.StartsWith("/_/", Name(reader, handle).Replace('\\', '/'), StringComparison.Ordinal));
}
