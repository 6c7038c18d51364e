using System.Reflection;

namespace AmqpToolkit.Packages.Tests;

/// <summary>
/// What others can call changes on purpose alone: the files in <c>PublicApi</c> have it. <c>AMQP_ACCEPT_API=1 dotnet test -c Release tests/AmqpToolkit.Packages.Tests --filter PublicApi</c> writes them anew, for the diff to be read.
/// </summary>
public sealed class PublicApiTests
{
    private const int MostLinesShown = 60;

    private static readonly string s_folder = Path.Combine(Feed.Root, "tests", "AmqpToolkit.Packages.Tests", "PublicApi");

    [Theory]
    [MemberData(nameof(ContentTests.Libraries), MemberType = typeof(ContentTests))]
    public void Library_Surface_IsTheOneOfTheSnapshot(string id)
    {
        string[] actual = [.. PublicApi.Describe(Assembly.Load(id))];
        string file = Path.Combine(s_folder, $"{id}.txt");
        if (Environment.GetEnvironmentVariable("AMQP_ACCEPT_API") == "1")
        {
            Directory.CreateDirectory(s_folder);
            File.WriteAllText(file, string.Concat(actual.Select(line => line + "\n")));
            return;
        }

        string[] expected = File.Exists(file) ? File.ReadAllLines(file) : [];
        string[] differences = [.. Differences(expected, actual)];
        Assert.True(differences.Length == 0, $"""
            The public surface of {id} is not the one of {Path.GetRelativePath(Feed.Root, file)}: - is gone, + is new.
            {string.Join('\n', differences.Take(MostLinesShown))}{(differences.Length > MostLinesShown ? $"\n... and {differences.Length - MostLinesShown} more" : "")}
            If that is meant, run this test with AMQP_ACCEPT_API=1, and say it in CHANGELOG.md.
            """);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Snapshots_OfTheLibraries_AreAllThereAre() =>
        Assert.Equal(Feed.Libraries.Order(StringComparer.Ordinal), Directory.GetFiles(s_folder).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));

    [Fact]
    public void Difference_IsTold_WithItsType() =>
        Assert.Equal(
            ["- class My.A |     int Count { get; }", "+ class My.A |     long Count { get; }", "+ class My.C"],
            Differences(["class My.A", "    int Count { get; }", "class My.B", "    new()"], ["class My.A", "    long Count { get; }", "class My.B", "    new()", "class My.C"]));

    private static IEnumerable<string> Differences(string[] expected, string[] actual)
    {
        string[] before = [.. WithTypes(expected)];
        string[] after = [.. WithTypes(actual)];
        return before.Except(after, StringComparer.Ordinal).Select(line => $"- {line}").Concat(after.Except(before, StringComparer.Ordinal).Select(line => $"+ {line}"));
    }

    private static IEnumerable<string> WithTypes(string[] lines)
    {
        string type = "";
        foreach (string line in lines)
        {
            bool isMember = line.StartsWith(' ');
            type = isMember ? type : line;
            yield return isMember ? $"{type} | {line}" : line;
        }
    }
}
