using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>Keeps what a broker logs of its own defects: errors and whatever carries an exception.</summary>
internal sealed class DefectLog : ILoggerFactory, ILogger
{
    private const int DefectEvent = 6;

    public ConcurrentQueue<string> Defects { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // Nothing is held.
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == DefectEvent || logLevel >= LogLevel.Error || exception is not null)
        {
            Defects.Enqueue($"{formatter(state, exception)}\n{exception}");
        }
    }
}
