using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Emitting;
using AmqpToolkit.Generator.Linking;
using AmqpToolkit.Generator.Lowering;
using AmqpToolkit.Generator.Reading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace AmqpToolkit.Generator.Tests;

/// <summary>What nobody foresaw is a diagnostic at the file, in whatever step it happens, and costs no other file anything.</summary>
public sealed class FailureTests
{
    [Fact]
    public void FileThatCannotBeRead_IsReported_AndTheOthersAreGenerated()
    {
        InMemoryText[] own = GeneratorHarness.OwnSpec();
        AdditionalText[] files = [new UnreadableText("/specs/broken.xml"), .. own];
        GeneratorDriver driver = CSharpGeneratorDriver.Create([new AmqpGenerator().AsSourceGenerator()], files, GeneratorHarness.ParseOptions, new UnreadableOptions());

        GeneratorRunResult result = driver.RunGenerators(GeneratorHarness.Compilation).GetRunResult().Results.Single();

        Assert.Null(result.Exception);
        Diagnostic diagnostic = Assert.Single(result.Diagnostics, candidate => candidate.Severity == DiagnosticSeverity.Error);
        Assert.Equal("AMQP0027", diagnostic.Id);
        Assert.Equal("/specs/broken.xml", diagnostic.Location.GetLineSpan().Path);
        Assert.Contains("IOException: gone", diagnostic.GetMessage(null), StringComparison.Ordinal);
        Assert.Equal(GeneratorHarness.Run(own).GeneratedSources.Select(source => source.HintName), result.GeneratedSources.Select(source => source.HintName));
    }

    [Fact]
    public void Reading_ThatThrows_IsAFinding()
    {
        ReadResult result = SpecReader.Read(new SpecInput("/specs/a.xml", "a", null, null, null!), default);

        AssertFailure(Assert.Single(result.Findings), "read the file");
        Assert.Null(result.Document);
    }

    [Fact]
    public void Linking_ThatThrows_IsAFinding()
    {
        var document = new ClassicDocument("/specs/a.xml", "a", false, null, default, default, default, new([new RawClass(0, null!, 1, null, default, default)]));

        LinkResult result = Linker.Link(new EditionInput("a", "A", EmissionOptions.Default, new([document])), default);

        AssertFailure(Assert.Single(result.Findings), "linked the edition");
        Assert.Null(result.Model);
    }

    [Fact]
    public void Lowering_ThatThrows_IsAFinding()
    {
        IReadOnlyList<Unit> units = EditionLowering.Lower(new StrangeEdition(), default);

        EmittedFile file = Emitter.Emit(Assert.Single(units));
        AssertFailure(file.Failure, "laid the edition out");
    }

    [Fact]
    public void TwoFiles_OfOneName_AreAFinding()
    {
        var choices = new ChoicesModel("a", "A", null, "ubyte", default);
        var edition = new TypeEdition("a", "A", default, default, new([choices, choices]), default, default, default);

        EmittedFile[] files = [.. EditionLowering.Lower(edition, default).Select(Emitter.Emit)];

        AssertFailure(Assert.Single(files, file => file.Failure is not null).Failure, "A.A.g.cs");
        Assert.Single(files, file => file.HintName == "A.A.g.cs");
    }

    [Fact]
    public void Emitting_ThatThrows_IsAFinding()
    {
        EmittedFile file = Emitter.Emit(new StrangeUnit());

        AssertFailure(file.Failure, "emitted code");
        Assert.Equal("", file.Text);
    }

    [Fact]
    public void Failure_IsReportedWithoutALine_AsTheMistakeThatItIs()
    {
        DiagnosticDescriptor rule = Rules.Find("AMQP0027");

        Assert.Equal(DiagnosticSeverity.Error, rule.DefaultSeverity);
        Assert.Equal("/specs/a.xml", new LocationTable("/specs/a.xml", default).Find(0, null).GetLineSpan().Path);
    }

    /// <summary>It is reported at the first file of its edition.</summary>
    private static void AssertFailure(EmissionFailure? failure, string words)
    {
        RawDocument Document(string edition) => new ClassicDocument($"/specs/{edition}.xml", edition, false, null, default, default, default, default);

        Assert.NotNull(failure);
        AssertFailure(Editions.Blame(failure, new([Document("0"), Document("a")])), words);
    }

    private static void AssertFailure(Finding finding, string words)
    {
        Assert.Equal("AMQP0027", finding.Id);
        Assert.Equal("/specs/a.xml", finding.Path);
        Assert.Contains(words, string.Join(' ', finding.Arguments), StringComparison.Ordinal);
    }

    private sealed record StrangeEdition() : EditionModel("a", "A");

    private sealed record StrangeUnit() : Unit("A", "a", "A.A.g.cs");

    private sealed class UnreadableText(string path) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => throw new IOException("gone");
    }

    private sealed class UnreadableOptions : Microsoft.CodeAnalysis.Diagnostics.AnalyzerConfigOptionsProvider
    {
        private readonly InMemoryOptions _options = new();

        public override Microsoft.CodeAnalysis.Diagnostics.AnalyzerConfigOptions GlobalOptions => _options.GlobalOptions;

        public override Microsoft.CodeAnalysis.Diagnostics.AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override Microsoft.CodeAnalysis.Diagnostics.AnalyzerConfigOptions GetOptions(AdditionalText textFile) =>
            _options.GetOptions(textFile as InMemoryText ?? new InMemoryText(textFile.Path, "", spec: "broken"));
    }
}
