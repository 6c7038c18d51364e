using System.Text;
using AmqpToolkit.Generator;
using BenchmarkDotNet.Attributes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Benchmarks;

/// <summary>The generator over all editions of this repository and their overlays: from nothing, after an edit of C#, after an edit of one definition.</summary>
[BenchmarkCategory("Generator")]
public class GeneratorBenchmarks
{
    private static readonly CSharpParseOptions s_parse = new(LanguageVersion.CSharp12);

    private readonly SpecText[] _files = [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "spec"), "*.xml", SearchOption.AllDirectories).Select(SpecText.Load)];

    private readonly CSharpCompilation _compilation = CSharpCompilation.Create("Benchmark", [CSharpSyntaxTree.ParseText("class One;", s_parse)]);

    private CSharpCompilation _edited = null!;
    private GeneratorDriver _warm = null!;
    private SpecText _before = null!;
    private SpecText _after = null!;

    [GlobalSetup]
    public void Setup()
    {
        _edited = _compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Two;", s_parse));
        _warm = Driver().RunGenerators(_compilation);
        _before = _files.Single(file => Path.GetFileName(file.Path) == "amqp0-9-1.xml");
        _after = _before.With("index=\"40\" label=\"", "index=\"40\" label=\"Other: ");
    }

    [Benchmark(Description = "generator: all editions from nothing")]
    public GeneratorDriver FromNothing() => Driver().RunGenerators(_compilation);

    [Benchmark(Description = "generator: after an edit of C#")]
    public GeneratorDriver AfterEditOfCSharp() => _warm.RunGenerators(_edited);

    [Benchmark(Description = "generator: after an edit of one definition")]
    public GeneratorDriver AfterEditOfDefinition() => _warm.ReplaceAdditionalText(_before, _after).RunGenerators(_compilation);

    private GeneratorDriver Driver() => CSharpGeneratorDriver.Create([new AmqpGenerator().AsSourceGenerator()], _files, s_parse, new SpecOptions());

    private sealed class SpecText(string path, string text, string edition) : AdditionalText
    {
        private readonly SourceText _text = SourceText.From(text, Encoding.UTF8);

        public override string Path => path;

        public string Edition => edition;

        public static SpecText Load(string path)
        {
            string folder = System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(path)!);
            string name = folder == "spec" ? System.IO.Path.GetFileName(path).Split('.')[0] : folder;
            return new SpecText(path, File.ReadAllText(path), name["amqp".Length..]);
        }

        public SpecText With(string old, string changed) => new(path, text.Replace(old, changed, StringComparison.Ordinal), edition);

        public override SourceText GetText(CancellationToken cancellationToken = default) => _text;
    }

    /// <summary>One metadata: a base or an overlay of an edition.</summary>
    private sealed class SpecOptions : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Metadata("");

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Metadata(((SpecText)textFile).Edition);

        private sealed class Metadata(string edition) : AnalyzerConfigOptions
        {
            public override bool TryGetValue(string key, out string value)
            {
                value = edition;
                return key == "build_metadata.AdditionalFiles.AmqpSpec" && edition.Length != 0;
            }
        }
    }
}
