using AmqpToolkit.Broker;
using Microsoft.Extensions.Hosting;

namespace AmqpToolkit.Hosting;

/// <summary>The broker of a host: it starts and stops with it. Whoever needs the broker asks the container for this. Any thread.</summary>
public sealed class HostedAmqpBroker : IHostedService, IAsyncDisposable, IDisposable
{
    private readonly Func<AmqpBrokerOptions> _options;
    private readonly BrokerMetrics _metrics;
    private readonly TaskCompletionSource<AmqpBroker> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hasBegun;
    private int _isStopped;

    internal HostedAmqpBroker(Func<AmqpBrokerOptions> options, BrokerMetrics metrics)
    {
        _options = options;
        _metrics = metrics;
    }

    /// <summary>Completes with the broker once it serves; fails as its start did.</summary>
    public Task<AmqpBroker> Started => _started.Task;

    /// <summary>The broker.</summary>
    /// <exception cref="InvalidOperationException">It has not started.</exception>
    public AmqpBroker Broker => _started.Task.IsCompletedSuccessfully ? _started.Task.Result : throw new InvalidOperationException("The broker has not started: it does so with the host.");

    /// <summary>Whether it serves.</summary>
    public bool IsRunning => _started.Task.IsCompletedSuccessfully && Volatile.Read(ref _isStopped) == 0;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) != 0)
        {
            throw new InvalidOperationException("The broker of a host starts once.");
        }

        try
        {
            var broker = await AmqpBroker.StartAsync(_options(), cancellationToken).ConfigureAwait(false);
            _metrics.Observe(broker);
            _started.SetResult(broker);
        }
        catch (Exception exception)
        {
            // Whoever waits for it hears of it, and nobody has to.
            _started.TrySetException(exception);
            _ = _started.Task.Exception;
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (TryEnd() is { } broker)
        {
            await broker.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Stops the broker if the host has not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (TryEnd() is { } broker)
        {
            await broker.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>As <see cref="DisposeAsync"/>, for containers that cannot wait: the broker goes on stopping beside.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    /// <summary>The broker, if it has started; if it has not begun to, nobody waits for it any more.</summary>
    private AmqpBroker? TryEnd()
    {
        if (Interlocked.Exchange(ref _hasBegun, 1) == 0)
        {
            _started.TrySetCanceled();
        }

        if (!_started.Task.IsCompletedSuccessfully)
        {
            return null;
        }

        Volatile.Write(ref _isStopped, 1);
        _metrics.Observe(null);
        return _started.Task.Result;
    }
}
