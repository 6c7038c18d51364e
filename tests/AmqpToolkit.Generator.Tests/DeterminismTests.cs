using System.Globalization;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

public sealed class DeterminismTests
{
    private static readonly string s_expected = Emit(GeneratorHarness.OwnSpec());

    [Fact]
    public void Output_OfShuffledFiles_IsTheSame() => Assert.Equal(s_expected, Emit(GeneratorHarness.OwnSpec().Reverse()));

    [Fact]
    public void Output_OfFilesElsewhere_IsTheSame()
    {
        InMemoryText[] files = GeneratorHarness.OwnSpec();

        Assert.Equal(s_expected, Emit(
            new InMemoryText("C:\\z\\amqp0-9-1.xml", files[0].Content, spec: "0-9-1", ns: "Test.V0_9_1"),
            new InMemoryText("/a/amqp0-9-1.rabbitmq.xml", files[1].Content, overlayFor: "0-9-1")));
    }

    [Fact]
    public void Output_OfCarriageReturns_IsTheSame() =>
        Assert.Equal(s_expected, Emit(GeneratorHarness.OwnSpec().Select(file => file.With(file.Content.Replace("\n", "\r\n", StringComparison.Ordinal)))));

    [Fact]
    public void Output_UnderAnotherCulture_IsTheSame()
    {
        CultureInfo before = CultureInfo.CurrentCulture;

        // In Turkish the capital of i is not I. Where cultures are not installed, at least numbers look different.
        var culture = (CultureInfo)CultureInfo.GetCultureInfo("tr-TR").Clone();
        culture.NumberFormat.NegativeSign = "~";
        culture.NumberFormat.NumberGroupSeparator = "'";
        try
        {
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(s_expected, Emit(GeneratorHarness.OwnSpec()));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Output_HasLineFeedsOnly() => Assert.DoesNotContain('\r', s_expected);

    [Fact]
    public void Output_HasUniqueHintNames_WhateverTheCase()
    {
        GeneratorRunResult result = GeneratorHarness.Run(GeneratorHarness.OwnSpec());

        Assert.Equal(result.GeneratedSources.Length, result.GeneratedSources.Select(source => source.HintName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    private static string Emit(params IEnumerable<InMemoryText> files)
    {
        GeneratorRunResult result = GeneratorHarness.Run(files);
        return string.Concat(result.GeneratedSources.OrderBy(source => source.HintName, StringComparer.Ordinal).Select(source => $"==== {source.HintName}\n{source.SourceText}"));
    }
}
