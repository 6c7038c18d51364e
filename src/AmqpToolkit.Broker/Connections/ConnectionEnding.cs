using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Protocol;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// How a connection ends, of whatever version: who says so, when it is cut, and what becomes of what the peer still sends. After both have closed nothing may come (0-9-1
/// section 1.4.2.8, 1.0 section 2.4.3), but it does: it is received and dropped until the peer has ended its side, too. A socket that is closed over octets that nobody has
/// received, or under a call that is on its way, is reset, and a reset takes from the peer what it has not read yet. Owned by the connection; used by its reader but for what
/// says otherwise.
/// </summary>
internal sealed class ConnectionEnding : IDeadline
{
    /// <summary>How long a refused stranger is kept waiting, in milliseconds: guessing passwords costs time.</summary>
    public const long RefusalMilliseconds = 3000;

    /// <summary>How long the peer has to answer close, or to take what was sent before its own was answered, in milliseconds.</summary>
    public const long CloseMilliseconds = 30_000;

    /// <summary>How long the peer has to end the stream when both have closed, in milliseconds: it has read all that there is.</summary>
    public const long DrainMilliseconds = 1000;

    /// <summary>What is received and dropped after the end, in octets.</summary>
    private const int MaxDroppedOctets = 1024 * 1024;

    private readonly AmqpBroker _broker;
    private readonly TransportConnection _transport;
    private readonly Output _output;
    private readonly IEndingConnection _connection;
    private readonly string _name;
    private volatile ConnectionState _state;
    private volatile bool _isAborted;
    private volatile TaskCompletionSource? _gone;
    private TimerWheel.Entry? _deadline;
    private long _cutAt = long.MaxValue;
    private int _droppedOctets;

    /// <summary>Cuts the stream when a close from outside is not answered. Under the output's gate.</summary>
    private TimerWheel.Entry? _requestedCut;

    /// <summary>A close from outside that waits for open. Under the output's gate.</summary>
    private ProtocolError? _closeWhenOpen;

    public ConnectionEnding(AmqpBroker broker, TransportConnection transport, Output output, IEndingConnection connection, string name, long handshakeEndsAt)
    {
        _broker = broker;
        _transport = transport;
        _output = output;
        _connection = connection;
        _name = name;
        _deadline = broker.Timers.Schedule(this, handshakeEndsAt);
    }

    /// <summary>How far the connection has come. Changed under the output's gate; any thread reads it.</summary>
    public ConnectionState State => _state;

    /// <summary>Whether what comes is received and dropped.</summary>
    public bool IgnoresInput { get; private set; }

    /// <summary>Whether there is no reason to hold the peer back any longer: it is gone, or the broker stops and wants to hear it. Any thread.</summary>
    public bool HasToGo => _isAborted || _state != ConnectionState.Running || _broker.Stopping.IsCancellationRequested;

    /// <summary>The handshake is over.</summary>
    /// <param name="checkAt">When the peer is looked after for the first time; -1 for never.</param>
    /// <returns>Why the connection is to be closed at once; null when it is not.</returns>
    public ProtocolError? BeginRunning(long checkAt)
    {
        _deadline?.Cancel();
        ProtocolError? wanted;
        lock (_output.Gate)
        {
            _state = ConnectionState.Running;
            wanted = _closeWhenOpen;
        }

        _deadline = checkAt < 0 ? null : _broker.Timers.Schedule(this, checkAt, _deadline);
        return wanted;
    }

    /// <summary>
    /// Tells the peer that the broker closes the connection, without waiting for it. One that has logged in and is about to open hears it when it is open; a stranger hears
    /// nothing. Any thread.
    /// </summary>
    public void RequestClose(ProtocolError error)
    {
        bool isStranger = false;
        lock (_output.Gate)
        {
            switch (_state)
            {
                case ConnectionState.Handshake when _connection.Account is not null:
                    _closeWhenOpen = error;
                    return;

                case ConnectionState.Handshake or ConnectionState.Refused:
                    isStranger = true;
                    break;

                case ConnectionState.Running:
                    long cutAt = _broker.Timers.Now + CloseMilliseconds;
                    Volatile.Write(ref _cutAt, cutAt);
                    _state = ConnectionState.Closing;
                    _connection.AppendClose(error);
                    _requestedCut = _broker.Timers.Schedule(this, cutAt);
                    break;

                case ConnectionState.Closing when _connection.TryAppendCloseThatWaits(error):
                    break;

                default:
                    return;
            }
        }

        if (isStranger)
        {
            Abort();
            return;
        }

        _output.Flush();
        _gone?.TrySetResult();
    }

    /// <summary>close is on its way, or about to be. Under the output's gate; any thread.</summary>
    /// <returns>False when it was before.</returns>
    public bool TryBeginClosing()
    {
        if (_state is ConnectionState.Closing or ConnectionState.Draining or ConnectionState.Ended)
        {
            return false;
        }

        _state = ConnectionState.Closing;
        return true;
    }

    /// <summary>Says nothing, and cuts the stream after a while.</summary>
    public void Refuse()
    {
        lock (_output.Gate)
        {
            _state = ConnectionState.Refused;
        }

        IgnoresInput = true;
        CutIn(RefusalMilliseconds);
    }

    /// <summary>Where frames begin is not known any more: nothing of what comes can be understood.</summary>
    public void IgnoreInput() => IgnoresInput = true;

    /// <summary>The stream is dropped without a word.</summary>
    public void Drop()
    {
        lock (_output.Gate)
        {
            _state = ConnectionState.Ended;
        }
    }

    /// <summary>Ends the stream when all is sent, and waits for the peer's end.</summary>
    public void BeginDrain(long milliseconds)
    {
        lock (_output.Gate)
        {
            _state = ConnectionState.Draining;
        }

        IgnoresInput = true;
        _output.EndAfterFlush();
        CutIn(milliseconds);
    }

    /// <summary>Takes what nobody may send any more.</summary>
    /// <returns>Octets taken; -1 when it was too much.</returns>
    public int TakeIgnored(int octets)
    {
        _droppedOctets = Math.Min(_droppedOctets, MaxDroppedOctets) + octets;
        return _state == ConnectionState.Draining && _droppedOctets > MaxDroppedOctets ? -1 : octets;
    }

    /// <summary>Cuts the stream after this time, whatever else was agreed on.</summary>
    public void CutIn(long milliseconds)
    {
        long cutAt = _broker.Timers.Now + milliseconds;
        Volatile.Write(ref _cutAt, cutAt);
        _deadline = _broker.Timers.Schedule(this, cutAt, _deadline);
    }

    /// <summary>The same, by the wheel's thread.</summary>
    /// <returns>When to call again.</returns>
    public long CutAfterCheck(long now, long milliseconds)
    {
        Volatile.Write(ref _cutAt, now + milliseconds);
        return now + milliseconds;
    }

    /// <summary>Cuts the stream. Any thread.</summary>
    public void Abort()
    {
        _isAborted = true;
        _output.Abort();
        _transport.Abort();
        _gone?.TrySetResult();
    }

    /// <summary>The reader waits for something: completes when it shall not any longer. <see cref="HasToGo"/> is to be looked at after it.</summary>
    public Task BeginWait()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gone = gone;
        return gone.Task;
    }

    /// <summary>The reader goes on.</summary>
    public void EndWait() => _gone = null;

    /// <summary>Completes when what was to be sent is sent; called once nothing is received any more.</summary>
    public Task WaitUntilSentAsync() => _state == ConnectionState.Draining ? _output.WaitUntilEndedAsync() : Task.CompletedTask;

    /// <summary>Nothing is sent or received any more. Once, before what the connection holds is given back.</summary>
    public void End()
    {
        lock (_output.Gate)
        {
            _state = ConnectionState.Ended;
            _requestedCut?.Cancel();
        }

        _deadline?.Cancel();
        Abort();
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        switch (_state)
        {
            case ConnectionState.Running:
                return _connection.CheckPeer(now);

            case ConnectionState.Handshake:
                if (_broker.Strangers.MayTell(_transport.RemoteEndPoint))
                {
                    Log.ConnectionFailed(_broker.Logger, _name, "the handshake took too long");
                }

                Abort();
                return -1;

            default:
                long cutAt = Volatile.Read(ref _cutAt);
                if (now < cutAt && cutAt != long.MaxValue)
                {
                    return cutAt;
                }

                Abort();
                return -1;
        }
    }
}
