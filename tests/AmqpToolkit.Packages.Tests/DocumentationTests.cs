using System.Text.RegularExpressions;

namespace AmqpToolkit.Packages.Tests;

/// <summary>What <c>docs/generator.md</c> shows is what these tests build and run.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(Feed.Root, "docs", "generator.md"));

    [Fact]
    public void Page_ShowsEveryFileOfTheProjects()
    {
        string[] files = Files();

        Assert.Equal(7, files.Length);
        Assert.All(files, file => Assert.Contains($"\n{File.ReadAllText(file)}```\n", s_text, StringComparison.Ordinal));
    }

    [Fact]
    public void Page_ShowsNoOtherProjectOrDefinition()
    {
        string[] files = [.. Files().Select(File.ReadAllText)];

        Assert.Empty(Block().Matches(s_text).Select(match => match.Groups["code"].Value).Except(files, StringComparer.Ordinal));
    }

    private static string[] Files() => [.. new[] { "Orders", "Performatives" }.SelectMany(project => Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Projects", project)))];

    [GeneratedRegex("^```xml\\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
