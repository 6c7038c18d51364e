using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace AmqpToolkit.Broker.Host;

/// <summary>One line an entry: time (UTC), level, category and number, message. The shape is that of the console's own "simple" formatter.</summary>
internal sealed class LogLineFormatter() : ConsoleFormatter(Key)
{
    /// <summary>What the provider knows it by.</summary>
    public const string Key = "line";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        WriteTime(textWriter, TimeProvider.System.GetUtcNow());
        textWriter.Write(NameOf(logEntry.LogLevel));
        textWriter.Write(": ");
        textWriter.Write(logEntry.Category);
        textWriter.Write('[');
        textWriter.Write(logEntry.EventId.Id.ToString(CultureInfo.InvariantCulture));
        textWriter.Write("] ");
        textWriter.Write(OnOneLine(message));
        if (logEntry.Exception is { } exception)
        {
            textWriter.Write(' ');
            textWriter.Write(OnOneLine(exception.ToString()));
        }

        textWriter.WriteLine();
    }

    /// <summary><c>yyyy-MM-ddTHH:mm:ss.fffZ</c>, and a space. By hand: the first entry is said while a start is waited for, and the platform's formats are compiled when they are first used.</summary>
    private static void WriteTime(TextWriter textWriter, DateTimeOffset time)
    {
        Span<char> text = stackalloc char["yyyy-MM-ddTHH:mm:ss.fffZ ".Length];
        "yyyy-MM-ddTHH:mm:ss.fffZ ".CopyTo(text);
        WriteDigits(text[..4], time.Year);
        WriteDigits(text[5..7], time.Month);
        WriteDigits(text[8..10], time.Day);
        WriteDigits(text[11..13], time.Hour);
        WriteDigits(text[14..16], time.Minute);
        WriteDigits(text[17..19], time.Second);
        WriteDigits(text[20..23], time.Millisecond);
        textWriter.Write(text);
    }

    private static void WriteDigits(Span<char> text, int value)
    {
        for (int index = text.Length - 1; index >= 0; index--)
        {
            text[index] = (char)('0' + (value % 10));
            value /= 10;
        }
    }

    /// <summary>Who reads logs by lines is not to be told a second entry by what a client has written into a name.</summary>
    private static string OnOneLine(string text) => text.AsSpan().ContainsAny('\r', '\n') ? text.ReplaceLineEndings(" ") : text;

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
