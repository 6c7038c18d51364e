using Microsoft.Extensions.Options;

namespace AmqpToolkit.Broker.Host;

/// <summary>Options that nobody changes while the process lives.</summary>
internal sealed class FixedOptions<T>(T value) : IOptionsMonitor<T>
{
    /// <inheritdoc/>
    public T CurrentValue => value;

    /// <inheritdoc/>
    public T Get(string? name) => value;

    /// <inheritdoc/>
    public IDisposable? OnChange(Action<T, string?> listener) => null;
}
