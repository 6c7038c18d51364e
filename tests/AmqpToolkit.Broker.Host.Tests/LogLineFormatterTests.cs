using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Broker.Host.Tests;

public sealed class LogLineFormatterTests
{
    [Theory]
    [InlineData(LogLevel.Trace, "trce")]
    [InlineData(LogLevel.Debug, "dbug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "fail")]
    [InlineData(LogLevel.Critical, "crit")]
    public void Entry_HasTimeLevelCategoryNumberAndMessage(LogLevel level, string name) =>
        Assert.Matches(new Regex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z " + name + @": A\.B\[17\] hello\r?\n\z"), Write(level, "hello"));

    [Fact]
    public void Message_WithLineEnds_IsStillOneLine()
    {
        string line = Write(LogLevel.Information, "queue 'a\r\n2026-11-22T00:00:00.000Z crit: A.B[1] forged'");

        Assert.Equal(1, line.Count(letter => letter == '\n'));
        Assert.EndsWith("queue 'a 2026-11-22T00:00:00.000Z crit: A.B[1] forged'", line.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Exception_FollowsOnTheSameLine()
    {
        string line = Write(LogLevel.Error, "no", new InvalidOperationException("because\nof this"));

        Assert.Equal(1, line.Count(letter => letter == '\n'));
        Assert.Contains("no System.InvalidOperationException: because of this", line, StringComparison.Ordinal);
    }

    private static string Write(LogLevel level, string message, Exception? exception = null)
    {
        using StringWriter writer = new();
        new LogLineFormatter().Write(new LogEntry<string>(level, "A.B", new EventId(17), message, exception, (state, _) => state), null, writer);
        return writer.ToString();
    }
}
