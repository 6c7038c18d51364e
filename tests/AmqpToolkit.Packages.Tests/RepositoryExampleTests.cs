using System.Text.RegularExpressions;

namespace AmqpToolkit.Packages.Tests;

/// <summary>The protocol that <c>spec/README.md</c> adds within this repository, taken from that page word by word.</summary>
public sealed partial class RepositoryExampleTests
{
    [Fact]
    public async Task Protocol_AddedAsTheReadmeSays_BuildsAndRuns()
    {
        string text = File.ReadAllText(Path.Combine(Feed.Root, "spec", "README.md"));
        string[] blocks = [.. Block().Matches(text[text.IndexOf("## How a project uses them", StringComparison.Ordinal)..]).Select(match => match.Groups["text"].Value)];
        Assert.Equal(4, blocks.Length);

        // Within the repository, whose settings count, and where no other project looks for its files.
        using var folder = new TemporaryFolder(Path.Combine(Feed.Root, "tests", "AmqpToolkit.Packages.Tests", "obj"));
        File.WriteAllText(Path.Combine(folder.Path, "My.csproj"), blocks[0]);
        File.WriteAllText(Path.Combine(folder.Path, "echo.xml"), blocks[1]);
        File.WriteAllText(Path.Combine(folder.Path, "Program.cs"), blocks[2]);

        // Generator and codec have been built, and other builds may look at what came of it.
        (int exitCode, string messages) = await folder.DotNetAsync("build -c Release -v:q -p:BuildProjectReferences=false -p:UseSharedCompilation=false", ownPackages: false);
        Assert.True(exitCode == 0, messages);

        (exitCode, string output) = await folder.DotNetAsync("bin/Release/net10.0/My.dll", ownPackages: false);

        Assert.Equal(blocks[3], output);
        Assert.Equal(0, exitCode);
    }

    [GeneratedRegex("^```[a-z]*\\n(?<text>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
