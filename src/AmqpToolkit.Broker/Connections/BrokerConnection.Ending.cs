using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// How a connection ends: who says so, and what becomes of what the peer still sends. After close-ok nothing may come (0-9-1 section 1.4.2.8), but
/// it does: it is received and dropped until the peer has ended its side, too. A socket that is closed over octets that nobody has received, or under
/// a call that is on its way, is reset, and a reset takes from the peer what it has not read yet.
/// </content>
internal sealed partial class BrokerConnection
{
    /// <summary>How long a refused stranger is kept waiting, in milliseconds: guessing passwords costs time.</summary>
    private const long RefusalMilliseconds = 3000;

    /// <summary>How long the peer has to answer connection.close, or to take what was sent before its own was answered, in milliseconds.</summary>
    private const long CloseMilliseconds = 30_000;

    /// <summary>How long the peer has to end the stream after its close-ok, in milliseconds: it has read all that there is.</summary>
    private const long DrainMilliseconds = 1000;

    /// <summary>What is received and dropped after close-ok, in octets.</summary>
    private const int MaxDroppedOctets = 1024 * 1024;

    private long _cutAt = long.MaxValue;
    private int _droppedOctets;

    /// <summary>Cuts the stream when a close from outside is not answered. Under the output's gate.</summary>
    private TimerWheel.Entry? _requestedCut;

    /// <summary>A close from outside that waits for the end of the handshake. Under the output's gate.</summary>
    private ProtocolError? _closeWhenOpen;

    /// <summary>
    /// Tells the client that the broker closes the connection, without waiting for it. One that has logged in and is about to open hears it when it is open;
    /// a stranger hears nothing. Any thread.
    /// </summary>
    public void RequestClose(ProtocolError error)
    {
        bool isStranger = false;
        lock (Output.Gate)
        {
            switch (_state)
            {
                case ConnectionState.Handshake when Account is not null:
                    _closeWhenOpen = error;
                    return;

                case ConnectionState.Handshake or ConnectionState.Refused:
                    isStranger = true;
                    break;

                case ConnectionState.Running:
                    long cutAt = _broker.Timers.Now + CloseMilliseconds;
                    Volatile.Write(ref _cutAt, cutAt);
                    _state = ConnectionState.Closing;
                    _held?.Drop();
                    AppendUnderGate(0, CloseMethod(error));
                    IsClosed = true;
                    _requestedCut = _broker.Timers.Schedule(this, cutAt);
                    break;

                case ConnectionState.Closing when _held is { IsHolding: true } held:
                    // The close that was to come stands behind what may never be kept.
                    held.Drop();
                    AppendUnderGate(0, CloseMethod(error));
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

    /// <summary>Cuts the stream. Any thread.</summary>
    public void Abort()
    {
        _isAborted = true;
        Output.Abort();
        _transport.Abort();
        _gone?.TrySetResult();
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        switch (_state)
        {
            case ConnectionState.Running:
                return CheckHeartbeat(now);

            case ConnectionState.Handshake:
                Log.ConnectionFailed(_broker.Logger, Name, "the handshake took too long");
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

    /// <summary>The client closes: everything is given back before it hears so.</summary>
    internal void HandleConnectionClose()
    {
        SendConfirms();
        ReleaseChannels();
        AnswerClose();
    }

    private ProtocolError? HandleClosingConnection(uint key)
    {
        if (key == ConnectionCloseOkView.MethodKey)
        {
            BeginDrain(DrainMilliseconds);
        }
        else if (key == ConnectionCloseView.MethodKey)
        {
            // Both sides close at once: each answers the other (0-9-1 connection.close).
            AnswerClose();
        }

        return null;
    }

    private void AnswerClose()
    {
        lock (Output.Gate)
        {
            // Nobody waits for what it promises any more.
            _held?.Drop();
        }

        Send(0, default(ConnectionCloseOk));
        Turn.End();
        BeginDrain(CloseMilliseconds);
    }

    /// <summary>Ends the stream when all is sent, and waits for the peer's end.</summary>
    private void BeginDrain(long milliseconds)
    {
        lock (Output.Gate)
        {
            _state = ConnectionState.Draining;
            IsClosed = true;
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
        return _state == ConnectionState.Draining && _droppedOctets > MaxDroppedOctets ? -1 : octets;
    }

    /// <summary>Another edition, or none: the peer is told the one that is spoken here.</summary>
    private void RefuseHeader()
    {
        lock (Output.Gate)
        {
            var answer = Output.Reserve(ServerHandshake.ProtocolHeaderOctets);
            ProtocolHeader.V0_9_1.CopyTo(answer);
            Output.Advance(ServerHandshake.ProtocolHeaderOctets);
        }

        Output.EndAfterFlush();
        Refuse();
    }

    /// <summary>Says nothing, and cuts the stream after a while.</summary>
    private void Refuse()
    {
        _state = ConnectionState.Refused;
        _ignoresInput = true;
        CutIn(RefusalMilliseconds);
    }

    /// <summary>A mistake of the peer that the connection does not survive.</summary>
    private void Close(ProtocolError error)
    {
        if (_state == ConnectionState.Closing)
        {
            // One connection.close is enough; what else is wrong no longer matters.
            _ignoresInput |= _frames.IsOutOfStep;
            return;
        }

        Log.ConnectionFailed(_broker.Logger, Name, error.ToString());
        if (ReferenceEquals(error, UnknownMethod))
        {
            _state = ConnectionState.Ended;
            return;
        }

        if (_state == ConnectionState.Handshake && !_handshake!.AnswersErrors)
        {
            Refuse();
            return;
        }

        bool isRefusal = _state == ConnectionState.Handshake && error.ReplyCode == Constants.AccessRefused;
        SendConfirms();
        List<BrokerChannel> confirmed = [.. _channels.Values.Where(channel => !channel.IsClosing)];
        ReleaseChannels();
        _ignoresInput = _frames.IsOutOfStep;
        lock (Output.Gate)
        {
            if (_state != ConnectionState.Closing)
            {
                _state = ConnectionState.Closing;
                AppendClose(CloseMethod(error), confirmed);
                IsClosed = true;
            }
        }

        Turn.Touch(Output);
        CutIn(isRefusal || _ignoresInput ? RefusalMilliseconds : CloseMilliseconds);
    }

    /// <summary>Behind the replies that wait for the journal, if any do, and the confirms of what was published before.</summary>
    private void AppendClose(in ConnectionClose close, List<BrokerChannel> channels)
    {
        channels.RemoveAll(channel => !channel.AwaitsConfirms);
        if (channels.Count > 0)
        {
            Held.AddClose(channels, 0, in close);
        }
        else if (_held is null || !_held.TryAdd(0, in close))
        {
            AppendUnderGate(0, in close);
        }
    }

    private static ConnectionClose CloseMethod(ProtocolError error) => new()
    {
        ReplyCode = error.ReplyCode,
        ReplyText = error.ReplyText,
        ClassId = (ushort)(error.MethodKey >> 16),
        MethodId = (ushort)error.MethodKey,
    };

    /// <summary>Cuts the stream after this time, whatever else was agreed on.</summary>
    private void CutIn(long milliseconds)
    {
        long cutAt = _broker.Timers.Now + milliseconds;
        Volatile.Write(ref _cutAt, cutAt);
        _deadline = _broker.Timers.Schedule(this, cutAt, _deadline);
    }

    private void ReleaseChannels()
    {
        foreach (var channel in _channels.Values)
        {
            channel.Release();
        }

        _channels.Clear();
        _admission?.RemoveAllChannels();
        _lastChannel = null;
        if (_virtualHost is not null)
        {
            foreach (var queue in _virtualHost.DeleteExclusiveQueues(this))
            {
                queue.FinishClose(Turn);
            }
        }
    }

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
        ReleaseChannels();
        Turn.End();
        _admission?.Leave();
        _broker.Memory.Check();
    }
}
