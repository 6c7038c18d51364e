using System.Runtime.CompilerServices;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// Who waits for whom at one connection, of whatever version: a peer that does not take its answers is not read, a publisher is not read while messages take too much memory or
/// come faster than the disk takes them, and a consumer whose output is full is passed over until it has drained. Owned by the connection; used by its reader but for what says otherwise.
/// </summary>
internal sealed class ConnectionHolding(
    AmqpBroker broker, TransportConnection transport, Output output, ConnectionEnding ending, IHeldConnection connection, long maxMessageOctets)
{
    /// <summary>Answers that may wait for a peer that does not read, beside deliveries, in octets.</summary>
    private const long AnswerBoundOctets = 4 * 1024 * 1024;

    /// <summary>How often a peer that is not read is looked after.</summary>
    private static readonly TimeSpan PeerLookInterval = TimeSpan.FromSeconds(1);

    private readonly long _saturationOctets = broker.Options.OutputBoundOctets + maxMessageOctets + AnswerBoundOctets;
    private readonly Turn _drainTurn = new();
    private List<Consumer> _stalled = [];
    private List<Consumer> _resumed = [];
    private bool _isStallTold;
    private bool _hasPublished;
    private bool _hasWritten;
    private volatile bool _isHeldByOutput;
    private volatile bool _isHeldByBroker;

    /// <summary>Whether the peer is not read because it does not read. Any thread.</summary>
    public bool IsHeldByOutput => _isHeldByOutput;

    /// <summary>Whether the peer is not read because the broker has no room, or is not done with what it was asked. Any thread.</summary>
    public bool IsHeldByBroker => _isHeldByBroker;

    /// <summary>Whether more waits for a peer that does not read than deliveries alone could make.</summary>
    public bool IsSaturated => output.PendingOctets > _saturationOctets;

    /// <summary>Whether what the peer does is more than the journal has room for. Any thread, as a hint.</summary>
    public bool WaitsForRoom =>
        broker.Store is { } store && ((_hasPublished && store.HoldsPublishers) || (_hasWritten && store.HasNoRoom));

    /// <summary>Whether the peer has published while memory is short: it is not heard until there is room.</summary>
    public bool HoldsPublisher => _hasPublished && broker.Memory.IsOver;

    /// <summary>A batch begins.</summary>
    public void Begin() => _hasPublished = _hasWritten = false;

    /// <summary>The peer publishes: it is held back while messages take too much memory.</summary>
    public void MarkPublishing() => _hasPublished = true;

    /// <summary>The peer has something written to the journal that makes no room there: it is held back while the journal has none.</summary>
    public void MarkWriting() => _hasWritten = true;

    /// <summary>Waits until the peer may be read again.</summary>
    /// <param name="waitsForOwn">Whether the version itself waits for something.</param>
    public ValueTask WaitUntilReadyAsync(bool waitsForOwn = false) =>
        waitsForOwn || IsSaturated || HoldsPublisher || WaitsForRoom ? HoldBackAsync() : ValueTask.CompletedTask;

    /// <summary>Remembers a consumer whose messages found no room. Under the output's gate; any thread.</summary>
    public void AddStalled(Consumer consumer)
    {
        if (consumer.IsStalled)
        {
            return;
        }

        consumer.IsStalled = true;
        _stalled.Add(consumer);
        if (!_isStallTold)
        {
            _isStallTold = true;
            connection.HandleStalled(consumer);
        }
    }

    /// <summary>The output has room again: those that were passed over get their turn. By the output's sender.</summary>
    public void HandleOutputDrained()
    {
        List<Consumer> resumed;
        lock (output.Gate)
        {
            if (_stalled.Count == 0)
            {
                return;
            }

            (_stalled, _resumed) = (_resumed, _stalled);
            resumed = _resumed;
            foreach (var consumer in resumed)
            {
                consumer.IsStalled = false;
            }
        }

        foreach (var consumer in resumed)
        {
            consumer.HandleRoom(_drainTurn);
        }

        resumed.Clear();
        _drainTurn.End();
        broker.Memory.Check();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask HoldBackAsync()
    {
        var gone = ending.BeginWait();
        try
        {
            _isHeldByOutput = true;
            while (IsSaturated && !ending.HasToGo)
            {
                await WaitAsync(output.WaitForRoomAsync(), gone).ConfigureAwait(false);
            }

            _isHeldByOutput = false;
            while (connection.FindOwnHindrance() is { } own && !ending.HasToGo)
            {
                _isHeldByBroker = true;
                await WaitAsync(own, gone).ConfigureAwait(false);
            }

            _isHeldByBroker = false;
            await HoldPublisherBackAsync(gone).ConfigureAwait(false);
        }
        finally
        {
            ending.EndWait();
            _isHeldByOutput = _isHeldByBroker = false;
        }
    }

    /// <summary>Waits while messages take too much memory, or come faster than the disk takes them.</summary>
    private async ValueTask HoldPublisherBackAsync(Task gone)
    {
        bool isTold = false;
        while (!ending.HasToGo && FindHindrance(out string? reason) is { } room)
        {
            _isHeldByBroker = true;
            if (!isTold && reason is not null)
            {
                connection.HandleBlocked(reason);
                isTold = true;
            }

            await WaitAsync(room, gone).ConfigureAwait(false);
        }

        if (isTold && !ending.HasToGo)
        {
            connection.HandleUnblocked();
        }
    }

    /// <summary>What publishers wait for now; null for nothing. A disk that is merely slower than they are is not worth a word.</summary>
    private Task? FindHindrance(out string? reason)
    {
        reason = null;
        if (HoldsPublisher)
        {
            reason = "low on memory";
            return broker.Memory.WaitForRoomAsync();
        }

        if (WaitsForRoom)
        {
            var store = broker.Store!;
            reason = store.IsFull ? "low on disk" : null;
            return _hasPublished ? store.WaitForPublishersAsync() : store.WaitForRoomAsync();
        }

        return null;
    }

    /// <summary>
    /// Waits for room, and looks now and then whether the peer is still there: who does not receive learns nothing of its end, and
    /// what it holds may be the very memory that is missing.
    /// </summary>
    private async Task WaitAsync(Task room, Task gone)
    {
        using var look = new CancellationTokenSource();
        await Task.WhenAny(room, gone, Task.Delay(PeerLookInterval, broker.Options.TimeProvider, look.Token)).ConfigureAwait(false);
        await look.CancelAsync().ConfigureAwait(false);
        if (transport.IsPeerGone)
        {
            ending.Abort();
        }
    }
}
