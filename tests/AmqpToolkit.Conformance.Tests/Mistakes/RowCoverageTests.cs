using System.Reflection;

namespace AmqpToolkit.Conformance.Tests.Mistakes;

/// <summary>Every row of the table of mistakes is made by somebody.</summary>
public sealed class RowCoverageTests
{
    private static readonly IEnumerable<string> All = Enumerable.Range(1, 115).Select(row => $"{row}").Append("73b");

    /// <summary>What nobody can do wrong on a single node without plugins.</summary>
    private static readonly Dictionary<string, string> WithoutStimulus = new()
    {
        ["13"] = "a virtual host that is there and down",
        ["52"] = "a stream whose node is away",
        ["68"] = "a durable queue whose node is away",
        ["91"] = "a protected queue: plugins alone declare such, and none of those that come with RabbitMQ does",
        ["112"] = "a token that expires",
        ["115"] = "a metadata store that does not answer",
    };

    [Fact]
    public void Rows_AllOfTheTable_HaveAStimulus()
    {
        var missing = All.Except(Asked()).Except(WithoutStimulus.Keys);

        Assert.True(!missing.Any(), $"Nobody makes {string.Join(", ", missing)}.");
    }

    [Fact]
    public void Rows_ThatAreAsked_AreInTheTable() => Assert.Empty(Asked().Where(row => row != "-").Except(All));

    [Fact]
    public void Rows_WithoutStimulus_AreAskedByNobody() => Assert.Empty(WithoutStimulus.Keys.Intersect(Asked()));

    private static IEnumerable<string> Asked() =>
        MistakeTests.All.Select(mistake => mistake.Row)
            .Concat(HandshakeMistakes.All.Select(mistake => mistake.Row))
            .Concat(typeof(RowCoverageTests).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
                .SelectMany(method => method.GetCustomAttribute<RowAttribute>()?.Rows ?? []));
}
