using System.Runtime.CompilerServices;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A consumer on a queue: <c>await foreach</c> over its deliveries, once. It ends with its channel (which the enumeration then throws), by
/// the server's basic.cancel (<see cref="ConsumerCancelledException"/>), by <see cref="CancelAsync"/>, or when the enumeration is left. Enumerated by
/// one caller; the other members may be called from anywhere (0-9-1 basic.consume).
/// </summary>
/// <remarks>
/// Deliveries wait in a buffer, as many as the prefetch count allows, so a slow loop holds up nobody else. A consumer without credit (no-ack,
/// or no prefetch) has only a bound in octets; past it the whole connection is read no further until the loop goes on: do not wait for another
/// answer of the same connection inside such a loop.
/// </remarks>
public sealed class AmqpConsumer : IAsyncEnumerable<Delivery>, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private bool _isEnumerated;
    private Task? _cancelling;
    private Task? _disposing;

    internal AmqpConsumer(AmqpChannel channel, byte[] tag, bool noAck, int maxCount, long maxOctets)
    {
        Channel = channel;
        TagOctets = tag;
        NoAck = noAck;
        ConsumerTag = ShortString.CopyOf(tag).ToString();
        Buffer = new DeliveryBuffer(this, maxCount, maxOctets);
    }

    /// <summary>Its channel.</summary>
    public AmqpChannel Channel { get; }

    /// <summary>Its name on the channel.</summary>
    public string ConsumerTag { get; }

    /// <summary>Whether deliveries count as acknowledged when they are sent.</summary>
    public bool NoAck { get; }

    internal byte[] TagOctets { get; }

    internal DeliveryBuffer Buffer { get; }

    /// <summary>Ends the consumer. What is buffered is still handed out, then the enumeration ends.</summary>
    /// <param name="cancellationToken">Ends the wait; the consumer ends all the same.</param>
    public Task CancelAsync(CancellationToken cancellationToken = default)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _cancelling, mine.Task, null) is { } earlier)
        {
            return earlier.WaitAsync(cancellationToken);
        }

        _ = EndAsync(mine);
        return mine.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the consumer, and gives what is buffered back to the queue. A loop that is under way ends. Never throws.</summary>
    public async ValueTask DisposeAsync()
    {
        Task disposing;
        lock (_gate)
        {
            disposing = _disposing ??= StopAsync();
        }

        await disposing.ConfigureAwait(false);
    }

    /// <summary>Starts the enumeration.</summary>
    /// <param name="cancellationToken">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public IAsyncEnumerator<Delivery> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_isEnumerated)
            {
                throw new InvalidOperationException($"Consumer '{ConsumerTag}' is enumerated once.");
            }

            _isEnumerated = true;
        }

        return new Enumerator(this, cancellationToken);
    }

    /// <summary>As for any enumeration; it stands here because a consumer is disposed of as well, and an extension method would not know which is meant.</summary>
    public ConfiguredCancelableAsyncEnumerable<Delivery> ConfigureAwait(bool continueOnCapturedContext) =>
        ((IAsyncEnumerable<Delivery>)this).ConfigureAwait(continueOnCapturedContext);

    private async Task EndAsync(TaskCompletionSource completion)
    {
        try
        {
            await Channel.CancelAsync(this).ConfigureAwait(false);
            completion.SetResult();
        }
        catch (AmqpException exception)
        {
            completion.SetException(exception);

            // Whoever cancels without waiting does not look; the enumeration ends with the same cause.
            _ = completion.Task.Exception;
        }
    }

    private async Task StopAsync()
    {
        Buffer.Leave();
        try
        {
            await CancelAsync().ConfigureAwait(false);
        }
        catch (AmqpException)
        {
            // The channel is gone, and the consumer with it.
        }

        Buffer.DrainReady();
    }

    private sealed class Enumerator(AmqpConsumer consumer, CancellationToken cancellationToken) : IAsyncEnumerator<Delivery>
    {
        private readonly CancellationTokenRegistration _registration = consumer.Buffer.Watch(cancellationToken);

        public Delivery Current => consumer.Buffer.Current;

        public ValueTask<bool> MoveNextAsync() => consumer.Buffer.MoveNextAsync();

        public async ValueTask DisposeAsync()
        {
            await _registration.DisposeAsync().ConfigureAwait(false);
            consumer.Buffer.ReleaseHeld();
            await consumer.DisposeAsync().ConfigureAwait(false);
            consumer.Buffer.DrainCurrent();
        }
    }
}
