using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AmqpToolkit.Hosting.Tests;

/// <summary>Remembers who asked for a log.</summary>
internal sealed class RecordingLoggerProvider : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, bool> _categories = new(StringComparer.Ordinal);

    public ICollection<string> Categories => _categories.Keys;

    public ILogger CreateLogger(string categoryName)
    {
        _categories[categoryName] = true;
        return NullLogger.Instance;
    }

    public void Dispose()
    {
    }
}
