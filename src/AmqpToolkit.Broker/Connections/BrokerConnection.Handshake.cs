using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.Connections;

/// <content>From the protocol header to connection.open (0-9-1 section 4.2.2): the rules are the <see cref="ServerHandshake"/>'s, users and virtual hosts are the broker's.</content>
internal sealed partial class BrokerConnection
{
    internal ProtocolError? HandleStartOk(in ConnectionStartOkView method) =>
        _handshake is { } handshake ? handshake.HandleStartOk(in method, this) : OutOfTurn(ConnectionStartOkView.MethodKey);

    internal ProtocolError? HandleSecureOk(in ConnectionSecureOkView method) =>
        _handshake is { } handshake ? handshake.HandleSecureOk(in method, this) : OutOfTurn(ConnectionSecureOkView.MethodKey);

    internal ProtocolError? HandleTuneOk(in ConnectionTuneOkView method)
    {
        if (_handshake is not { } handshake)
        {
            return OutOfTurn(ConnectionTuneOkView.MethodKey);
        }

        var error = handshake.HandleTuneOk(in method);
        if (error is null)
        {
            _frames.MaxFrameOctets = handshake.Tuning.FrameMax;
        }

        return error;
    }

    internal ProtocolError? HandleOpen(in ConnectionOpenView method)
    {
        if (_handshake is not { } handshake)
        {
            return OutOfTurn(ConnectionOpenView.MethodKey);
        }

        var error = handshake.HandleOpen(in method, this);
        if (error is null)
        {
            FinishHandshake(handshake);
        }

        return error;
    }

    /// <inheritdoc/>
    bool ISaslAuthority.Authenticate(SaslCredentials credentials) => _login.Authenticate(credentials);

    /// <inheritdoc/>
    string? ISaslAuthority.AuthenticateExternally(string userName) => _login.AuthenticateExternally(userName);

    /// <inheritdoc/>
    ScramVerifier? ISaslAuthority.FindVerifier(ScramHash hash, string userName) => _login.FindVerifier(hash, userName);

    /// <inheritdoc/>
    bool ISaslAuthority.Conclude(bool isProven) => _login.Conclude(isProven);

    /// <inheritdoc/>
    string ISaslAuthority.CreateNonce() => _login.CreateNonce();

    /// <inheritdoc/>
    ProtocolError? IServerAuthority.OpenVirtualHost(string userName, string virtualHost)
    {
        if (Admission.TryEnter(_broker, virtualHost, Account!, out var found, out var admission) is { } refused)
        {
            return refused;
        }

        var rights = new AccessRights(Account!, found!);
        _admission = admission;
        _caller = new Caller(rights, Rules);
        Volatile.Write(ref _virtualHost, found);

        // Either the virtual host's deletion sees this connection, or this sees the deletion.
        Interlocked.MemoryBarrier();
        if (found!.IsDeleted || !rights.MayEnter)
        {
            _admission!.Leave();
            return rights.NoEntry();
        }

        return null;
    }

    private void FinishHandshake(ServerHandshake handshake)
    {
        FrameMax = handshake.Tuning.FrameMax;
        _channelMax = handshake.Tuning.ChannelMax;
        _clientTakesBlocked = handshake.ClientTakesBlocked;
        ClientTakesConsumerCancel = handshake.ClientTakesConsumerCancel;
        ClientTakesAlert = handshake.ClientTakesAlert;
        _handshake = null;
        _login.HasEntered = true;
        long now = _broker.Timers.Now;
        _heartbeat = new HeartbeatMonitor(handshake.Tuning.HeartbeatSeconds, now);
        var wanted = _ending.BeginRunning(_heartbeat.IsOn ? now + _heartbeat.CheckEveryMilliseconds : -1);
        Log.Opened(_broker.Logger, Name, handshake.UserName, handshake.VirtualHost, handshake.Edition switch
        {
            ClassicEdition.V0_8 => "0-8",
            ClassicEdition.V0_9 => "0-9",
            _ => "0-9-1",
        });
        if (wanted is not null)
        {
            RequestClose(wanted);
        }
    }
}
