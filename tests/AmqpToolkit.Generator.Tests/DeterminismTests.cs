using System.Globalization;
using Microsoft.CodeAnalysis;

namespace AmqpToolkit.Generator.Tests;

public sealed class DeterminismTests
{
    private static readonly InMemoryText[] s_files = GeneratorHarness.OwnEditions();

    private static readonly string s_expected = Emit(s_files);

    [Fact]
    public void Output_OfShuffledFiles_IsTheSame() => Assert.Equal(s_expected, Emit(s_files.Reverse()));

    [Fact]
    public void Output_OfFilesElsewhere_IsTheSame()
    {
        // Every other one on another drive, in a folder that sorts elsewhere.
        IEnumerable<InMemoryText> elsewhere = s_files.Select((file, i) => file.At((i % 2 == 0 ? "C:\\z\\" : "/a/b/") + Path.GetFileName(file.Path)));

        Assert.Equal(s_expected, Emit(elsewhere));
    }

    [Fact]
    public void Output_OfCarriageReturns_IsTheSame() =>
        Assert.Equal(s_expected, Emit(s_files.Select(file => file.With(file.Content.Replace("\n", "\r\n", StringComparison.Ordinal)))));

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
            Assert.Equal(s_expected, Emit(s_files));
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
        GeneratorRunResult result = GeneratorHarness.Run(s_files);

        Assert.Equal(result.GeneratedSources.Length, result.GeneratedSources.Select(source => source.HintName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    private static string Emit(params IEnumerable<InMemoryText> files)
    {
        GeneratorRunResult result = GeneratorHarness.Run(files);
        return string.Concat(result.GeneratedSources.OrderBy(source => source.HintName, StringComparer.Ordinal).Select(source => $"==== {source.HintName}\n{source.SourceText}"));
    }
}
