using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>How a connection runs and ends.</content>
public sealed partial class AmqpConnection
{
    private HeartbeatMonitor _heartbeat;
    private Exception? _sendFailure;
    private long _abortAt = long.MaxValue;
    private long _callsWaitSince;
    private int _isChecking;
    private bool _hasEnded;

    /// <summary>How often <see cref="Check"/> is to be called.</summary>
    internal long CheckEveryMilliseconds
    {
        get
        {
            long every = (long)Math.Max(1, Math.Min(Options.CallTimeout.TotalMilliseconds / 4, Options.CloseTimeout.TotalMilliseconds / 2));
            return _heartbeat.IsOn ? Math.Min(every, _heartbeat.CheckEveryMilliseconds) : every;
        }
    }

    /// <summary>Heartbeats and timeouts. The timer's thread.</summary>
    internal void Check()
    {
        if (Interlocked.Exchange(ref _isChecking, 1) == 1)
        {
            return;
        }

        try
        {
            CheckAt(Clock.Now);
        }
        finally
        {
            Volatile.Write(ref _isChecking, 0);
        }
    }

    /// <summary>The handshake is done. The reader.</summary>
    internal void HandleOpened()
    {
        lock (Gate)
        {
            _heartbeat = new HeartbeatMonitor(HeartbeatSeconds, Clock.Now);
            _state = ConnectionState.Open;
        }

        _ticker.Refresh();
        ClientLog.Opened(Logger, Where);
        _opened.TrySetResult();
    }

    /// <summary>The server has closed. The reader.</summary>
    internal void HandleClose(in ConnectionCloseView method)
    {
        _input.FlushTouched();
        var reason = new CloseReason(
            ErrorScope.Connection,
            CloseInitiator.Peer,
            method.ReplyCode,
            ShortString.CopyOf(method.ReplyText).ToString(),
            ((uint)method.ClassId << 16) | method.MethodId);
        lock (Gate)
        {
            Output.Append(0, default(ConnectionCloseOk));
            BeginGoodbye(reason);
        }

        SayGoodbye(reason);
    }

    /// <summary>The server has answered our close. The reader.</summary>
    /// <returns>Whether it was due.</returns>
    internal bool HandleCloseOk()
    {
        if (_state != ConnectionState.Closing)
        {
            return false;
        }

        End(_reason!);
        return true;
    }

    internal void HandleBlocked(string reason)
    {
        lock (Gate)
        {
            _blockedReason = reason;
        }

        ClientLog.Blocked(Logger, Where, reason);
    }

    internal void HandleUnblocked()
    {
        lock (Gate)
        {
            _blockedReason = null;
        }

        ClientLog.Unblocked(Logger, Where);
        Output.ServeWaiting();
    }

    internal bool HandleUpdateSecretOk()
    {
        PendingCall<bool>? call;
        lock (Gate)
        {
            call = _secretCall;
            _secretCall = null;
        }

        call?.Complete(true);
        return call is not null;
    }

    /// <summary>The server has made a mistake: it is told, and the connection is over. The reader.</summary>
    internal void Fail(ProtocolError error)
    {
        var reason = new CloseReason(ErrorScope.Connection, CloseInitiator.Local, error.ReplyCode, error.ReplyText, error.MethodKey);
        lock (Gate)
        {
            // Before tune-ok the server would take connection.close for one more mistake.
            if (_state is ConnectionState.Open or ConnectionState.Opening && Handshake.Phase is not (HandshakePhase.ProtocolHeader or HandshakePhase.Failed))
            {
                Output.Append(0, new ConnectionClose
                {
                    ReplyCode = error.ReplyCode,
                    ReplyText = error.ReplyText,
                    ClassId = (ushort)(error.MethodKey >> 16),
                    MethodId = (ushort)error.MethodKey,
                });
            }

            BeginGoodbye(reason);
        }

        SayGoodbye(reason);
    }

    /// <summary>The sending side has ended.</summary>
    internal void HandleOutputEnded(Exception? cause)
    {
        if (cause is not null)
        {
            // The reader may yet find the server's reason; it has a moment to.
            Interlocked.CompareExchange(ref _sendFailure, cause, null);
            AbortSoon();
        }
    }

    /// <summary>The channel of a number. The reader.</summary>
    internal AmqpChannel? FindChannel(ushort number)
    {
        var channels = Volatile.Read(ref _channels);
        return number < channels.Length ? Volatile.Read(ref channels[number]) : null;
    }

    /// <summary>Frees the number of a channel that both sides have closed. Under the gate.</summary>
    internal void Remove(AmqpChannel channel)
    {
        if (_channels[channel.Number] == channel)
        {
            Volatile.Write(ref _channels[channel.Number], null);
        }
    }

    private void CheckAt(long now)
    {
        if (now >= Volatile.Read(ref _abortAt))
        {
            Abort();
            return;
        }

        if (_state != ConnectionState.Open)
        {
            return;
        }

        switch (_heartbeat.Check(now, _input.ReceiveCount, Output.SendCount, !_input.IsHeldBack))
        {
            case HeartbeatVerdict.PeerIsGone:
                End(Lost($"nothing was received for two heartbeat intervals of {HeartbeatSeconds} s"));
                Abort();
                break;
            case HeartbeatVerdict.SendHeartbeat:
                lock (Gate)
                {
                    Output.AppendHeartbeat();
                }

                Output.Flush();
                break;
        }

        if (_blockedReason is not null || _input.IsHeldBack)
        {
            // While the server does not read, or we do not, an answer is not late.
            _callsWaitSince = now;
        }

        foreach (var channel in Volatile.Read(ref _channels))
        {
            channel?.CheckCalls(now, _callsWaitSince);
        }

        CheckSecretCall(now);
    }

    /// <summary>Lets the caller go when the answer is overdue; the call keeps its place for it.</summary>
    private void CheckSecretCall(long now)
    {
        PendingCall<bool>? call;
        lock (Gate)
        {
            call = _secretCall;
        }

        if (call is not null && now - Math.Max(call.HeadSince, _callsWaitSince) >= Options.CallTimeout.TotalMilliseconds)
        {
            call.Fail(new TimeoutException($"The server has not answered connection.update-secret within {Options.CallTimeout.TotalSeconds:0.###} s."));
        }
    }

    private async Task RunAsync()
    {
        _ticker.Add(this);
        CloseReason reason;
        try
        {
            bool peerEnded = await ReceivePump.RunAsync(_transport, _input).ConfigureAwait(false);
            reason = Lost(peerEnded && _sendFailure is null ? _input.DescribeEnd() : "sending failed", _sendFailure);
        }
        catch (IOException exception)
        {
            reason = Lost(exception.Message, exception);
        }
        catch (Exception exception)
        {
            ClientLog.Defect(Logger, exception, Where);
            reason = Lost("a defect of the client", exception);
        }

        End(reason);
        Abort();
        _ticker.Remove(this);
    }

    /// <summary>Nothing is appended from here on. Under the gate.</summary>
    private void BeginGoodbye(CloseReason reason)
    {
        SetReason(reason);
        if (!_hasEnded)
        {
            _state = ConnectionState.Closing;
        }
    }

    /// <summary>A close that was asked for is no cause when the server had one of its own. Under the gate.</summary>
    private void SetReason(CloseReason reason)
    {
        if (_reason is null || (_reason.IsOrderly && reason is { Initiator: CloseInitiator.Peer, IsOrderly: false }))
        {
            _reason = reason;
        }
    }

    /// <summary>Ends everything at once, and lets the last words go out before the stream is cut.</summary>
    private void SayGoodbye(CloseReason reason)
    {
        _input.Ignore();
        End(reason);
        AbortSoon();
        Output.EndAfterFlush();
    }

    private void AbortSoon() =>
        Interlocked.CompareExchange(ref _abortAt, Clock.Now + (long)Options.CloseTimeout.TotalMilliseconds, long.MaxValue);

    /// <summary>Cuts the stream; the reader ends by it, and with it everything else.</summary>
    private void Abort()
    {
        Output.Abort();
        _transport.Abort();
        _input.LetGo();
    }

    /// <summary>Under the gate.</summary>
    private Task BeginClose()
    {
        if (_state is ConnectionState.Closed)
        {
            return Task.CompletedTask;
        }

        if (_state == ConnectionState.Open)
        {
            foreach (var channel in _channels)
            {
                channel?.AppendMergedAcks();
            }

            _reason ??= new CloseReason(ErrorScope.Connection, CloseInitiator.Local, Constants.ReplySuccess, "closed by the application");
            _state = ConnectionState.Closing;
            Output.Append(0, new ConnectionClose { ReplyCode = Constants.ReplySuccess, ReplyText = "closed by the application" });
            AbortSoon();
            Output.FlushSoon();
        }

        return Closed;
    }

    private void End(CloseReason reason)
    {
        AmqpChannel?[] channels;
        PendingCall<bool>? secretCall;
        lock (Gate)
        {
            if (_hasEnded)
            {
                return;
            }

            _hasEnded = true;
            SetReason(reason);
            _state = ConnectionState.Closed;
            channels = _channels;
            _channels = new AmqpChannel?[_channels.Length];
            (secretCall, _secretCall) = (_secretCall, null);
        }

        foreach (var channel in channels)
        {
            channel?.End(_reason!);
        }

        secretCall?.Fail(CreateException());
        if (Handshake.Phase != HandshakePhase.Done)
        {
            _opened.TrySetException(new ConnectFailedException(Where, _reason!));

            // The attempt may have been given up already; then nobody looks.
            _ = _opened.Task.Exception;
        }

        _closed.TrySetResult(_reason!);
        if (_reason!.IsOrderly)
        {
            ClientLog.Closed(Logger, Where, _reason.ToString());
        }
        else
        {
            ClientLog.Failed(Logger, Where, _reason.ToString());
        }
    }
}
