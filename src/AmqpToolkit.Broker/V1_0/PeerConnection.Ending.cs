using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>
/// How a connection ends (1.0 section 2.4.3): close is answered by close, then the stream ends on this side, and what still comes is dropped until the peer has
/// ended its own. Deadlines are those of 0-9-1.
/// </content>
internal sealed partial class PeerConnection
{
    /// <summary>How long a refused stranger is kept waiting, in milliseconds: guessing passwords costs time.</summary>
    private const long RefusalMilliseconds = 3000;

    /// <summary>How long the peer has to answer close, in milliseconds.</summary>
    private const long CloseMilliseconds = 30_000;

    /// <summary>How long the peer has to end the stream after both have closed, in milliseconds.</summary>
    private const long DrainMilliseconds = 1000;

    /// <summary>What is received and dropped after the end, in octets.</summary>
    private const int MaxDroppedOctets = 1024 * 1024;

    private long _cutAt = long.MaxValue;
    private int _droppedOctets;

    /// <summary>Cuts the stream when a close from outside is not answered. Under the gate.</summary>
    private TimerWheel.Entry? _requestedCut;

    /// <summary>A close from outside that waits for open. Under the gate.</summary>
    private AmqpFault? _closeWhenOpen;

    /// <inheritdoc/>
    public void RequestClose(ProtocolError error) => RequestClose(error.ToFault());

    /// <inheritdoc/>
    public void Abort()
    {
        _isAborted = true;
        Output.Abort();
        _transport.Abort();
        _gone?.TrySetResult();
    }

    /// <inheritdoc/>
    public Task WaitUntilSentAsync() => _state == ConnectionState.Draining ? Output.WaitUntilEndedAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    public void End()
    {
        lock (Output.Gate)
        {
            _state = ConnectionState.Ended;
            _requestedCut?.Cancel();
        }

        _deadline?.Cancel();
        Abort();
        ReleaseAll();
        Turn.End();
        _admission?.Leave();
        Broker.Memory.Check();
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        switch (_state)
        {
            case ConnectionState.Running:
                return CheckIdle(now);

            case ConnectionState.Handshake:
                Log.ConnectionFailed(Broker.Logger, Name, "the handshake took too long");
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

    private void RequestClose(AmqpFault fault)
    {
        bool isStranger = false;
        lock (Output.Gate)
        {
            switch (_state)
            {
                case ConnectionState.Handshake when Account is not null:
                    _closeWhenOpen = fault;
                    return;

                case ConnectionState.Handshake:
                    isStranger = true;
                    break;

                case ConnectionState.Running:
                    long cutAt = Broker.Timers.Now + CloseMilliseconds;
                    Volatile.Write(ref _cutAt, cutAt);
                    _state = ConnectionState.Closing;
                    _engine.Close(fault);
                    _requestedCut = Broker.Timers.Schedule(this, cutAt);
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

        Output.Flush();
        _gone?.TrySetResult();
    }

    /// <summary>Looks after a connection that runs, and sends a sign of life where nothing else was sent (section 2.4.5).</summary>
    private long CheckIdle(long now)
    {
        // A peer that is not read because it does not read must at least take what is sent to it.
        long signs = Volatile.Read(ref _receiveCount) + (_isHeldByOutput ? Output.SendCount : 0);
        switch (_idle.Check(now, signs, Output.SendCount, isReading: !_isHeldByMemory))
        {
            case HeartbeatVerdict.PeerIsGone:
                Log.ConnectionFailed(Broker.Logger, Name, "the peer has been silent for too long");
                lock (Output.Gate)
                {
                    _engine.Close(new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "nothing was received for too long"));
                    _state = ConnectionState.Closing;
                }

                Volatile.Write(ref _cutAt, now + DrainMilliseconds);
                Output.Flush();
                return now + DrainMilliseconds;

            case HeartbeatVerdict.SendHeartbeat:
                lock (Output.Gate)
                {
                    _engine.SendHeartbeat();
                }

                Output.Flush();
                break;
        }

        return now + _idle.CheckEveryMilliseconds;
    }

    /// <summary>Both have closed: everything is given back, and the stream ends once all is sent.</summary>
    private void HandleClosed()
    {
        ReleaseAll();
        Turn.End();
        BeginDrain(DrainMilliseconds);
    }

    private void HandleConnectionFailed(AmqpFault fault)
    {
        Log.ConnectionFailed(Broker.Logger, Name, $"{fault.Condition}: {fault.Description}");
        ReleaseAll();
        if (_engine.IsEnded)
        {
            // Where frames begin is not known any more.
            BeginDrain(DrainMilliseconds);
            return;
        }

        lock (Output.Gate)
        {
            _state = ConnectionState.Closing;
        }

        CutIn(CloseMilliseconds);
    }

    private void BeginDrain(long milliseconds)
    {
        lock (Output.Gate)
        {
            _state = ConnectionState.Draining;
        }

        _ignoresInput = true;
        Output.EndAfterFlush();
        CutIn(milliseconds);
    }

    /// <summary>Drops what nobody may send any more.</summary>
    /// <returns>Octets taken; -1 when it was too much.</returns>
    private int Drop(int octets)
    {
        _droppedOctets = Math.Min(_droppedOctets, MaxDroppedOctets) + octets;
        return _droppedOctets > MaxDroppedOctets ? -1 : octets;
    }

    private void CutIn(long milliseconds)
    {
        long cutAt = Broker.Timers.Now + milliseconds;
        Volatile.Write(ref _cutAt, cutAt);
        _deadline = Broker.Timers.Schedule(this, cutAt, _deadline);
    }
}
