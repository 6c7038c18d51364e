using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.V1_0;
using Sasl = AmqpToolkit.Protocol.Sasl;

namespace AmqpToolkit.Broker.V1_0;

/// <content>From the protocol header to open: who it is, and the virtual host (1.0 sections 5.3 and 2.7.1).</content>
internal sealed partial class PeerConnection
{
    /// <summary>What stands before the name of a virtual host in open.hostname, as RabbitMQ has it; any other host is this one.</summary>
    private static ReadOnlySpan<byte> VirtualHostPrefix => "vhost:"u8;

    private const string DefaultVirtualHost = "/";

    /// <summary>Whether the peer may do without a name: then it is the user whom the options name, from this machine alone.</summary>
    private bool MayBeAnonymous => _transport.IsLoopback && _profile.Anonymous is not null;

    private void HandleSasl(scoped in EngineEvent found)
    {
        if (_sasl is not { } sasl)
        {
            return;
        }

        Sasl.SaslStep step;
        if (found.Kind == EngineEventKind.SaslInit)
        {
            SaslInitView.TryParse(found.Performative, out var init, out _);
            step = sasl.Begin(init.Mechanism, init.HasInitialResponse ? init.InitialResponse : default, init.HasInitialResponse);
        }
        else
        {
            SaslResponseView.TryParse(found.Performative, out var answer, out _);
            step = sasl.Continue(answer.Response);
        }

        if (step != Sasl.SaslStep.Challenge)
        {
            FinishSasl(sasl, step == Sasl.SaslStep.Accepted ? SaslCode.Ok : SaslCode.Auth);
            return;
        }

        lock (Output.Gate)
        {
            _engine.SendSaslChallenge(sasl.Data);
        }
    }

    /// <summary>What proves the broker to the client goes with the outcome (1.0 section 5.3.3.6).</summary>
    private void FinishSasl(Sasl.SaslServer sasl, SaslCode code)
    {
        _sasl = null;
        lock (Output.Gate)
        {
            _engine.SendSaslOutcome(code, code == SaslCode.Ok && sasl.Data.Length > 0 ? sasl.Data : null);
        }

        if (code != SaslCode.Ok)
        {
            if (_login.MayTell)
            {
                Log.ConnectionFailed(Broker.Logger, Name, $"login was refused using authentication mechanism {sasl.Mechanism}");
            }

            _ending.BeginDrain(ConnectionEnding.RefusalMilliseconds);
        }
    }

    private void HandleOpened(scoped in EngineEvent found)
    {
        OpenView.TryParse(found.Performative, out var open, out _);
        if (Account is null && MayBeAnonymous)
        {
            // A bare header: the engine lets one pass where nobody has to say who he is. That is who the options say, as long as that one has the password that everybody knows.
            _login.Authenticate(_profile.Anonymous!.Value);
        }

        _container = Encoding.UTF8.GetString(open.ContainerId[..Math.Min(open.ContainerId.Length, byte.MaxValue)]);
        string name = open.Hostname.StartsWith(VirtualHostPrefix) ? Encoding.UTF8.GetString(open.Hostname[VirtualHostPrefix.Length..]) : DefaultVirtualHost;
        if (EnterVirtualHost(name) is { } refused)
        {
            if (_login.MayTell)
            {
                Log.ConnectionFailed(Broker.Logger, Name, refused.ToString());
            }

            lock (Output.Gate)
            {
                _engine.Refuse(Broker.FindVirtualHost(name) is null ? new AmqpFault(AmqpError.Texts.NotFound, refused.Text) : refused.ToFault());
                _ending.TryBeginClosing();
            }

            _ending.CutIn(ConnectionEnding.RefusalMilliseconds);
            return;
        }

        _login.HasEntered = true;
        long now = Broker.Timers.Now;
        lock (Output.Gate)
        {
            _engine.Open();
            _idle = new IdleMonitor(_engine.Settings.IdleTimeOutMilliseconds, _engine.PeerIdleTimeOutMilliseconds, now);
        }

        var wanted = _ending.BeginRunning(_idle.IsOn ? now + _idle.CheckEveryMilliseconds : -1);
        Log.Opened(Broker.Logger, Name, Account!.Name, name, "1.0");
        if (wanted is not null)
        {
            RequestClose(wanted);
        }
    }

    private ProtocolError? EnterVirtualHost(string name)
    {
        if (Account is null)
        {
            return ProtocolError.AccessRefused("nobody has logged in");
        }

        if (Admission.TryEnter(Broker, name, Account, out var found, out var admission) is { } refused)
        {
            return refused;
        }

        var rights = new AccessRights(Account, found!);
        _admission = admission;
        _caller = new Caller(rights, _profile.Rules);
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
}
