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

    private const string Anonymous = "ANONYMOUS";
    private const string DefaultVirtualHost = "/";

    private bool _awaitsPlain;

    /// <summary>Whether the peer may do without a name: then it is the user whom the options name, from this machine alone.</summary>
    private bool MayBeAnonymous => _transport.IsLoopback && _profile.Handshake.Anonymous is not null;

    private void HandleSasl(scoped in EngineEvent found)
    {
        ReadOnlySpan<byte> response;
        if (found.Kind == EngineEventKind.SaslInit)
        {
            SaslInitView.TryParse(found.Performative, out var init, out _);
            if (init.Mechanism.SequenceEqual("ANONYMOUS"u8) && MayBeAnonymous)
            {
                LogInAnonymously();
                FinishSasl(_account is null ? SaslCode.Auth : SaslCode.Ok, Anonymous);
                return;
            }

            if (!init.Mechanism.SequenceEqual("PLAIN"u8))
            {
                FinishSasl(SaslCode.Auth, Encoding.ASCII.GetString(init.Mechanism));
                return;
            }

            if (!init.HasInitialResponse)
            {
                // The mechanism begins with the client (RFC 4616): an empty challenge lets it.
                _awaitsPlain = true;
                lock (Output.Gate)
                {
                    _engine.SendSaslChallenge([]);
                }

                return;
            }

            response = init.InitialResponse;
        }
        else
        {
            SaslResponseView.TryParse(found.Performative, out var answer, out _);
            response = _awaitsPlain ? answer.Response : default;
        }

        if (Sasl.SaslMechanisms.Read("PLAIN"u8, response, out var credentials) == Sasl.SaslOutcome.Credentials)
        {
            Volatile.Write(ref _account, Broker.Users.Authenticate(credentials, _transport.IsLoopback, Name));
        }

        FinishSasl(_account is null ? SaslCode.Auth : SaslCode.Ok, Sasl.SaslMechanisms.Plain);
    }

    /// <summary>Nobody is who the options say, as long as that one has the password that everybody knows: as with 0-9-1.</summary>
    private void LogInAnonymously() => Volatile.Write(ref _account, Broker.Users.Authenticate(_profile.Handshake.Anonymous!.Value, _transport.IsLoopback, Name));

    private void FinishSasl(SaslCode code, string mechanism)
    {
        lock (Output.Gate)
        {
            _engine.SendSaslOutcome(code);
        }

        if (code != SaslCode.Ok)
        {
            Log.ConnectionFailed(Broker.Logger, Name, $"login was refused using authentication mechanism {mechanism}");
            _ending.BeginDrain(ConnectionEnding.RefusalMilliseconds);
        }
    }

    private void HandleOpened(scoped in EngineEvent found)
    {
        OpenView.TryParse(found.Performative, out var open, out _);
        if (_account is null && MayBeAnonymous)
        {
            // A bare header: the engine lets one pass where nobody has to say who he is.
            LogInAnonymously();
        }

        _container = Encoding.UTF8.GetString(open.ContainerId[..Math.Min(open.ContainerId.Length, byte.MaxValue)]);
        string name = open.Hostname.StartsWith(VirtualHostPrefix) ? Encoding.UTF8.GetString(open.Hostname[VirtualHostPrefix.Length..]) : DefaultVirtualHost;
        if (EnterVirtualHost(name) is { } refused)
        {
            Log.ConnectionFailed(Broker.Logger, Name, refused.ToString());
            lock (Output.Gate)
            {
                _engine.Refuse(Broker.FindVirtualHost(name) is null ? new AmqpFault(AmqpError.Texts.NotFound, refused.Text) : refused.ToFault());
                _ending.TryBeginClosing();
            }

            _ending.CutIn(ConnectionEnding.RefusalMilliseconds);
            return;
        }

        long now = Broker.Timers.Now;
        lock (Output.Gate)
        {
            _engine.Open();
            _idle = new IdleMonitor(_engine.Settings.IdleTimeOutMilliseconds, _engine.PeerIdleTimeOutMilliseconds, now);
        }

        var wanted = _ending.BeginRunning(_idle.IsOn ? now + _idle.CheckEveryMilliseconds : -1);
        Log.Opened(Broker.Logger, Name, _account!.Name, name);
        if (wanted is not null)
        {
            RequestClose(wanted);
        }
    }

    private ProtocolError? EnterVirtualHost(string name)
    {
        if (_account is null)
        {
            return ProtocolError.AccessRefused("nobody has logged in");
        }

        if (Admission.TryEnter(Broker, name, _account, out var found, out var admission) is { } refused)
        {
            return refused;
        }

        var rights = new AccessRights(_account, found!);
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
