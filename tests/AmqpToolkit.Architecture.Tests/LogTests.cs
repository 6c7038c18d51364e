using System.Text.RegularExpressions;

namespace AmqpToolkit.Architecture.Tests;

/// <summary>Who filters a log by the number of an event gets that event alone.</summary>
public sealed partial class LogTests
{
    /// <summary>A category is a class of messages; within one a number is given once.</summary>
    [Fact]
    public void Events_OfOneClass_HaveNumbersOfTheirOwn()
    {
        var numbers = Repository.TextFiles("src").Where(path => path.EndsWith(".cs", StringComparison.Ordinal)).ToDictionary(path => path, path => Number().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value).ToList());
        Assert.InRange(numbers.Count(file => file.Value.Count > 0), 3, int.MaxValue);
        Assert.Empty(numbers.SelectMany(file => file.Value.GroupBy(number => number).Where(group => group.Count() > 1).Select(group => $"{Path.GetFileName(file.Key)}: {group.Key}")));
    }

    /// <summary>The number is written out, and first: else the other test would not see it.</summary>
    [Fact]
    public void Events_SayTheirNumbersFirst() => Assert.Empty(
        Repository.TextFiles("src").Where(path => path.EndsWith(".cs", StringComparison.Ordinal)).Where(path => Any().Count(Repository.Read(path)) != Number().Count(Repository.Read(path))));

    [GeneratedRegex(@"\[LoggerMessage\(\s*(\d+),")]
    private static partial Regex Number();

    [GeneratedRegex(@"\[LoggerMessage\b")]
    private static partial Regex Any();
}
