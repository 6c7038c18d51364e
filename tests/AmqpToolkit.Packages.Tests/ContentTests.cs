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
    public void Codec_HasSymbols_WithItsSources()
    {
        SortedDictionary<string, byte[]> symbols = Feed.Read(Feed.File(Feed.Codec, "snupkg"));

        foreach (string framework in new[] { "net8.0", "net10.0" })
        {
            using var stream = new MemoryStream(symbols[$"lib/{framework}/AmqpToolkit.Codec.pdb"]);
            using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(stream);
            MetadataReader reader = provider.GetMetadataReader();
            Assert.Contains(reader.Documents, handle => Name(reader, handle).EndsWith("/AmqpToolkit.Codec.V0_9_1.ClassBasic.g.cs", StringComparison.Ordinal));
            Assert.All(reader.Documents, handle => Assert.Contains(reader.GetCustomDebugInformation(handle).Select(reader.GetCustomDebugInformation), information => reader.GetGuid(information.Kind) == s_embeddedSource));
            AssertNeutral(reader);
        }
    }

    [Fact]
    public void Generator_IsAnAnalyzer_AndBringsTheDefinitions()
    {
        string[] specs = [.. Directory.GetFiles(Path.Combine(Feed.Root, "spec"), "*.xml", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Feed.Root, file).Replace('\\', '/'))];
        string[] expected =
        [
            "README.md", "analyzers/dotnet/cs/AmqpToolkit.Generator.dll",
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
    [InlineData(Feed.Codec)]
    [InlineData(Feed.Generator)]
    public void Package_SaysWhatItIs_AndDependsOnNothing(string id)
    {
        SortedDictionary<string, byte[]> package = id == Feed.Codec ? s_codec : s_generator;
        XElement metadata = XDocument.Parse(Encoding.UTF8.GetString(package[$"{id}.nuspec"]).TrimStart('\uFEFF')).Root!.Elements().Single();
        XNamespace ns = metadata.Name.Namespace;

        Assert.Equal(id, metadata.Element(ns + "id")!.Value);
        Assert.Equal("MIT", metadata.Element(ns + "license")!.Value);
        Assert.Equal("README.md", metadata.Element(ns + "readme")!.Value);
        Assert.True(metadata.Element(ns + "description")!.Value.Length > 40);
        Assert.Null(metadata.Element(ns + "projectUrl"));
        Assert.Null(metadata.Element(ns + "repository")?.Attribute("url"));
        Assert.Empty(metadata.Descendants(ns + "dependency"));
        Assert.StartsWith($"# {id}\n", Encoding.UTF8.GetString(package["README.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Libraries_HoldNoPathOfTheMachine()
    {
        byte[] root = Encoding.UTF8.GetBytes(Feed.Root);

        Assert.All(s_codec.Concat(s_generator), entry => Assert.True(entry.Value.AsSpan().IndexOf(root) < 0, entry.Key));
    }

    private static bool IsOfTheFormat(string path) => path.EndsWith(".nuspec", StringComparison.Ordinal) || path is "[Content_Types].xml" or "_rels/.rels" || path.StartsWith("package/", StringComparison.Ordinal);

    private static string Name(MetadataReader reader, DocumentHandle handle) => reader.GetString(reader.GetDocument(handle).Name);

    private static void AssertNeutral(MetadataReader reader) =>
        Assert.All(reader.Documents, handle => Assert.StartsWith("/_/", Name(reader, handle).Replace('\\', '/'), StringComparison.Ordinal));
}
