using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// A connection to a peer of AMQP 1.0 (section 2.4), from its handshake to its end: it lives once and does not come back. All members may be called by any thread at any time.
/// </summary>
/// <remarks>
/// <code>
///   Connecting --SASL, open--> open --close--> closed
///        \--refused              \--the peer closes, a mistake, silence, the stream's end--^
/// </code>
/// Whatever waits on a connection ends with it, and says why. From its end on the peer has <see cref="ClientOptions.CloseTimeout"/> for its last words; then the stream is cut.
/// </remarks>
public sealed partial class AmqpConnection : IAsyncDisposable
{
    private readonly TransportConnection _transport;
    private readonly EnginePump _pump;
    private readonly SaslClient _sasl;
    private readonly QuietLogger _logger;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<AmqpSession> _sessions = [];
    private IdleMonitor _idle;
    private ITimer? _timer;
    private ITimer? _cut;
    private int _firstServed;
    private CloseReason? _reason;
    private Exception? _sendFailure;
    private bool _isClosing;

    private AmqpConnection(TransportConnection transport, AmqpConnectionOptions options, ConnectionSettings settings)
    {
        _transport = transport;
        Options = options;
        _logger = new QuietLogger(options.LoggerFactory.CreateLogger<AmqpConnection>());
        _sasl = new SaslClient(options.MechanismsFor(options.UserName is not null), new SaslCredentials(options.UserName ?? string.Empty, options.Password));
        _pump = new EnginePump(
            this, transport, settings with { IdleTimeOutMilliseconds = HalfOf(options.IdleTimeoutOver(transport)) }, options.OutputBoundOctets);
    }

    /// <summary>What it was made with.</summary>
    public AmqpConnectionOptions Options { get; }

    /// <summary>The name of the peer's container.</summary>
    public string PeerContainerId { get; private set; } = string.Empty;

    /// <summary>What open.properties of the peer says: null or a map.</summary>
    public EncodedValue PeerProperties { get; private set; }

    /// <summary>Completes when the connection has ended, with the first cause. Never faults.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    internal EnginePump Pump => _pump;

    internal Lock Gate => _pump.Gate;

    /// <summary>Connects to <c>amqp://user:password@host:port/virtual-host</c> and logs in.</summary>
    /// <param name="uri">See <see cref="AmqpConnectionOptions.Parse"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="AmqpException">Nobody answered in time, or the peer refused.</exception>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static Task<AmqpConnection> ConnectAsync(string uri, CancellationToken cancellationToken = default) =>
        ConnectAsync(AmqpConnectionOptions.Parse(uri), cancellationToken);

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="AmqpException">Nobody answered in time, or the peer refused.</exception>
    /// <exception cref="ArgumentException">Container-id, hostname and properties make an open of more than 512 octets, or the properties are no map.</exception>
    /// <exception cref="OperationCanceledException">The attempt was ended.</exception>
    public static async Task<AmqpConnection> ConnectAsync(AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var settings = CheckedSettingsOf(options);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        TransportConnection transport;
        try
        {
            transport = await options.ConnectTransportAsync(either.Token).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new AmqpException($"No connection to {options}", new CloseReason(CloseScope.Connection, CloseInitiator.Transport, string.Empty, (exception.InnerException ?? exception).Message, exception: exception));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TookTooLong(options);
        }

        return await OpenAsync(new AmqpConnection(transport, options, settings), either.Token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Logs in over a stream that exists already, and owns it from here on.</summary>
    /// <exception cref="AmqpException">The peer refused, or took too long.</exception>
    /// <exception cref="ArgumentException">Container-id, hostname and properties make an open of more than 512 octets, or the properties are no map: the stream is left as it is.</exception>
    /// <exception cref="OperationCanceledException">The attempt was ended.</exception>
    public static async Task<AmqpConnection> ConnectAsync(TransportConnection transport, AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        var settings = CheckedSettingsOf(options);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        return await OpenAsync(new AmqpConnection(transport, options, settings), either.Token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Begins a session (1.0 section 2.5.1).</summary>
    /// <exception cref="AmqpException">The connection has ended, or the peer takes no more sessions (<c>amqp:resource-limit-exceeded</c>).</exception>
    /// <exception cref="TimeoutException">There was no answer in time: the session is ended.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended, and the session with it.</exception>
    public async Task<AmqpSession> OpenSessionAsync(CancellationToken cancellationToken = default)
    {
        AmqpSession session;
        lock (Gate)
        {
            ThrowIfEnded();
            var engine = _pump.Engine.Begin() ?? throw new AmqpException("No session", CloseReason.Local(CloseScope.Session, AmqpError.Texts.ResourceLimitExceeded, "the peer takes no more on this connection"));
            session = new AmqpSession(this, engine);
            engine.Owner = session;
            _sessions.Add(session);
        }

        _pump.FlushSoon();
        try
        {
            await WaitAsync(session.Begun, "begin", cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            lock (Gate)
            {
                session.GiveUp();
            }

            _pump.FlushSoon();
            throw;
        }
    }

    /// <summary>
    /// Closes the connection with all that is on it, politely: the peer is told and answers (1.0 section 2.4.3). When it does not in time, the stream is cut; when this returns, it is gone. Sessions and
    /// links end at once: what becomes of messages that are under way is not known then.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait and cuts the stream.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            _isClosing = true;
            if (_reason is null)
            {
                _pump.Engine.Close();
                foreach (var session in _sessions.ToArray())
                {
                    session.End(CloseReason.Here(CloseScope.Connection));
                }
            }
        }

        _pump.FlushSoon();
        try
        {
            await _gone.Task.WaitAsync(Options.CloseTimeout, Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Cut();
            await _gone.Task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Cut();
            throw;
        }
    }

    /// <summary>As <see cref="CloseAsync"/>, and never throws. May be called more than once.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    /// <summary>Cuts the stream; the reader ends by it, and with it everything else.</summary>
    internal void Abort()
    {
        _pump.Abort();
        _transport.Abort();
    }

    /// <summary>The peer has not answered close: nobody waits for it any more.</summary>
    private void Cut()
    {
        lock (Gate)
        {
            End(Ended("closed by the application, and not by the peer"));
        }

        Abort();
    }

    /// <summary>The same, elsewhere: for who holds the gate.</summary>
    private void AbortSoon() => ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Abort(), this, preferLocal: false);

    /// <summary>Waits for an answer of the peer.</summary>
    internal async Task WaitAsync(Task answer, string call, CancellationToken cancellationToken)
    {
        try
        {
            await answer.WaitAsync(Options.CallTimeout, Options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The peer has not answered {call} within {Options.CallTimeout.TotalSeconds:0.###} s.");
        }
    }

    /// <summary>Under the gate.</summary>
    internal void ThrowIfEnded()
    {
        if (_reason is not null || _isClosing)
        {
            throw new AmqpException(What, _reason ?? CloseReason.Here(CloseScope.Connection));
        }
    }

    /// <summary>Under the gate.</summary>
    internal void Remove(AmqpSession session) => _sessions.Remove(session);

    /// <summary>The output has room again. Under the gate.</summary>
    internal void HandleRoom()
    {
        // Each time another is the first: one that is busy enough would take all of it.
        for (int count = _sessions.Count, index = 0; index < count; index++)
        {
            _sessions[(_firstServed + index) % count].HandleRoom();
        }

        _firstServed = (_firstServed + 1) % Math.Max(1, _sessions.Count);
    }

    /// <summary>The peer does not read what it has asked for. Under the gate.</summary>
    internal void HandleUnreadAnswers(long octets)
    {
        End(CloseReason.Local(CloseScope.Connection, AmqpError.Texts.ResourceLimitExceeded, $"the peer leaves {octets} octets of answers unread"));
        AbortSoon();
    }

    /// <summary>Nothing can be sent any more. What the peer has said of it may still be there to be read.</summary>
    internal void HandleSendFailed(Exception cause)
    {
        lock (Gate)
        {
            _sendFailure ??= cause;
            CutLater();
        }
    }

    /// <summary>Something has happened. Under the gate.</summary>
    internal void HandleEvent(scoped in EngineEvent found)
    {
        switch (found.Kind)
        {
            case EngineEventKind.SaslMechanisms:
                ChooseMechanism(found.Performative);
                break;

            case EngineEventKind.SaslOutcome:
                HandleSaslOutcome(found.Performative);
                break;

            case EngineEventKind.SaslChallenge:
                HandleSaslChallenge(found.Performative);
                break;

            case EngineEventKind.HeaderRefused:
                End(Ended("the peer speaks another version, or wants another way to log in"));
                AbortSoon();
                break;

            case EngineEventKind.Opened:
                HandleOpened(found.Performative);
                break;

            case EngineEventKind.Closed:
                HandleClosed(found.Performative);
                break;

            case EngineEventKind.ConnectionFailed:
                End(CloseReason.Local(CloseScope.Connection, found.Fault!.Condition, found.Fault.Description));
                if (_pump.Engine.IsEnded)
                {
                    _pump.EndAfterInput(isLastInput: false);
                }

                break;

            case EngineEventKind.Begun when found.Session!.Owner is null:
                found.Session.End(new AmqpFault(AmqpError.Texts.NotAllowed, "sessions are this end's to begin"));
                break;

            default:
                (found.Session?.Owner as AmqpSession)?.HandleEvent(in found);
                break;
        }
    }

    private string What => $"The connection to {Options} has ended";

    private static uint HalfOf(TimeSpan idleTimeout) => (uint)Math.Min(uint.MaxValue, idleTimeout.TotalMilliseconds / 2);

    private static CloseReason Ended(string description, Exception? exception = null, CloseInitiator initiator = CloseInitiator.Local) =>
        new(CloseScope.Connection, initiator, string.Empty, description, exception: exception);

    private void HandleClosed(ReadOnlySpan<byte> performative)
    {
        if (!performative.IsEmpty && CloseView.TryParse(performative, out var close, out _) == DecodeError.None && close.HasError)
        {
            End(CloseReason.Of(CloseScope.Connection, close.Error));
        }
        else
        {
            End(_isClosing ? CloseReason.Here(CloseScope.Connection) : CloseReason.There(CloseScope.Connection, "closed by the peer"));
        }

        _pump.EndAfterInput(isLastInput: true);
    }

    private long Now => (long)Options.TimeProvider.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Heartbeats (1.0 section 2.4.5). The timer's thread.</summary>
    private void Check()
    {
        lock (Gate)
        {
            switch (_idle.Check(Now, _pump.ReceiveCount, _pump.SendCount, isReading: true))
            {
                case HeartbeatVerdict.PeerIsGone:
                    End(Ended("the peer was silent for too long", initiator: CloseInitiator.Transport));
                    AbortSoon();
                    return;

                case HeartbeatVerdict.SendHeartbeat:
                    _pump.Engine.SendHeartbeat();
                    break;

                default:
                    return;
            }
        }

        _pump.FlushSoon();
    }

    private async Task RunAsync()
    {
        CloseReason reason;
        try
        {
            await ReceivePump.RunAsync(_transport, _pump).ConfigureAwait(false);
            await _pump.WaitUntilSentAsync().ConfigureAwait(false);
            reason = Ended("the peer ended the stream", _sendFailure, CloseInitiator.Transport);
        }
        catch (IOException exception)
        {
            var first = _sendFailure ?? exception;
            reason = Ended(first.Message, first, CloseInitiator.Transport);
        }
#pragma warning disable CA1031 // Whoever's defect it is: what waits must end.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _logger.LogError(exception, "A defect of the client ends the connection to {Peer}", Options.ToString());
            reason = Ended("a defect of the client", exception);
        }

        lock (Gate)
        {
            End(reason);
            _cut?.Dispose();
        }

        Abort();
        _transport.Dispose();
        _gone.TrySetResult();
    }

    /// <summary>From here on the peer has so long and no longer. Under the gate.</summary>
    private void CutLater()
    {
        using var none = ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow();
        _cut ??= Options.TimeProvider.CreateTimer(static state => ((AmqpConnection)state!).Abort(), this, Options.CloseTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>All that waits ends. Under the gate.</summary>
    private void End(CloseReason reason)
    {
        if (_reason is not null)
        {
            return;
        }

        _reason = reason;
        _timer?.Dispose();
        CutLater();
        foreach (var session in _sessions.ToArray())
        {
            session.End(reason);
        }

        _opened.TrySetException(new AmqpException(What, reason));

        // The attempt may have been given up already; then nobody looks.
        _ = _opened.Task.Exception;
        _closed.TrySetResult(reason);
    }
}
