using System.Threading.Tasks.Sources;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// The deliveries of one consumer between the reader of the connection and the one who enumerates. Both sides work on lists of their
/// own and meet under the lock once a batch.
/// </summary>
/// <remarks>
/// <code>
///   reader: incoming --(end of a read)--> ready --(list used up)--> current :enumerator
///             ^--- free &lt;---------(same moment)------- used --------/
/// </code>
/// </remarks>
internal sealed class DeliveryBuffer : IValueTaskSource<bool>, IDeliveryPool
{
    private const int MinKept = 256;

    private readonly Lock _gate = new();
    private readonly AmqpConsumer _consumer;
    private readonly int _maxCount;
    private readonly long _maxOctets;

    // Under the lock.
    private BlockList _ready;
    private BlockList _free;
    private long _readyOctets;
    private int _readyVoid;
    private bool _isWaiting;
    private bool _isStopping;
    private volatile bool _isLeft;
    private bool _isEnded;
    private bool _dropsBuffered;
    private AmqpException? _failure;
    private TaskCompletionSource? _room;

    // The reader's.
    private BlockList _incoming;
    private BlockList _reserve;
    private long _incomingOctets;

    // The enumerator's.
    private BlockList _current;
    private BlockList _used;
    private int _position;
    private DeliveryBlock? _held;
    private Delivery _delivery;
    private CancellationToken _token;
    private ManualResetValueTaskSourceCore<bool> _signal = new() { RunContinuationsAsynchronously = true };

    /// <summary>Creates a buffer.</summary>
    /// <param name="consumer">Whose.</param>
    /// <param name="maxCount">Deliveries past which the reader waits: the credit that was given, or <see cref="int.MaxValue"/>.</param>
    /// <param name="maxOctets">Octets of memory past which the reader waits.</param>
    public DeliveryBuffer(AmqpConsumer consumer, int maxCount, long maxOctets)
    {
        _consumer = consumer;
        _maxCount = maxCount;
        _maxOctets = maxOctets;
    }

    /// <summary>The delivery that the enumeration stands at.</summary>
    public Delivery Current => _delivery;

    /// <summary>Whether no delivery follows.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _isEnded;
            }
        }
    }

    /// <summary>A block to fill. The reader.</summary>
    public DeliveryBlock Rent()
    {
        if (_reserve.Count == 0)
        {
            lock (_gate)
            {
                (_free, _reserve) = (_reserve, _free);
            }
        }

        return _reserve.TryPop() ?? new DeliveryBlock(_consumer.Channel, _consumer, _consumer.NoAck, this);
    }

    /// <summary>Takes a whole delivery. The reader.</summary>
    /// <returns>Whether it is the first of this batch, so that <see cref="EndBatch"/> is to be called.</returns>
    public bool Add(DeliveryBlock block)
    {
        _incoming.Add(block);
        _incomingOctets += block.HeldOctets;
        return _incoming.Count == 1;
    }

    /// <summary>Hands the batch over. The reader, once a read.</summary>
    /// <returns>Whether more is buffered than allowed, and the reader is to wait.</returns>
    public bool EndBatch()
    {
        bool wake;
        bool isOver;
        lock (_gate)
        {
            if (_isStopping || _isEnded)
            {
                wake = isOver = false;
            }
            else
            {
                if (_ready.Count == 0)
                {
                    (_ready, _incoming) = (_incoming, _ready);
                }
                else
                {
                    _ready.AddRange(in _incoming);
                    _incoming.Clear();
                }

                _readyOctets += _incomingOctets;
                wake = _isWaiting;
                _isWaiting = false;
                isOver = IsOver;
            }
        }

        _incomingOctets = 0;
        if (_incoming.Count > 0)
        {
            GiveBack(ref _incoming);
        }

        if (wake)
        {
            _signal.SetResult(true);
        }

        return isOver;
    }

    /// <summary>Completes when the enumerator has taken what is buffered, or nothing will be buffered any more. The reader.</summary>
    public ValueTask WaitForRoomAsync()
    {
        lock (_gate)
        {
            if (_isStopping || _isEnded || !IsOver)
            {
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task);
        }
    }

    /// <summary>Moves on. The enumerator.</summary>
    public ValueTask<bool> MoveNextAsync()
    {
        if (_token.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<bool>(_token);
        }

        // What is taken over may all be void: then it goes on.
        while (!TakeFromCurrent(handsOutVoid: false))
        {
            bool isOver;
            bool isWaiting = false;
            TaskCompletionSource? room;
            lock (_gate)
            {
                room = Exchange();
                isOver = _isLeft || (_isEnded && (_dropsBuffered || _current.Count == 0));
                if (!isOver && _current.Count == 0)
                {
                    if (_token.IsCancellationRequested)
                    {
                        // Its callback has been here, or comes and finds nobody: who waits from here on would not hear of it.
                        return ValueTask.FromCanceled<bool>(_token);
                    }

                    _signal.Reset();
                    _isWaiting = isWaiting = true;
                }
            }

            room?.TrySetResult();
            if (isWaiting)
            {
                return new ValueTask<bool>(this, _signal.Version);
            }

            if (isOver)
            {
                return _failure is { } failure ? ValueTask.FromException<bool>(failure) : new ValueTask<bool>(false);
            }
        }

        return new ValueTask<bool>(true);
    }

    /// <summary>Makes <paramref name="token"/> end the enumeration.</summary>
    public CancellationTokenRegistration Watch(CancellationToken token)
    {
        _token = token;
        return token.UnsafeRegister(static (state, token) => ((DeliveryBuffer)state!).Interrupt(token), this);
    }

    /// <summary>From here on deliveries are given back and the reader is never held up.</summary>
    public void Stop()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _isStopping = true;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
    }

    /// <summary>As <see cref="Stop"/>, and the enumeration ends: nothing more is handed out. Any thread.</summary>
    public void Leave()
    {
        _isLeft = true;
        Stop();
    }

    /// <summary>What is buffered and void after a basic.recover is dropped, so that what comes again in its place finds room. The reader.</summary>
    public void DropVoid()
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            var kept = default(BlockList);
            (_readyOctets, _readyVoid) = (0, 0);
            for (int index = 0; index < _ready.Count; index++)
            {
                var block = _ready[index];
                bool isVoid = IsVoid(block);
                if (isVoid && index > 0)
                {
                    block.Release();
                    Keep(block);
                    continue;
                }

                // The first stays in any case: the enumerator may have been woken for it.
                kept.Add(block);
                _readyOctets += block.HeldOctets;
                _readyVoid += isVoid ? 1 : 0;
            }

            _ready = kept;
            if (!IsOver)
            {
                (room, _room) = (_room, null);
            }
        }

        room?.TrySetResult();
    }

    /// <summary>No delivery follows: what is buffered is handed out, then the enumeration ends.</summary>
    /// <param name="failure">What it ends with; null for a plain end.</param>
    /// <param name="dropsBuffered">Whether what is buffered is void: its channel is gone, and the broker delivers it again.</param>
    public void Complete(AmqpException? failure, bool dropsBuffered)
    {
        TaskCompletionSource? room;
        bool wake;
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            _isEnded = true;
            _failure = failure;
            _dropsBuffered = dropsBuffered;
            wake = _isWaiting;
            _isWaiting = false;
            room = _room;
            _room = null;
        }

        room?.TrySetResult();
        if (wake)
        {
            _signal.SetResult(true);
        }
    }

    /// <summary>Gives back what the enumerator has not taken over. After <see cref="Leave"/>, and after the server has ended the consumer. Any thread.</summary>
    public void DrainReady()
    {
        var unread = default(BlockList);
        lock (_gate)
        {
            (unread, _ready) = (_ready, unread);
            (_readyOctets, _readyVoid) = (0, 0);
        }

        GiveBack(ref unread);
    }

    /// <summary>Gives back what was taken over and not handed out. The enumerator.</summary>
    public void DrainCurrent()
    {
        var unread = default(BlockList);
        for (; _position < _current.Count; _position++)
        {
            unread.Add(_current[_position]);
        }

        _current.Clear();
        _position = 0;
        GiveBack(ref unread);
    }

    /// <summary>Ends the life of the delivery that the enumeration stands at, unless somebody retains it.</summary>
    public void ReleaseHeld()
    {
        if (_held is { } held)
        {
            var delivery = _delivery;
            (_held, _delivery) = (null, default);

            // In this order: a retained block that was disposed of meanwhile has a new version before it stops being retained.
            if (!held.IsRetained && delivery.IsValid)
            {
                held.Release();
                _used.Add(held);
            }
        }
    }

    /// <inheritdoc/>
    public void Return(DeliveryBlock block)
    {
        lock (_gate)
        {
            Keep(block);
        }
    }

    bool IValueTaskSource<bool>.GetResult(short token)
    {
        _signal.GetResult(token);
        TaskCompletionSource? room;
        lock (_gate)
        {
            room = Exchange();
        }

        room?.TrySetResult();

        // Void or not: there is no waiting again from here. It may have become so a moment later as well.
        return TakeFromCurrent(handsOutVoid: true) || (_failure is { } failure ? throw failure : false);
    }

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _signal.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _signal.OnCompleted(continuation, state, token, flags);

    private bool IsOver => _ready.Count - _readyVoid > _maxCount || _readyOctets > _maxOctets;

    /// <summary>Whether the broker delivers a message again under another tag (basic.recover).</summary>
    private static bool IsVoid(DeliveryBlock block) => !block.NoAck && block.Channel.IsStale(block.DeliveryTag);

    private bool TakeFromCurrent(bool handsOutVoid)
    {
        ReleaseHeld();
        if (_isLeft)
        {
            DrainCurrent();
            return false;
        }

        while (_position < _current.Count && !(_dropsBuffered && Volatile.Read(ref _isEnded)))
        {
            var block = _current[_position++];
            if (!handsOutVoid && IsVoid(block))
            {
                block.Release();
                _used.Add(block);
                continue;
            }

            _held = block;
            _delivery = new Delivery(block);
            return true;
        }

        return false;
    }

    /// <summary>Under the lock: takes over what is ready, leaves behind what is used.</summary>
    private TaskCompletionSource? Exchange()
    {
        for (var block = _used.TryPop(); block is not null; block = _used.TryPop())
        {
            Keep(block);
        }

        if (_position < _current.Count)
        {
            return null;
        }

        _current.Clear();
        _position = 0;
        (_ready, _current) = (_current, _ready);
        (_readyOctets, _readyVoid) = (0, 0);
        var room = _room;
        _room = null;
        return room;
    }

    private void Keep(DeliveryBlock block)
    {
        if (_free.Count < Math.Max(MinKept, Math.Min(_maxCount, ushort.MaxValue)))
        {
            _free.Add(block);
        }
    }

    private void GiveBack(ref BlockList blocks)
    {
        for (int index = 0; index < blocks.Count; index++)
        {
            var block = blocks[index];
            if (!block.NoAck)
            {
                block.Channel.GiveBack(block.DeliveryTag);
            }

            block.Return();
        }

        blocks.Clear();
    }

    private void Interrupt(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_isWaiting)
            {
                return;
            }

            _isWaiting = false;
        }

        _signal.SetException(new OperationCanceledException(token));
    }
}
