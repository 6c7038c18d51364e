using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

/// <summary>
/// Runs when the environment variable <c>AMQP_OFFICIAL_SPECS</c> names a folder with the official documents (Debian's package amqp-specs puts them into
/// <c>/usr/share/amqp/specs</c>), in folders named after their edition.
/// </summary>
public sealed class OfficialDocumentTheoryAttribute : TheoryAttribute
{
    public const string Variable = "AMQP_OFFICIAL_SPECS";

    public OfficialDocumentTheoryAttribute()
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder))
        {
            Skip = $"{Variable} names no folder with the official documents";
        }
        else if (!Directory.Exists(folder))
        {
            Skip = $"{Variable} names the folder '{folder}', which does not exist";
        }
    }
}

public sealed class OfficialDocumentTests
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
