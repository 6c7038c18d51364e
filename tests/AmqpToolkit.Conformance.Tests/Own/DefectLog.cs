using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Conformance.Tests.Own;

/// <summary>Keeps what a broker logs as an error: it does so for its own defects alone, whatever a client does.</summary>
internal sealed class DefectLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _defects = new();

    public IReadOnlyCollection<string> Defects => _defects;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _defects.Enqueue($"{formatter(state, exception)}: {exception}");
        }
    }
}
