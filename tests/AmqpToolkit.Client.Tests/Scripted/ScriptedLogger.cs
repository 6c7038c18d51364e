using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Client.Tests.Scripted;

/// <summary>A logger that fails whenever it is asked for something.</summary>
internal sealed class ScriptedLogger : ILoggerFactory, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw Failure();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => throw Failure();

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => throw Failure();

    public void Dispose()
    {
        // Nothing is held.
    }

    private static InvalidOperationException Failure() => new("The disk is full.");
}
