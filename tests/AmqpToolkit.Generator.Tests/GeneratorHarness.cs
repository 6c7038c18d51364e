using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator.Tests;

/// <summary>A file that stands in memory, with its item metadata.</summary>
internal sealed class InMemoryText(string path, string text, string? spec = null, string? overlayFor = null, string? ns = null) : AdditionalText
{
    public override string Path => path;

    public string Content => text;

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal)
    {
        ["build_metadata.AdditionalFiles.AmqpSpec"] = spec ?? "",
        ["build_metadata.AdditionalFiles.AmqpOverlayFor"] = overlayFor ?? "",
        ["build_metadata.AdditionalFiles.AmqpNamespace"] = ns ?? "",
    };

    public static InMemoryText Base(string text, string path = "/specs/base.xml", string spec = "test") => new(path, text, spec, ns: "Test." + spec.Replace("-", "_", StringComparison.Ordinal));

    public static InMemoryText Overlay(string text, string path = "/specs/overlay.xml", string spec = "test") => new(path, text, overlayFor: spec);

    /// <summary>Metadata of the item; null where it has none.</summary>
    public string? Get(string metadata) => Metadata["build_metadata.AdditionalFiles." + metadata] is { Length: > 0 } value ? value : null;

    /// <summary>The same with another text.</summary>
    public InMemoryText With(string changed) => Copy(path, changed);

    /// <summary>The same in another place.</summary>
    public InMemoryText At(string changed) => Copy(changed, text);

    /// <summary>The same with one more of the item's metadata.</summary>
    public InMemoryText With(string metadata, string value)
    {
        InMemoryText copy = Copy(path, text);
        copy.Metadata["build_metadata.AdditionalFiles." + metadata] = value;
        return copy;
    }

    public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text, Encoding.UTF8);

    private InMemoryText Copy(string newPath, string newText)
    {
        var copy = new InMemoryText(newPath, newText);
        foreach ((string key, string value) in Metadata)
        {
            copy.Metadata[key] = value;
        }

        return copy;
    }
}

/// <summary>Metadata as the build hands it over.</summary>
internal sealed class InMemoryOptions(Dictionary<string, string>? properties = null) : AnalyzerConfigOptionsProvider
{
    public override AnalyzerConfigOptions GlobalOptions { get; } = new Options(properties ?? []);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Options(((InMemoryText)textFile).Metadata);

    private sealed class Options(Dictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, out string value)
        {
            bool found = values.TryGetValue(key, out string? known);
            value = known ?? "";
            return found;
        }
    }
}

/// <summary>Runs the generator in this process.</summary>
internal static class GeneratorHarness
{
    public static CSharpParseOptions ParseOptions { get; } = new(LanguageVersion.CSharp12, DocumentationMode.Diagnose);

    private static readonly ImmutableArray<MetadataReference> s_references =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static CSharpCompilation Compilation { get; } = CSharpCompilation.Create(
        "Emitted",
        [CSharpSyntaxTree.ParseText("internal static class Unrelated;", ParseOptions, cancellationToken: TestContext.Token)],
        s_references,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, generalDiagnosticOption: ReportDiagnostic.Error));

    public static GeneratorDriver Driver(params IEnumerable<InMemoryText> files) => Driver([], files);

    /// <summary>With properties of the project.</summary>
    public static GeneratorDriver Driver(Dictionary<string, string> properties, IEnumerable<InMemoryText> files) => CSharpGeneratorDriver.Create(
        [new AmqpGenerator().AsSourceGenerator()],
        files,
        ParseOptions,
        new InMemoryOptions(properties.ToDictionary(pair => "build_property." + pair.Key, pair => pair.Value, StringComparer.Ordinal)),
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true));

    public static GeneratorRunResult Run(params IEnumerable<InMemoryText> files) =>
        Run([], files);

    public static GeneratorRunResult Run(Dictionary<string, string> properties, IEnumerable<InMemoryText> files) =>
        Driver(properties, files).RunGenerators(Compilation, TestContext.Token).GetRunResult().Results.Single();

    /// <summary>The files of this repository's own 0-9-1.</summary>
    public static InMemoryText[] OwnSpec() =>
    [
        new("/specs/amqp0-9-1.xml", ReadSpec("amqp0-9-1.xml"), spec: "0-9-1", ns: "Test.V0_9_1"),
        new("/specs/amqp0-9-1.rabbitmq.xml", ReadSpec("amqp0-9-1.rabbitmq.xml"), overlayFor: "0-9-1"),
    ];

    /// <summary>The files of an edition of this repository without its overlays: one file, or a folder of parts.</summary>
    public static IEnumerable<InMemoryText> OwnBase(string name)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "spec", name);
        string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*.xml") : [path];
        return files.Select(file => new InMemoryText(file, File.ReadAllText(file), spec: "auto")).Where(text => !text.Content.Contains("overlay=\"", StringComparison.Ordinal));
    }

    /// <summary>The files of an edition of this repository with its overlays.</summary>
    public static IEnumerable<InMemoryText> OwnEdition(string edition, params string[] names) => names
        .SelectMany(name => OwnBase(name).Select(text => new InMemoryText(text.Path, text.Content, spec: edition, ns: "Test.V" + edition.Replace('-', '_')))
            .Concat(OwnOverlays(name).Select(text => new InMemoryText(text.Path, text.Content, overlayFor: edition))));

    /// <summary>Every edition of this repository with its overlays.</summary>
    public static InMemoryText[] OwnEditions() =>
    [
        .. OwnEdition("0-8", "amqp0-8.xml"),
        .. OwnEdition("0-9", "amqp0-9.xml"),
        .. OwnEdition("0-9-1", "amqp0-9-1.xml"),
        .. OwnEdition("0-10", "amqp0-10.xml"),
        .. OwnEdition("1-0", "amqp1-0"),
    ];

    private static IEnumerable<InMemoryText> OwnOverlays(string name)
    {
        string root = Path.Combine(AppContext.BaseDirectory, "spec");
        string[] files = Directory.Exists(Path.Combine(root, name)) ? Directory.GetFiles(Path.Combine(root, name), "*.xml") : Directory.GetFiles(root, Path.GetFileNameWithoutExtension(name) + ".*.xml");
        return files.Select(file => new InMemoryText(file, File.ReadAllText(file))).Where(text => text.Content.Contains("overlay=\"", StringComparison.Ordinal));
    }

    public static string ReadSpec(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "spec", name));

    /// <summary>Compiles what was emitted; the messages of the compiler are errors, warnings included.</summary>
    public static string[] Compile(GeneratorRunResult result)
    {
        CSharpCompilation compilation = Compilation.AddSyntaxTrees(result.GeneratedSources.Select(source => source.SyntaxTree));
        using var assembly = new MemoryStream();
        using var docs = new MemoryStream();
        return compilation.Emit(assembly, xmlDocumentationStream: docs, cancellationToken: TestContext.Token)
            .Diagnostics
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)
            .Select(diagnostic => diagnostic.ToString())
            .ToArray();
    }

    private static class TestContext
    {
        public static CancellationToken Token => CancellationToken.None;
    }
}
