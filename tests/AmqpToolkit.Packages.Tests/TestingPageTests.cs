using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace AmqpToolkit.Packages.Tests;

/// <summary>A newcomer's test project, with the packages and nothing else of this repository: its files are those of <c>docs/testing.md</c>.</summary>
public sealed class TestingPageTests : ConsumerTests
{
    [Fact]
    public async Task Project_OfThePage_PassesItsTests()
    {
        Prepare("Shop.Tests");

        (int exitCode, string messages) = await RunDotNetAsync("test -c Release -warnaserror -v:q -p:UseSharedCompilation=false");

        Assert.True(exitCode == 0, messages);
        Assert.Matches(new Regex(@"Failed: +0, Passed: +4\b"), messages);
    }

    /// <summary>Versions that this repository has restored: the project needs no network.</summary>
    [Fact]
    public void Project_Takes_WhatThisRepositoryTakes()
    {
        Dictionary<string, string> versions = XDocument.Load(Path.Combine(Feed.Root, "Directory.Packages.props")).Descendants("PackageVersion").ToDictionary(one => one.Attribute("Include")!.Value, one => one.Attribute("Version")!.Value);
        XElement[] taken = [.. XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Projects", "Shop.Tests", "Shop.Tests.csproj.xml")).Descendants("PackageReference")];

        Assert.Equal(5, taken.Length);
        Assert.All(taken.Where(package => !package.Attribute("Include")!.Value.StartsWith("AmqpToolkit.", StringComparison.Ordinal)), package => Assert.Equal(versions[package.Attribute("Include")!.Value], package.Attribute("Version")!.Value));
    }

    [Fact]
    public void Page_ShowsTheFilesOfTheProject()
    {
        string text = File.ReadAllText(Path.Combine(Feed.Root, "docs", "testing.md"));
        string[] files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Projects", "Shop.Tests"));

        Assert.Equal(5, files.Length);
        Assert.All(files, file => Assert.Contains($"\n{File.ReadAllText(file)}```\n", text, StringComparison.Ordinal));
    }
}
