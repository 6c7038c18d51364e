using System.Threading.Tasks.Sources;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Client.V1_0;

/// <summary>The messages of one receiver between the reader of the connection and those who take them: one by one, or all that have come.</summary>
/// <remarks>
/// <code>
///   reader: ready --(used up)--> current :one by one
///                      \--------> lent :a batch, until the next is asked for
/// </code>
/// The rows change places and are never copied. Locks: takers', the connection's gate, rows'; the reader, who holds the gate, takes the last alone.
/// </remarks>
internal sealed class ReceivedMessages : IValueTaskSource
{
    private readonly Lock _takeGate = new();
    private readonly Lock _rowGate = new();

    // The takers'.
    private ReceivedRow _current = new();
    private ReceivedRow _lent = new();

    // Under the lock of rows.
    private ReceivedRow _ready = new();
    private TaskCompletionSource? _arrived;
    private bool _hasBatchWaiter;
    private bool _isBatchAwaited;
    private volatile bool _isOver;
    private volatile bool _dropsUnsettled;
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };

    /// <summary>Whether nothing more comes. Asked for before one takes: who then finds nothing has had everything.</summary>
    public bool IsOver => _isOver;

    /// <summary>Copies a message. The reader.</summary>
    public void Add(ReadOnlySpan<byte> message, in ReceivedEntry entry)
    {
        lock (_rowGate)
        {
            _ready.Add(message, in entry);
        }
    }

    /// <summary>Takes a message with its memory, which was rented. The reader.</summary>
    public void Add(byte[] own, int octets, in ReceivedEntry entry)
    {
        lock (_rowGate)
        {
            _ready.Add(own, octets, in entry);
        }
    }

    /// <summary>Wakes whoever waits. The reader, once a read; outside every lock.</summary>
    public void Wake()
    {
        bool isAwaited;
        TaskCompletionSource? arrived;
        lock (_rowGate)
        {
            (isAwaited, _isBatchAwaited) = (_isBatchAwaited, false);
            (arrived, _arrived) = (_arrived, null);
        }

        arrived?.TrySetResult();
        if (isAwaited)
        {
            _signal.SetResult(true);
        }
    }

    /// <summary>Nothing more comes.</summary>
    /// <param name="dropsUnsettled">Whether what is here and not settled is the peer's again: nobody is to work on it.</param>
    public void End(bool dropsUnsettled)
    {
        lock (_rowGate)
        {
            _dropsUnsettled |= dropsUnsettled;
            _isOver = true;
        }

        Wake();
    }

    /// <summary>Takes the next message. Any thread.</summary>
    public bool TryTake(out ReceivedEntry entry, out AmqpMessage? message, out DecodeError error)
    {
        lock (_takeGate)
        {
            if (!HasCurrent())
            {
                (entry, message, error) = (default, null, DecodeError.None);
                return false;
            }

            int index = _current.Take();
            entry = _current[index];
            error = AmqpMessage.TryRead(_current.OctetsOf(index), out message);
            return true;
        }
    }

    /// <summary>Takes all that is there; what was taken so before is over.</summary>
    /// <returns>Null when nothing is there.</returns>
    public ReceivedRow? TryTakeAll()
    {
        lock (_takeGate)
        {
            _lent.Clear();
            if (!HasCurrent())
            {
                return null;
            }

            (_lent, _current) = (_current, _lent);
            return _lent;
        }
    }

    /// <summary>Completes when there may be something to take, or nothing more comes. Any number may wait.</summary>
    public Task WaitAsync()
    {
        // One may have been left there by who took the one before it.
        lock (_takeGate)
        {
            if (!_current.IsEmpty)
            {
                return Task.CompletedTask;
            }

            lock (_rowGate)
            {
                if (_ready.Count > 0 || _isOver)
                {
                    return Task.CompletedTask;
                }

                _arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _arrived.Task;
            }
        }
    }

    /// <summary>The same for the one who takes all, and without an allocation.</summary>
    /// <param name="cancellationToken">Its end completes the wait, if <see cref="Interrupt"/> is registered with it.</param>
    /// <exception cref="InvalidOperationException">Another waits so already.</exception>
    public ValueTask WaitForAllAsync(CancellationToken cancellationToken)
    {
        lock (_takeGate)
        {
            if (!_current.IsEmpty)
            {
                return ValueTask.CompletedTask;
            }

            lock (_rowGate)
            {
                if (_hasBatchWaiter)
                {
                    throw new InvalidOperationException("Another waits for a batch of this receiver.");
                }

                // Cancelled before this, nobody would wake it any more; afterwards the callback finds it waiting.
                if (_ready.Count > 0 || _isOver || cancellationToken.IsCancellationRequested)
                {
                    return ValueTask.CompletedTask;
                }

                _signal.Reset();
                _hasBatchWaiter = _isBatchAwaited = true;
                return new ValueTask(this, _signal.Version);
            }
        }
    }

    /// <summary>Ends the wait for a batch.</summary>
    public void Interrupt()
    {
        lock (_rowGate)
        {
            if (!_isBatchAwaited)
            {
                return;
            }

            _isBatchAwaited = false;
        }

        _signal.SetResult(true);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _signal.GetResult(token);
        lock (_rowGate)
        {
            _hasBatchWaiter = false;
        }
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);

    /// <summary>Under the lock of the takers.</summary>
    private bool HasCurrent()
    {
        if (HasMessage(_current))
        {
            return true;
        }

        _current.Clear();
        lock (_rowGate)
        {
            (_ready, _current) = (_current, _ready);
        }

        return HasMessage(_current);
    }

    private bool HasMessage(ReceivedRow row)
    {
        if (_dropsUnsettled)
        {
            row.DropUnsettled();
        }

        return !row.IsEmpty;
    }
}
