using System.Runtime.CompilerServices;

namespace AmqpToolkit.Broker.V1_0;

/// <content>Who waits for whom: as with 0-9-1, but that nobody is told of it.</content>
internal sealed partial class PeerConnection
{
    /// <summary>Answers that may wait for a peer that does not read, beside deliveries, in octets.</summary>
    private const long AnswerBoundOctets = 4 * 1024 * 1024;

    /// <summary>How often a peer that is not read is looked after.</summary>
    private static readonly TimeSpan PeerLookInterval = TimeSpan.FromSeconds(1);

    private readonly Turn _drainTurn = new();
    private List<OutgoingLink> _stalled = [];
    private List<OutgoingLink> _resumedAfterDrain = [];
    private volatile bool _isHeldByMemory;
    private volatile bool _isHeldByOutput;
    private volatile TaskCompletionSource? _gone;

    private bool IsSaturated => Output.PendingOctets > Broker.Options.OutputBoundOctets + Broker.Options.MaxMessageOctets + AnswerBoundOctets;

    private bool HasToGo => _isAborted || _state != ConnectionState.Running || Broker.Stopping.IsCancellationRequested;

    /// <inheritdoc/>
    public ValueTask WaitUntilReadyAsync() =>
        IsSaturated || (_hasPublished && Broker.Memory.IsOver) || WaitsForRoom ? HoldBackAsync() : ValueTask.CompletedTask;

    /// <summary>Whether what the peer does is more than the disk has room for.</summary>
    private bool WaitsForRoom => Broker.Store is { } store && ((_hasPublished && store.HoldsPublishers) || (_hasWritten && store.HasNoRoom));

    /// <inheritdoc/>
    public void HandleOutputDrained()
    {
        List<OutgoingLink> resumed;
        lock (Output.Gate)
        {
            if (_stalled.Count == 0)
            {
                return;
            }

            (_stalled, _resumedAfterDrain) = (_resumedAfterDrain, _stalled);
            resumed = _resumedAfterDrain;
            foreach (var link in resumed)
            {
                link.IsStalled = false;
            }
        }

        foreach (var link in resumed)
        {
            link.Resume(_drainTurn);
        }

        resumed.Clear();
        _drainTurn.End();
        Broker.Memory.Check();
    }

    /// <summary>Remembers a link whose messages found no room. Under the gate.</summary>
    public void AddStalled(OutgoingLink link)
    {
        if (!link.IsStalled)
        {
            link.IsStalled = true;
            _stalled.Add(link);
        }
    }

    private void PauseIfSaturated() => HasPaused |= IsSaturated || WaitsForRoom;

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
            _isHeldByMemory = true;
            while (!HasToGo && FindHindrance() is { } room)
            {
                await WaitAsync(room, gone.Task).ConfigureAwait(false);
            }
        }
        finally
        {
            _gone = null;
            _isHeldByOutput = false;
            _isHeldByMemory = false;
        }
    }

    private Task? FindHindrance() =>
        _hasPublished && Broker.Memory.IsOver ? Broker.Memory.WaitForRoomAsync()
        : !WaitsForRoom ? null
        : _hasPublished ? Broker.Store!.WaitForPublishersAsync() : Broker.Store!.WaitForRoomAsync();

    private async Task WaitAsync(Task room, Task gone)
    {
        using var look = new CancellationTokenSource();
        await Task.WhenAny(room, gone, Task.Delay(PeerLookInterval, Broker.Options.TimeProvider, look.Token)).ConfigureAwait(false);
        await look.CancelAsync().ConfigureAwait(false);
        if (_transport.IsPeerGone)
        {
            Abort();
        }
    }
}
