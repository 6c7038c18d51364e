using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// Who waits for whom: a peer that does not take its answers is not read, a publisher is not read while messages take too much memory, who declares durable things and then something else waits for the disk, and a consumer
/// whose output is full is passed over until it has drained.
/// </content>
internal sealed partial class BrokerConnection
{
    /// <summary>Answers that may wait for a peer that does not read, beside deliveries, in octets.</summary>
    private const long AnswerBoundOctets = 4 * 1024 * 1024;

    /// <summary>How often a peer that is not read is looked after.</summary>
    private static readonly TimeSpan PeerLookInterval = TimeSpan.FromSeconds(1);

    private readonly Turn _drainTurn = new();
    private List<ChannelConsumer> _stalled = [];

    /// <summary>Whether the log was told of a consumer that waits.</summary>
    private bool _isStallTold;
    private List<ChannelConsumer> _resumedAfterDrain = [];
    private volatile bool _isHeldByMemory;
    private volatile bool _isHeldByOutput;
    private volatile bool _isHeldByStore;
    private volatile TaskCompletionSource? _gone;
    private bool _clientTakesBlocked;

    /// <inheritdoc/>
    public ValueTask WaitUntilReadyAsync() =>
        IsSaturated || WaitsForHeld || (_hasPublished && _broker.Memory.IsOver) || WaitsForRoom ? HoldBackAsync() : ValueTask.CompletedTask;

    /// <summary>Whether what the client does is more than the journal has room for. Any thread, as a hint.</summary>
    internal bool WaitsForRoom =>
        _broker.Store is { } store && ((_hasPublished && store.HoldsPublishers) || (_hasWritten && store.HasNoRoom));

    /// <summary>Whether more waits for a peer that does not read than deliveries alone could make.</summary>
    private bool IsSaturated => Output.PendingOctets > _broker.Options.OutputBoundOctets + MaxMessageOctets + AnswerBoundOctets;

    /// <summary>Leaves the rest of what was received alone until the peer has taken its answers, or the journal has kept what they promise.</summary>
    public void PauseIfSaturated() => HasPaused |= IsSaturated || WaitsForHeld || WaitsForRoom;

    /// <inheritdoc/>
    public void HandleOutputDrained()
    {
        List<ChannelConsumer> resumed;
        lock (Output.Gate)
        {
            if (_stalled.Count == 0)
            {
                return;
            }

            (_stalled, _resumedAfterDrain) = (_resumedAfterDrain, _stalled);
            resumed = _resumedAfterDrain;
            foreach (var consumer in resumed)
            {
                consumer.IsStalled = false;
            }
        }

        foreach (var consumer in resumed)
        {
            consumer.Queue.Resume(consumer, _drainTurn);
        }

        resumed.Clear();
        _drainTurn.End();
        _broker.Memory.Check();
    }

    /// <summary>Remembers a consumer whose messages found no room. Under the output's gate.</summary>
    public void AddStalled(ChannelConsumer consumer)
    {
        if (!consumer.IsStalled)
        {
            consumer.IsStalled = true;
            _stalled.Add(consumer);
            if (!_isStallTold)
            {
                _isStallTold = true;
                Diagnostics.Log.ConsumerStalled(Logger, Name, Encoding.UTF8.GetString(consumer.ConsumerTag), consumer.Queue.NameText, consumer.Queue.VirtualHost.Name);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async ValueTask HoldBackAsync()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gone = gone;
        try
        {
            _isHeldByOutput = true;
            while (IsSaturated && !HasToGo)
            {
                await WaitAsync(Output.WaitForRoomAsync(), gone.Task).ConfigureAwait(false);
            }

            _isHeldByOutput = false;
            _isHeldByStore = true;
            while (IsHolding && WaitsForHeld && !HasToGo)
            {
                await WaitAsync(_held!.WaitUntilEmptyAsync(), gone.Task).ConfigureAwait(false);
            }

            while (_awaited is { IsCompleted: false } awaited && !HasToGo)
            {
                await WaitAsync(awaited, gone.Task).ConfigureAwait(false);
            }

            _awaited = null;

            _isHeldByStore = false;
            await HoldPublisherBackAsync(gone.Task).ConfigureAwait(false);
        }
        finally
        {
            _gone = null;
            _isHeldByOutput = false;
            _isHeldByStore = false;
            _isHeldByMemory = false;
        }
    }

    /// <summary>Waits while messages take too much memory, or come faster than the disk takes them.</summary>
    private async ValueTask HoldPublisherBackAsync(Task gone)
    {
        bool isTold = false;
        while (!HasToGo && FindHindrance(out string? reason) is { } room)
        {
            _isHeldByMemory = true;
            if (_clientTakesBlocked && !isTold && reason is not null)
            {
                SendNow(new ConnectionBlocked { Reason = reason });
                isTold = true;
            }

            await WaitAsync(room, gone).ConfigureAwait(false);
        }

        if (isTold && !HasToGo)
        {
            SendNow(default(ConnectionUnblocked));
        }
    }

    /// <summary>What publishers wait for now; null for nothing. A disk that is merely slower than they are is not worth a word.</summary>
    private Task? FindHindrance(out string? reason)
    {
        reason = null;
        if (_hasPublished && _broker.Memory.IsOver)
        {
            reason = "low on memory";
            return _broker.Memory.WaitForRoomAsync();
        }

        if (WaitsForRoom)
        {
            var store = _broker.Store!;
            reason = store.IsFull ? "low on disk" : null;
            return _hasPublished ? store.WaitForPublishersAsync() : store.WaitForRoomAsync();
        }

        return null;
    }

    /// <summary>Whether there is no reason to hold the client back any longer: it is gone, or the broker stops and wants to hear it.</summary>
    private bool HasToGo => _isAborted || _state != ConnectionState.Running || _broker.Stopping.IsCancellationRequested;

    /// <summary>
    /// Waits for room, and looks now and then whether the peer is still there: who does not receive learns nothing of its end, and
    /// what it holds may be the very memory that is missing.
    /// </summary>
    private async Task WaitAsync(Task room, Task gone)
    {
        using var look = new CancellationTokenSource();
        await Task.WhenAny(room, gone, Task.Delay(PeerLookInterval, _broker.Options.TimeProvider, look.Token)).ConfigureAwait(false);
        await look.CancelAsync().ConfigureAwait(false);
        if (_transport.IsPeerGone)
        {
            Abort();
        }
    }

    private void SendNow<TMethod>(in TMethod method)
        where TMethod : struct, IMethod
    {
        Send(0, in method);
        Turn.End();
    }
}
