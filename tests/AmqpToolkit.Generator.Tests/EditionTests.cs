using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

/// <summary>Every edition of this repository, with its overlays.</summary>
public sealed class EditionTests
{
    [Theory]
    [InlineData("0-8", "amqp0-8.xml")]
    [InlineData("0-9", "amqp0-9.xml")]
    [InlineData("0-9-1", "amqp0-9-1.xml")]
    [InlineData("0-10", "amqp0-10.xml")]
    [InlineData("1-0", "amqp1-0")]
    public void OwnEdition_WithOverlays_EmitsCodeThatCompilesAsCSharp12WithoutWarnings(string edition, string file)
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnEdition(edition, file));

        Assert.Empty(result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
        Assert.NotEmpty(result.GeneratedSources);
        string[] messages = GeneratorHarness.Compile(result);
        Assert.True(messages.Length == 0, string.Join('\n', messages.Take(20)));
    }
}
