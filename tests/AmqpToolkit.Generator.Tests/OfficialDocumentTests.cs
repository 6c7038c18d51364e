using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

/// <summary>
/// Runs when the environment variable <c>AMQP_OFFICIAL_SPECS</c> names a folder with the official documents (Debian's package amqp-specs puts them into
/// <c>/usr/share/amqp/specs</c>), in folders named after their edition.
/// </summary>
public sealed class OfficialDocumentTheoryAttribute() : PeerTheoryAttribute(WhyNot())
{
    public const string Variable = "AMQP_OFFICIAL_SPECS";

    private static string? WhyNot() => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => $"{Variable} names no folder with the official documents",
        { } folder when !Directory.Exists(folder) => $"{Variable} names the folder '{folder}', which does not exist",
        _ => null,
    };
}

public sealed partial class OfficialDocumentTests
{
    [OfficialDocumentTheory]
    [InlineData("0-8", "0-8", 12, 0)]
    [InlineData("0-8-qpid", "0-8", 12, 0)]
    [InlineData("0-9", "0-9", 12, 0)]
    [InlineData("0-9-qpid", "0-9", 12, 1)]
    [InlineData("0-9-1", "0-9-1", 6, 0)]
    [InlineData("0-9-1-qpid", "0-9-1", 6, 1)]
    [InlineData("0-9-1-rabbit", "0-9-1", 7, 0)]
    public void OfficialDocument_Unmodified_EmitsCodeThatCompiles(string folder, string edition, int classes, int foldedNames)
    {
        string file = Directory.GetFiles(Path.Combine(Environment.GetEnvironmentVariable(OfficialDocumentTheoryAttribute.Variable)!, folder), "*.xml").Single();
        var text = new InMemoryText(file, File.ReadAllText(file), spec: "auto");

        GeneratorRunResult result = GeneratorHarness.Run(text);

        Diagnostic[] warnings = [.. result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)];
        Assert.All(warnings, warning => Assert.Equal("AMQP0005", warning.Id));
        Assert.Equal(foldedNames, warnings.Length);
        Assert.All(result.GeneratedSources, source => Assert.StartsWith($"Amqp.V{edition.Replace('-', '_')}.", source.HintName, StringComparison.Ordinal));
        Assert.Equal(classes, result.GeneratedSources.Count(source => source.HintName.Contains(".Class", StringComparison.Ordinal)));
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    [OfficialDocumentTheory]
    [InlineData("0-10", 0)]
    [InlineData("0-10-qpid", 0)]
    [InlineData("1-0", 33)]
    public void OfficialDocuments_OfOtherGrammars_EmitCodeThatCompiles(string folder, int composites)
    {
        GeneratorRunResult result = GeneratorHarness.Run(Official(folder, null));

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.NotEmpty(result.GeneratedSources);
        Assert.Equal(composites, result.GeneratedSources.Count(source => source.SourceText.ToString().Contains("= CompositeReader.Open(", StringComparison.Ordinal)));
        Assert.Empty(GeneratorHarness.Compile(result));
    }

    /// <summary>With labels off and without overlays, ours is theirs, file for file.</summary>
    [OfficialDocumentTheory]
    [InlineData("0-8", "amqp0-8.xml")]
    [InlineData("0-9", "amqp0-9.xml")]
    [InlineData("0-9-1", "amqp0-9-1.xml")]
    [InlineData("0-10-qpid", "amqp0-10.xml")]
    [InlineData("1-0", "amqp1-0")]
    public void OwnDocuments_WithoutLabels_EmitTheCodeOfTheOfficialOnes(string folder, string own)
    {
        GeneratorRunResult expected = GeneratorHarness.Run(Official(folder, "Test"));
        GeneratorRunResult actual = GeneratorHarness.Run(GeneratorHarness.OwnBase(own).Select(text => new InMemoryText(text.Path, Labels().Replace(text.Content, ""), spec: "auto", ns: "Test")));

        Assert.Equal(
            expected.GeneratedSources.OrderBy(source => source.HintName, StringComparer.Ordinal).Select(source => $"{source.HintName}\n{source.SourceText}"),
            actual.GeneratedSources.OrderBy(source => source.HintName, StringComparer.Ordinal).Select(source => $"{source.HintName}\n{source.SourceText}"));
    }

    private static IEnumerable<InMemoryText> Official(string folder, string? ns) => Directory
        .GetFiles(Path.Combine(Environment.GetEnvironmentVariable(OfficialDocumentTheoryAttribute.Variable)!, folder), "*.xml")
        .Select(file => new InMemoryText(file, File.ReadAllText(file), spec: "auto", ns: ns));

    [GeneratedRegex(" label=\"[^\"]*\"")]
    private static partial Regex Labels();

    /// <summary>What the overlay makes of 0-9-1 is, method for method, at least what the official extended document has.</summary>
    [OfficialDocumentTheory]
    [InlineData("ClassExchange")]
    [InlineData("ClassConfirm")]
    [InlineData("ClassTx")]
    [InlineData("ClassQueue")]
    public void Overlay_OnOwnBase_EqualsTheOfficialExtendedDocument(string unit)
    {
        string folder = Path.Combine(Environment.GetEnvironmentVariable(OfficialDocumentTheoryAttribute.Variable)!, "0-9-1-rabbit");
        string file = Directory.GetFiles(folder, "*.xml").Single();
        GeneratorRunResult official = GeneratorHarness.Run(new InMemoryText(file, File.ReadAllText(file), spec: "auto", ns: "Test.V0_9_1"));
        GeneratorRunResult own = GeneratorHarness.Run(GeneratorHarness.OwnSpec());

        Assert.Equal(Code(official, unit), Code(own, unit));
    }

    private static string Code(GeneratorRunResult result, string unit)
    {
        string text = result.GeneratedSources.Single(source => source.HintName == $"Test.V0_9_1.{unit}.g.cs").SourceText.ToString();
        return string.Join('\n', text.Split('\n').Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)));
    }
}
