using System.Collections;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Diagnostics;

/// <summary>An entry of the log at information, with its values as generated ones have them. A class, so that loggers need no code of their own for it.</summary>
internal sealed class StartEntry : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly string _text;
    private readonly KeyValuePair<string, object?>[] _values;

    private StartEntry(string text, KeyValuePair<string, object?>[] values) => (_text, _values) = (text, values);

    public int Count => _values.Length;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <summary>Writes one.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="id">What kind it is.</param>
    /// <param name="text">What it says.</param>
    /// <param name="format">What all of its kind say.</param>
    /// <param name="values">In what they differ.</param>
    public static void Write(ILogger logger, EventId id, string text, string format, params KeyValuePair<string, object?>[] values)
    {
        if (logger.IsEnabled(LogLevel.Information))
        {
            logger.Log(LogLevel.Information, id, new StartEntry(text, [.. values, new("{OriginalFormat}", format)]), exception: null, static (entry, _) => entry._text);
        }
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => ((IEnumerable<KeyValuePair<string, object?>>)_values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => _text;
}
