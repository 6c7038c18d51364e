using System.Text;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Client.V1_0;

/// <content>The way to an open connection: what is said of ourselves, the login (1.0 section 5.3), and the peer's open (section 2.4.1).</content>
public sealed partial class AmqpConnection
{
    /// <exception cref="ArgumentException">The names and properties are more than open may have.</exception>
    private static ConnectionSettings CheckedSettingsOf(AmqpConnectionOptions options)
    {
        var settings = SettingsOf(options);
        if (!options.Properties.IsNull && !options.Properties.View.TryGetMap(out _))
        {
            throw new ArgumentException("The properties are a map.", nameof(options));
        }

        if (ConnectionEngine.OpenOctetsOf(settings) is var octets && octets > Constants.MinMaxFrameSize)
        {
            throw new ArgumentException($"Container-id, hostname and properties make open {octets} octets long; {Constants.MinMaxFrameSize} is what a peer must take.", nameof(options));
        }

        return settings;
    }

    private static async Task<AmqpConnection> OpenAsync(AmqpConnection connection, CancellationToken either, CancellationToken own)
    {
        lock (connection.Gate)
        {
            connection._pump.Engine.Start(usesSasl: true);
        }

        connection._pump.FlushSoon();

        // Nothing of the caller's context belongs to the connection's life.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.RunAsync(), connection, preferLocal: false);
        try
        {
            await connection._opened.Task.WaitAsync(either).ConfigureAwait(false);
            return connection;
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            own.ThrowIfCancellationRequested();
            throw TookTooLong(connection.Options);
        }
    }

    private static AmqpException TookTooLong(AmqpConnectionOptions options) =>
        new($"No connection to {options}", new CloseReason(CloseScope.Connection, CloseInitiator.Transport, string.Empty, $"nothing within {options.ConnectTimeout.TotalSeconds:0.###} s"));

    private static ConnectionSettings SettingsOf(AmqpConnectionOptions options) => new()
    {
        ContainerId = options.ContainerId ?? Guid.NewGuid().ToString("N"),
        Hostname = options.Hostname ?? options.Host,
        MaxFrameSize = options.MaxFrameSize,
        IncomingWindow = options.IncomingWindow,
        IdleTimeOutMilliseconds = HalfOf(options.IdleTimeout),
        Properties = options.Properties,
    };

    private void ChooseMechanism(ReadOnlySpan<byte> performative)
    {
        if (SaslMechanismsView.TryParse(performative, out var offered, out _) != DecodeError.None)
        {
            return;
        }

        // A view cannot be kept by what asks it: those that are known are asked for before.
        string[] names = [.. SaslClient.Known];
        var isOffered = new bool[names.Length];
        for (int index = 0; index < names.Length; index++)
        {
            isOffered[index] = offered.SaslServerMechanisms.ContainsSymbol(Encoding.ASCII.GetBytes(names[index]));
        }

        if (!_sasl.TryChoose(name => isOffered[Array.IndexOf(names, name)]))
        {
            EndLogin(_sasl.Mechanism.Length > 0 ? _sasl.Mistake : $"the peer does not offer {_sasl.Wanted}");
            return;
        }

        _pump.Engine.SendSaslInit(_sasl.Mechanism, _sasl.InitialResponse, Options.Hostname ?? Options.Host);
    }

    private void HandleSaslChallenge(ReadOnlySpan<byte> performative)
    {
        if (SaslChallengeView.TryParse(performative, out var challenge, out _) != DecodeError.None || !_sasl.TryAnswer(challenge.Challenge, out byte[] response))
        {
            EndLogin(_sasl.Mistake);
            return;
        }

        _pump.Engine.SendSaslResponse(response);
    }

    private void EndLogin(string why)
    {
        End(Ended(why));
        AbortSoon();
    }

    private void HandleSaslOutcome(ReadOnlySpan<byte> performative)
    {
        var code = SaslOutcomeView.TryParse(performative, out var outcome, out _) == DecodeError.None ? outcome.Code : SaslCode.Sys;
        if (code == SaslCode.Ok)
        {
            if (_sasl.TryEnd(outcome.AdditionalData))
            {
                _pump.Engine.Open();
            }
            else
            {
                EndLogin(_sasl.Mistake);
            }

            return;
        }

        // Only one of them is about who wants in; the others may be gone tomorrow (5.3.3.6).
        End(code == SaslCode.Auth
            ? new CloseReason(CloseScope.Connection, CloseInitiator.Peer, AmqpError.Texts.UnauthorizedAccess, "the login was refused")
            : new CloseReason(
                CloseScope.Connection, CloseInitiator.Peer, AmqpError.Texts.InternalError, code == SaslCode.SysTemp ? "the peer cannot log anybody in now" : "the peer failed at the login"));
        AbortSoon();
    }

    private void HandleOpened(ReadOnlySpan<byte> performative)
    {
        if (OpenView.TryParse(performative, out var open, out _) != DecodeError.None)
        {
            return;
        }

        PeerContainerId = Encoding.UTF8.GetString(open.ContainerId);
        PeerProperties = open.Properties.Count > 0 ? open.ToOwned().Properties : default;
        if (open.Properties.TryGetValue("amqp:connection-establishment-failed"u8, out var failed) && failed.TryGetBoolean(out bool isRefused) && isRefused)
        {
            // A close follows, and says why.
            return;
        }

        _idle = new IdleMonitor(_pump.Engine.Settings.IdleTimeOutMilliseconds, _pump.Engine.PeerIdleTimeOutMilliseconds, Now);
        if (_idle.IsOn)
        {
            var period = TimeSpan.FromMilliseconds(Math.Min(_idle.CheckEveryMilliseconds, int.MaxValue));
            using var none = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
            _timer = Options.TimeProvider.CreateTimer(static state => ((AmqpConnection)state!).Check(), this, period, period);
        }

        _opened.TrySetResult();
    }
}
