using System.Text.RegularExpressions;

namespace AmqpToolkit.Architecture.Tests;

/// <summary>Habits of <c>CONTRIBUTING.md</c> that a machine can check.</summary>
public sealed partial class TidyTests
{
    /// <summary>Lines a hand-written file of <c>src</c> and <c>generator</c> may have; a file over it has two reasons to change.</summary>
    private const int MostLines = 700;

    private static IEnumerable<string> CSharpOf(params string[] folders) =>
        folders.SelectMany(Repository.TextFiles).Where(path => path.EndsWith(".cs", StringComparison.Ordinal));

    [Fact]
    public void Source_NothingIsLeftForLater() => Assert.Empty(Lines(CSharpOf("src", "generator", "tests", "benchmarks"), LeftForLater()));

    [Fact]
    public void Source_NoAsyncVoid() => Assert.Empty(Lines(CSharpOf("src", "generator", "tests", "benchmarks"), AsyncVoid()));

    [Fact]
    public void Source_NoSleepAndNoWallClock() => Assert.Empty(Lines(CSharpOf("src", "tests"), SleepOrWallClock()));

    [Fact]
    public void Source_NoCatchThatDropsEverything() => Assert.Empty(Lines(CSharpOf("src", "generator"), EmptyCatch()));

    [Fact]
    public void Source_NoFileIsTooLong()
    {
        IEnumerable<string> tooLong =
            from path in CSharpOf("src", "generator")
            let lines = Repository.Read(path).Count(c => c == '\n')
            where lines > MostLines
            select $"{path}: {lines}";
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Generator_EmittedCode_IsNotCheckedIn() => Assert.DoesNotContain(Repository.TextFiles("src"), path => path.EndsWith(".g.cs", StringComparison.Ordinal));

    /// <summary>Whatever needs another's program derives from the facts of <c>tests/AmqpToolkit.Testing</c>, which fail in CI; only the choice of a broker, and a machine without a network, skip by themselves.</summary>
    [Fact]
    public void Tests_SkippedByThemselves_AreAboutTheBrokerOrTheNetwork() =>
        Assert.DoesNotContain(CSharpOf("tests"), path => !path.StartsWith("tests/AmqpToolkit.Testing/", StringComparison.Ordinal)
            && SetsSkip().IsMatch(Repository.Read(path)) && !AsksForBrokerOrNetwork().IsMatch(Repository.Read(path)));

    private static IEnumerable<string> Lines(IEnumerable<string> paths, Regex pattern) =>
        from path in paths
        from line in Repository.Read(path).Split('\n').Index()
        where pattern.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"//.*\b(TO[D]O|FIX[M]E|HA[C]K)\b|NotImplemented[E]xception")]
    private static partial Regex LeftForLater();

    [GeneratedRegex(@"(?<![.\w])Skip (\?\?)?= ")]
    private static partial Regex SetsSkip();

    [GeneratedRegex(@"AMQP_URL|OwnBrokerFactAttribute|BrokerUnderTest\.Has|NetworkInterface\.|Dns\.|Address is null")]
    private static partial Regex AsksForBrokerOrNetwork();

    [GeneratedRegex(@"\basync void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"Thread\.Sleep[(]|DateTime(Offset)?\.(Utc)?Now\b")]
    private static partial Regex SleepOrWallClock();

    [GeneratedRegex(@"catch( \([^)]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();
}
