using System.Buffers;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Transport;

/// <summary>
/// The outgoing octets of one connection. Any thread appends encoded frames under <see cref="Gate"/>; one sender at a time,
/// started by <see cref="Flush"/>, touches the transport. Buffers are rented while there is something to send. Owned by
/// the connection; lock order: a queue's lock, then this gate.
/// </summary>
/// <remarks>
/// <code>
///   Reserve/Advance -> tail buffer --(full, or shared octets follow)--> sealed segments --(Flush)--> transport
/// </code>
/// </remarks>
public sealed class Output : IThreadPoolWorkItem
{
    /// <summary>The largest buffer that frames gather in, in octets; a larger reservation gets a buffer of its own.</summary>
    public const int MaxBufferOctets = 256 * 1024;

    /// <summary>The smallest buffer, in octets.</summary>
    public const int MinBufferOctets = 2 * 1024;

    /// <summary>
    /// Up to here the flushing thread sends by itself: a hop to another thread costs more than the call. Above it the sender
    /// runs beside the thread that encodes.
    /// </summary>
    public const int InlineSendOctets = 8 * 1024;

    /// <summary>Sends in a row that need no waiting, before the thread is offered to others.</summary>
    private const int SendsInARow = 16;

    private readonly TransportConnection _transport;
    private readonly IOutputOwner _owner;
    private readonly int _boundOctets;
    private readonly List<ArraySegment<byte>> _sending = [];
    private List<Segment> _sealed = [];
    private List<Segment> _inFlight = [];
    private byte[] _tail = [];
    private int _tailStart;
    private int _tailCount;
    private int _tailHint = MinBufferOctets;
    private long _pendingOctets;
    private bool _isSending;
    private bool _isWanted;
    private bool _endAfterSend;
    private bool _ended;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _left;
    private SendObserver? _observer;

    /// <summary>Creates an output.</summary>
    /// <param name="transport">Where octets go.</param>
    /// <param name="owner">Who is told.</param>
    /// <param name="boundOctets">Waiting octets past which <see cref="HasRoom"/> is false.</param>
    public Output(TransportConnection transport, IOutputOwner owner, int boundOctets)
    {
        _transport = transport;
        _owner = owner;
        _boundOctets = boundOctets;
    }

    /// <summary>Held while appending.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Octets that wait or are on their way; read without the gate it is a hint.</summary>
    public long PendingOctets => Volatile.Read(ref _pendingOctets);

    /// <summary>Counts sends that carried something: a heartbeat is due when it stands still.</summary>
    public long SendCount { get; private set; }

    /// <summary>A mark for whoever collects outputs to flush; it means nothing here.</summary>
    public object? TouchedBy { get; set; }

    /// <summary>Whether nothing can be sent any more; what is appended is dropped.</summary>
    public bool IsEnded => Volatile.Read(ref _ended);

    /// <summary>
    /// Whether more should be appended. Under the gate. Once false, the owner is told when it is true again.
    /// </summary>
    public bool HasRoom
    {
        get
        {
            if (_pendingOctets < _boundOctets)
            {
                return true;
            }

            _isWanted = true;
            return false;
        }
    }

    /// <summary>What <see cref="HasRoom"/> would say, as far as that can be seen without the gate; the owner is not told of anything. Any thread.</summary>
    public bool SeemsToHaveRoom => Volatile.Read(ref _pendingOctets) < _boundOctets;

    /// <summary>Room for <paramref name="octets"/> in a row. Under the gate; valid until it is left. Then call <see cref="Advance"/>.</summary>
    public Span<byte> Reserve(int octets)
    {
        int end = _tailCount;
        if (_tail.Length - end < octets)
        {
            MakeRoom(octets);
            end = _tailCount;
        }

        return _tail.AsSpan(end, octets);
    }

    /// <summary>Appends the first <paramref name="octets"/> of what was reserved. Under the gate.</summary>
    public void Advance(int octets)
    {
        if (_ended)
        {
            return;
        }

        _tailCount += octets;
        _pendingOctets += octets;
    }

    /// <summary>Appends octets that stay where they are until sent. Under the gate; <paramref name="shared"/> is released in any case.</summary>
    public void AppendShared(ArraySegment<byte> octets, ISharedOctets shared)
    {
        ArgumentNullException.ThrowIfNull(shared);
        if (_ended)
        {
            shared.Release();
            return;
        }

        SealTail(isLast: false);
        _sealed.Add(new Segment(octets, shared, IsRented: false));
        _pendingOctets += octets.Count;
    }

    /// <summary>Starts sending what waits, unless a sender is at work already. Outside every lock.</summary>
    public void Flush()
    {
        if (!TryBeginSending(out bool isSmall))
        {
            return;
        }

        if (isSmall)
        {
            StartSending();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>The same for a thread whose own work must not wait for a socket: others send.</summary>
    public void FlushBeside()
    {
        if (TryBeginSending(out _))
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>
    /// The same for a thread that can spare the time of one small send, and of nothing else: what is appended meanwhile, and whatever the
    /// owner does with the room, is left to others.
    /// </summary>
    public void FlushBriefly()
    {
        if (!TryBeginSending(out bool isSmall))
        {
            return;
        }

        if (isSmall)
        {
            StartSending(isBrief: true);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => StartSending();

    /// <summary>Sends what waits, then tells the peer that no more will come.</summary>
    public void EndAfterFlush()
    {
        lock (Gate)
        {
            _endAfterSend = true;
        }

        Flush();
    }

    /// <summary>Drops what waits and takes nothing more.</summary>
    public void Abort()
    {
        lock (Gate)
        {
            _ended = true;
            if (!_isSending)
            {
                Discard();
                _left?.TrySetResult();
            }

            _drained?.TrySetResult();
        }
    }

    /// <summary>
    /// Completes when the output has ended and its sender has left the transport: to close a socket under a call that is on its way
    /// resets the stream, and the peer loses what it has not read. Whoever asks has asked for the end before.
    /// </summary>
    public Task WaitUntilEndedAsync()
    {
        lock (Gate)
        {
            if (_ended && !_isSending)
            {
                return Task.CompletedTask;
            }

            _left ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _left.Task;
        }
    }

    /// <summary>Completes when half of the bound is free, or the output has ended: for a reader whose answers nobody takes.</summary>
    public Task WaitForRoomAsync()
    {
        lock (Gate)
        {
            if (_pendingOctets <= _boundOctets / 2 || _ended)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    private bool TryBeginSending(out bool isSmall)
    {
        lock (Gate)
        {
            isSmall = _pendingOctets <= InlineSendOctets;
            if (_isSending || _ended || (_pendingOctets == 0 && !_endAfterSend))
            {
                return false;
            }

            return _isSending = true;
        }
    }

    /// <summary>Runs the sender. It is a pooled operation, so somebody must take its result: nobody awaits it.</summary>
    private void StartSending(bool isBrief = false)
    {
#pragma warning disable CA2012 // Its result is taken once, here or by the observer.
        var sending = SendAsync(isBrief).GetAwaiter();
#pragma warning restore CA2012
        if (sending.IsCompleted)
        {
            sending.GetResult();
            return;
        }

        // The next sender may be on its way before this one's end is seen: each end needs a place of its own, and two suffice.
        var observer = Interlocked.Exchange(ref _observer, null) ?? new SendObserver(this);
        observer.Observe(sending);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(bool isBrief)
    {
        int inARow = 0;
        try
        {
            while (true)
            {
                long octets;
                lock (Gate)
                {
                    SealTail(isLast: true);
                    if (_sealed.Count == 0 || _ended)
                    {
                        if (_endAfterSend && !_ended)
                        {
                            _ended = true;
                            break;
                        }

                        _isSending = false;
                        if (_ended)
                        {
                            Discard();
                            _left?.TrySetResult();
                        }

                        return;
                    }

                    (_sealed, _inFlight) = (_inFlight, _sealed);
                }

                octets = 0;
                foreach (var segment in _inFlight)
                {
                    octets += segment.Octets.Count;
                    if (segment.Octets.Count > 0)
                    {
                        _sending.Add(segment.Octets);
                    }
                }

                var sending = _transport.SendAsync(_sending);
                if (!sending.IsCompleted)
                {
                    inARow = 0;
                }
                else if (++inARow == SendsInARow)
                {
                    inARow = 0;
                    await Task.Yield();
                }

                await sending.ConfigureAwait(false);
                SendCount++;
                ReleaseInFlight();
                bool isDrained = SettleSent(octets);
                if (isBrief && (isDrained || PendingOctets > 0))
                {
                    await Task.Yield();
                }

                isBrief = false;
                if (isDrained)
                {
                    _owner.HandleOutputDrained();
                }
            }

            _transport.ShutdownSend();
            lock (Gate)
            {
                _isSending = false;
                _left?.TrySetResult();
            }

            _owner.HandleOutputEnded(null);
        }
#pragma warning disable CA1031 // Nobody awaits this task: whatever ends it must reach the owner.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            lock (Gate)
            {
                _ended = true;
                _isSending = false;
                Discard();
                _drained?.TrySetResult();
                _left?.TrySetResult();
            }

            ReleaseInFlight();
            _owner.HandleOutputEnded(exception);
        }
    }

    /// <summary>Counts sent octets; true when somebody waits for room and half of the bound is free.</summary>
    private bool SettleSent(long octets)
    {
        lock (Gate)
        {
            _pendingOctets -= octets;
            if (_pendingOctets > _boundOctets / 2)
            {
                return false;
            }

            if (_drained is { } drained)
            {
                _drained = null;
                drained.TrySetResult();
            }

            bool wanted = _isWanted;
            _isWanted = false;
            return wanted;
        }
    }

    private void ReleaseInFlight()
    {
        foreach (var segment in _inFlight)
        {
            segment.Release();
        }

        _inFlight.Clear();
        _sending.Clear();
    }

    private void Discard()
    {
        SealTail(isLast: true);
        foreach (var segment in _sealed)
        {
            segment.Release();
        }

        _sealed.Clear();
        _pendingOctets = 0;
    }

    private void MakeRoom(int octets)
    {
        int waiting = _tailCount - _tailStart;
        if (waiting > 0 && waiting + octets > MaxBufferOctets)
        {
            SealTail(isLast: true);
            waiting = 0;
        }

        int wanted = Math.Max(_tailHint, waiting + octets);
        if (wanted > _tailHint)
        {
            wanted = Math.Max(waiting + octets, Math.Min(MaxBufferOctets, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)wanted)));
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(wanted);
        _tail.AsSpan(_tailStart, waiting).CopyTo(larger);
        if (_tailStart > 0)
        {
            // Its first part is still to be sent: it goes back behind that.
            _sealed.Add(new Segment(new ArraySegment<byte>(_tail, 0, 0), null, IsRented: true));
        }
        else if (_tail.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_tail);
        }

        _tail = larger;
        _tailStart = 0;
        _tailCount = waiting;
    }

    /// <summary>
    /// Makes a segment of what the tail holds. Unless it is the last of this buffer, the rest of the buffer stays the tail: frames around
    /// shared octets take a few octets each, and share one.
    /// </summary>
    private void SealTail(bool isLast)
    {
        if (_tail.Length == 0)
        {
            return;
        }

        int octets = _tailCount - _tailStart;
        if (octets > 0 || (isLast && _tailStart > 0))
        {
            _sealed.Add(new Segment(new ArraySegment<byte>(_tail, _tailStart, octets), null, isLast));
        }
        else if (isLast)
        {
            ArrayPool<byte>.Shared.Return(_tail);
        }

        if (!isLast)
        {
            _tailStart = _tailCount;
            return;
        }

        if (_tailCount > 0)
        {
            // The next buffer starts as large as this one had to be: a busy connection does not grow anew each time.
            _tailHint = Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)_tailCount), MinBufferOctets, MaxBufferOctets);
        }

        _tail = [];
        _tailStart = _tailCount = 0;
    }

    /// <summary>Takes the result of a sender that did not end at once.</summary>
    private sealed class SendObserver
    {
        private readonly Output _output;
        private readonly Action _takeResult;
        private ValueTaskAwaiter _sending;

        public SendObserver(Output output)
        {
            _output = output;
            _takeResult = TakeResult;
        }

        public void Observe(ValueTaskAwaiter sending)
        {
            _sending = sending;
            sending.UnsafeOnCompleted(_takeResult);
        }

        private void TakeResult()
        {
            var sending = _sending;
            _sending = default;
            Volatile.Write(ref _output._observer, this);
            sending.GetResult();
        }
    }

    private readonly record struct Segment(ArraySegment<byte> Octets, ISharedOctets? Shared, bool IsRented)
    {
        public void Release()
        {
            if (IsRented)
            {
                ArrayPool<byte>.Shared.Return(Octets.Array!);
            }

            Shared?.Release();
        }
    }
}
