using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AmqpToolkit.Architecture.Tests;

/// <summary>What a newcomer relies on: the solution is whole, the texts are true, nothing belongs to one machine.</summary>
public sealed partial class RepositoryTests
{
    private static string Version => XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("Version").Single().Value;

    [Fact]
    public void Solution_AllProjects_AreInIt()
    {
        string solution = Repository.Read("AmqpToolkit.sln").Replace('\\', '/');
        Assert.Empty(ProjectFile.In("").Select(project => project.Path).Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Packages_AllVersions_AreCentral()
    {
        IEnumerable<ProjectFile> own = ProjectFile.In("").Where(project => project.Content.Descendants("PackageReference").Any(package => package.Attribute("Version") is not null));
        Assert.Empty(own.Select(project => project.Path));
    }

    [Fact]
    public void Packages_AllCentralVersions_HaveAUser()
    {
        IEnumerable<string> versions = XDocument.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion").Select(package => (string)package.Attribute("Include")!);
        IEnumerable<string> used = ProjectFile.In("").Append(new ProjectFile("Directory.Build.props", XDocument.Parse(Repository.Read("Directory.Build.props")))).SelectMany(project => project.PackageReferences);
        Assert.Empty(versions.Except(used));
    }

    [Fact]
    public void Files_OfTheRepository_HoldNoPathOfAMachine()
    {
        IEnumerable<string> found =
            from path in Repository.TextFiles()
            from Match match in MachinePath().Matches(Repository.Read(path))
            select $"{path}: {match.Value.Trim()}";
        Assert.Empty(found);
    }

    [Fact]
    public void Texts_RelativeLinks_PointToFiles()
    {
        IEnumerable<string> broken =
            from path in Repository.TextFiles().Where(path => path.EndsWith(".md", StringComparison.Ordinal))
            from Match match in MarkdownLink().Matches(Repository.Read(path))
            let target = match.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith('#') && !target.StartsWith("mailto:", StringComparison.Ordinal)
            let file = Path.Combine(Path.GetDirectoryName(path)!, target.Split('#')[0])
            where !Repository.Exists(file)
            select $"{path}: {target}";
        Assert.Empty(broken);
    }

    [Fact]
    public void Texts_FoldersAndScriptsInCommands_Exist()
    {
        IEnumerable<string> missing =
            from path in new[] { "README.md", "CONTRIBUTING.md" }
            from Match block in ShellBlock().Matches(Repository.Read(path))
            from Match match in RepositoryPath().Matches(block.Groups["commands"].Value)
            where !Repository.Exists(match.Value)
            select $"{path}: {match.Value}";
        Assert.Empty(missing);
    }

    /// <summary>
    /// C# in a text is from a file that is compiled: a sample, a project that takes the packages, or emitted code that is verified. That of the
    /// definitions' own page is taken from there, built and run by the tests of the packages.
    /// </summary>
    [Fact]
    public void Texts_CSharp_IsCompiledSomewhere()
    {
        string[] folders = ["samples", "tests/AmqpToolkit.Packages.Tests/Projects", "tests/AmqpToolkit.Generator.Tests/Snapshots"];
        string samples = string.Concat(folders.SelectMany(Repository.TextFiles).Where(path => path.EndsWith(".cs", StringComparison.Ordinal)).Select(path => WithoutIndent(Repository.Read(path))));
        IEnumerable<string> uncompiled =
            from path in Repository.TextFiles().Where(path => path.EndsWith(".md", StringComparison.Ordinal) && path != "spec/README.md")
            from Match block in CSharpBlock().Matches(Repository.Read(path))
            where !samples.Contains(WithoutIndent(block.Groups["code"].Value), StringComparison.Ordinal)
            select $"{path}: {block.Groups["code"].Value}";
        Assert.Empty(uncompiled);
    }

    [Fact]
    public void ContinuousIntegration_TestCommand_IsTheOneOfTheReadme()
    {
        string[] inReadme = [.. ShellBlock().Matches(Repository.Read("README.md")).SelectMany(block => TestCommand().Matches(block.Groups["commands"].Value)).Select(match => match.Value.Trim()).Distinct()];
        string command = Assert.Single(inReadme);
        Assert.Contains(command, Repository.Read(".ci/run"), StringComparison.Ordinal);
    }

    [Fact]
    public void Version_OfTheAssemblies_IsTheOneOfTheRepository()
    {
        Assert.All(ProjectFile.In("src"), project =>
        {
            string path = Path.Combine(AppContext.BaseDirectory, project.AssemblyName + ".dll");
            Assert.Equal(Version, FileVersionInfo.GetVersionInfo(path).ProductVersion?.Split('+')[0]);
        });
    }

    [Fact]
    public void Changelog_NewestEntry_IsUnreleasedOrTheVersion()
    {
        Match newest = ChangelogEntry().Match(Repository.Read("CHANGELOG.md"));
        Assert.True(newest.Success);
        Assert.Contains(newest.Groups["version"].Value, new[] { "Unreleased", Version });
    }

    private static string WithoutIndent(string code) => string.Concat(code.Split('\n').Select(line => line.Trim() + "\n")).TrimEnd('\n') + "\n";

    [GeneratedRegex(@"(?<![\w.$}~*-])/(home|root|work|tmp|Users)/[\w.-]+|\b[A-Z]:\\\\?(Users|work|src)\b")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex MarkdownLink();

    [GeneratedRegex(@"^```(sh|bash|shell|console)\s*\n(?<commands>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"^```(csharp|cs)\s*\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"(?<![\w./$-])(\./)?(src|tests|benchmarks|samples|generator|spec|docs|\.ci)(/[\w.-]+)+|\./[\w.-]+\.(ps1|sh)")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"^dotnet test.*$", RegexOptions.Multiline)]
    private static partial Regex TestCommand();

    [GeneratedRegex(@"^## \[(?<version>[^\]]+)\]", RegexOptions.Multiline)]
    private static partial Regex ChangelogEntry();
}
