using System.Threading.Tasks.Sources;
using AmqpToolkit.Codec;

namespace AmqpToolkit.Client.V1_0;

/// <summary>The messages of one receiver between the reader of the connection and those who take them: one by one, or all that have come.</summary>
/// <remarks>
/// <code>
///   reader: ready --(full)--> full --(used up)--> current :one by one
///             \-----(used up)--^         \--------> lent :a batch, until it is given back
/// </code>
/// The rows change places and are never copied. Locks: takers', the connection's gate, rows'; the reader, who holds the gate, takes the last alone.
/// </remarks>
internal sealed class ReceivedMessages : IValueTaskSource
{
    /// <summary>Empty rows that are kept beside the three.</summary>
    private const int KeptRows = 4;

    private readonly Lock _takeGate = new();
    private readonly Lock _rowGate = new();

    // The takers'.
    private ReceivedRow _current = new();
    private ReceivedRow _lent = new();
    private bool _isBatchAsked;

    // Under the lock of rows.
    private ReceivedRow _ready = new();
    private readonly Queue<ReceivedRow> _full = new();
    private readonly Stack<ReceivedRow> _spare = new();
    private TaskCompletionSource? _arrived;
    private bool _isBatchAwaited;
    private volatile bool _isOver;
    private volatile bool _dropsUnsettled;
    private HashSet<ulong>? _settled;
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };

    /// <summary>Whether nothing more comes. Asked for before one takes: who then finds nothing has had everything.</summary>
    public bool IsOver => _isOver;

    /// <summary>Whether what was not taken is gone.</summary>
    public bool DropsUnsettled => _dropsUnsettled;

    /// <summary>Copies a message. The reader.</summary>
    public void Add(ReadOnlySpan<byte> message, in ReceivedEntry entry)
    {
        lock (_rowGate)
        {
            MakeRoom();
            _ready.Add(message, in entry);
        }
    }

    /// <summary>Takes a message with its memory, which was rented. The reader.</summary>
    public void Add(byte[] own, int octets, in ReceivedEntry entry)
    {
        lock (_rowGate)
        {
            MakeRoom();
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
    /// <param name="settled">What the sender has settled since it came.</param>
    public void End(bool dropsUnsettled, HashSet<ulong>? settled = null)
    {
        lock (_rowGate)
        {
            _settled = settled;
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

    /// <summary>Somebody asks for a batch: nobody else may until it is given back.</summary>
    /// <exception cref="InvalidOperationException">Somebody does, or has one.</exception>
    public void BeginBatch()
    {
        lock (_takeGate)
        {
            if (_isBatchAsked)
            {
                throw new InvalidOperationException("A batch of this receiver is asked for, or was not disposed of.");
            }

            _isBatchAsked = true;
        }
    }

    /// <summary>Nobody has a batch any more, and what it held is free.</summary>
    public void EndBatch()
    {
        lock (_takeGate)
        {
            _lent.Clear();
            _isBatchAsked = false;
        }
    }

    /// <summary>The same for who has one, and may say so twice.</summary>
    /// <returns>Octets that it held; 0 when it was over.</returns>
    public long EndBatch(ReceivedRow row, int version, long octets)
    {
        lock (_takeGate)
        {
            if (!ReferenceEquals(row, _lent) || row.Version != version || !_isBatchAsked)
            {
                return 0;
            }

            EndBatch();
            return octets;
        }
    }

    /// <summary>Takes a row of what is there, for who has asked.</summary>
    /// <returns>Null when nothing is there.</returns>
    public ReceivedRow? TryTakeRow()
    {
        lock (_takeGate)
        {
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
                if (_ready.Count > 0 || _full.Count > 0 || _isOver)
                {
                    return Task.CompletedTask;
                }

                _arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _arrived.Task;
            }
        }
    }

    /// <summary>The same for the one who has asked for a batch, and without an allocation.</summary>
    /// <param name="cancellationToken">Its end completes the wait, if <see cref="Interrupt"/> is registered with it.</param>
    public ValueTask WaitForRowAsync(CancellationToken cancellationToken)
    {
        lock (_takeGate)
        {
            if (!_current.IsEmpty)
            {
                return ValueTask.CompletedTask;
            }

            lock (_rowGate)
            {
                // Cancelled before this, nobody would wake it any more; afterwards the callback finds it waiting.
                if (_ready.Count > 0 || _full.Count > 0 || _isOver || cancellationToken.IsCancellationRequested)
                {
                    return ValueTask.CompletedTask;
                }

                _signal.Reset();
                _isBatchAwaited = true;
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

    void IValueTaskSource.GetResult(short token) => _signal.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);

    /// <summary>Under the lock of the takers.</summary>
    private bool HasCurrent()
    {
        while (true)
        {
            if (_dropsUnsettled)
            {
                _current.DropUnsettled(_settled);
            }

            if (!_current.IsEmpty)
            {
                return true;
            }

            _current.Clear();
            lock (_rowGate)
            {
                if (_full.TryDequeue(out var row))
                {
                    Spare(_current);
                    _current = row;
                }
                else if (_ready.Count > 0)
                {
                    (_ready, _current) = (_current, _ready);
                }
                else
                {
                    return false;
                }
            }
        }
    }

    /// <summary>Under the lock of rows.</summary>
    private void MakeRoom()
    {
        if (_ready.IsFull)
        {
            _full.Enqueue(_ready);
            _ready = _spare.TryPop(out var spare) ? spare : new ReceivedRow();
        }
    }

    private void Spare(ReceivedRow row)
    {
        if (_spare.Count < KeptRows)
        {
            _spare.Push(row);
        }
    }
}
