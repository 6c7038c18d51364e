using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A connection to a broker, from its handshake to its end: it lives once and does not come back. All members may be called by any thread at any
/// time, also while it closes (0-9-1 class connection).
/// </summary>
/// <remarks>
/// <code>
///   Opening --open-ok--> Open (&lt;--> Blocked) --close--> Closing --close-ok--> Closed
///      \--refused           \--the server closes, a mistake, silence, the stream's end--^
/// </code>
/// Whatever waits on a connection ends with it, at the latest then, and says its first cause.
/// </remarks>
public sealed partial class AmqpConnection : IAsyncDisposable
{
    private readonly TransportConnection _transport;
    private readonly ConnectionInput _input;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Ticker _ticker;
    private AmqpChannel?[] _channels = new AmqpChannel?[8];
    private PendingCall<bool>? _secretCall;
    private volatile CloseReason? _reason;
    private volatile ConnectionState _state;
    private volatile string? _blockedReason;
    private Task? _closing;

    private AmqpConnection(TransportConnection transport, AmqpConnectionOptions options)
    {
        _transport = transport;
        Options = options;
        Logger = new QuietLogger(options.LoggerFactory.CreateLogger<AmqpConnection>());
        Clock = new Clock(options.TimeProvider);
        Output = new ConnectionOutput(this, transport, options.OutputBoundOctets);
        Handshake = new ClientHandshake(new ClientHandshakeOptions
        {
            ClientProperties = PeerProperties.Create(options),
            Credentials = new SaslCredentials(options.UserName, options.Password),
            Mechanisms = options.MechanismsFor(hasUser: true),
            VirtualHost = options.VirtualHost,
            Wanted = new Tuning(options.ChannelMax, options.FrameMax, options.HeartbeatSeconds),
        });
        _input = new ConnectionInput(this);
        _ticker = Ticker.Of(options.TimeProvider);
    }

    /// <summary>What it was made with.</summary>
    public AmqpConnectionOptions Options { get; }

    /// <summary>Where it stands.</summary>
    public ConnectionState State => _state == ConnectionState.Open && _blockedReason is not null ? ConnectionState.Blocked : _state;

    /// <summary>Why the server takes no publishes for now; null when it does (connection.blocked).</summary>
    public string? BlockedReason => _blockedReason;

    /// <summary>Completes when the connection has ended, with the first cause. Never faults.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    /// <summary>What the server said of itself in connection.start.</summary>
    public Table ServerProperties => Handshake.ServerProperties;

    /// <summary>The agreed highest channel number; 0 means no limit but the type's.</summary>
    public ushort ChannelMax => Handshake.Tuning.ChannelMax;

    /// <summary>The agreed largest frame, in octets.</summary>
    public uint FrameMax => Handshake.Tuning.FrameMax;

    /// <summary>The agreed interval of heartbeats in seconds; 0 means none.</summary>
    public ushort HeartbeatSeconds => Handshake.Tuning.HeartbeatSeconds;

    internal ILogger Logger { get; }

    internal Clock Clock { get; }

    internal ConnectionOutput Output { get; }

    internal ConnectionInput Input => _input;

    internal ClientHandshake Handshake { get; }

    internal Lock Gate => Output.Gate;

    /// <summary>Whether frames of channels may be appended. Under the gate.</summary>
    internal bool IsOpen => _state == ConnectionState.Open;

    /// <summary>The first cause, once there is one.</summary>
    internal CloseReason? Reason => _reason;

    internal string Where => Options.ToString();

    /// <summary>Connects to <c>amqp://user:password@host:port/virtual-host</c> and logs in.</summary>
    /// <param name="uri">See <see cref="AmqpConnectionOptions.Parse"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ConnectFailedException">Nobody answered in time, or the server refused.</exception>
    /// <exception cref="ArgumentException">It is no such URI.</exception>
    public static Task<AmqpConnection> ConnectAsync(string uri, CancellationToken cancellationToken = default) =>
        ConnectAsync(AmqpConnectionOptions.Parse(uri), cancellationToken);

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="ConnectFailedException">Nobody answered in time, or the server refused.</exception>
    public static async Task<AmqpConnection> ConnectAsync(AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        TransportConnection transport;
        try
        {
            transport = await options.ConnectTransportAsync(either.Token).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new ConnectFailedException(options.ToString(), Lost((exception.InnerException ?? exception).Message, exception));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw TookTooLong(options);
        }

        return await OpenAsync(Create(transport, options), either.Token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Logs in over a stream that exists already, and owns it from here on.</summary>
    /// <exception cref="ConnectFailedException">The server refused, or took too long.</exception>
    public static async Task<AmqpConnection> ConnectAsync(
        TransportConnection transport, AmqpConnectionOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        return await OpenAsync(Create(transport, options), either.Token, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a channel on a free number.</summary>
    /// <param name="options">Its settings; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait; a channel that opens all the same is closed again.</param>
    /// <exception cref="ConnectionClosedException">The connection has ended.</exception>
    /// <exception cref="InvalidOperationException">All channels that were agreed on are in use.</exception>
    public ValueTask<AmqpChannel> OpenChannelAsync(ChannelOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<AmqpChannel>(cancellationToken);
        }

        PendingCall<AmqpChannel> call;
        lock (Gate)
        {
            if (!IsOpen)
            {
                return ValueTask.FromException<AmqpChannel>(CreateException());
            }

            ushort number = TakeNumber();
            if (number == 0)
            {
                return ValueTask.FromException<AmqpChannel>(new InvalidOperationException($"All channels of this connection are in use; channel_max is {ChannelMax}."));
            }

            var channel = new AmqpChannel(this, number, options ?? new ChannelOptions());
            Volatile.Write(ref _channels[number], channel);
            call = channel.BeginOpen();
        }

        Output.Flush();
        return call.WaitAsync(cancellationToken);
    }

    /// <summary>Gives the server a new secret, where the old one expires (connection.update-secret).</summary>
    /// <param name="secret">The new one.</param>
    /// <param name="reason">For the server's log.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ConnectionClosedException">The connection has ended.</exception>
    /// <exception cref="InvalidOperationException">An update is under way.</exception>
    /// <exception cref="TimeoutException">
    /// There was no answer within <see cref="ClientOptions.CallTimeout"/>. Until it comes no other update can be made; all else goes on.
    /// </exception>
    public async ValueTask UpdateSecretAsync(LongString secret, ShortString reason, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var call = new PendingCall<bool>(ConnectionUpdateSecret.MethodKey);
        lock (Gate)
        {
            if (!IsOpen)
            {
                throw CreateException();
            }

            if (_secretCall is not null)
            {
                throw new InvalidOperationException("An update of the secret is under way.");
            }

            call.HeadSince = Clock.Now;
            _secretCall = call;
            Output.Append(0, new ConnectionUpdateSecret { NewSecret = secret, Reason = reason });
        }

        Output.Flush();
        await call.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the connection with all its channels, politely: the server is told and answers. When it does not in time, the stream is cut.</summary>
    /// <param name="cancellationToken">Ends the wait and cuts the stream.</param>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        Task closing;
        AmqpChannel?[] channels;
        lock (Gate)
        {
            closing = _closing ??= BeginClose();
            channels = _channels;
        }

        // A full buffer must not keep the answer from being read; what comes from here on is discarded (0-9-1 connection.close).
        foreach (var channel in channels)
        {
            channel?.StopConsumers();
        }

        try
        {
            await closing.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Abort();
            throw;
        }
    }

    /// <summary>As <see cref="CloseAsync"/>, within <see cref="ClientOptions.CloseTimeout"/>, and never throws. May be called more than once.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    internal AmqpException CreateException() =>
        new ConnectionClosedException(_reason ?? new CloseReason(ErrorScope.Connection, CloseInitiator.Local, Constants.ReplySuccess, "the connection is not open"));

    internal static CloseReason Lost(string text, Exception? exception = null) =>
        new(ErrorScope.Connection, CloseInitiator.Transport, 0, text, 0, exception);

    private static AmqpConnection Create(TransportConnection transport, AmqpConnectionOptions options)
    {
        try
        {
            return new AmqpConnection(transport, options);
        }
        catch
        {
            transport.Dispose();
            throw;
        }
    }

    private static async Task<AmqpConnection> OpenAsync(AmqpConnection connection, CancellationToken either, CancellationToken own)
    {
        connection.Start();
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

    private static ConnectFailedException TookTooLong(AmqpConnectionOptions options) =>
        new(options.ToString(), Lost($"no connection within {options.ConnectTimeout.TotalSeconds:0.###} s"));

    private void Start()
    {
        lock (Gate)
        {
            ProtocolHeader.V0_9_1.CopyTo(Output.Reserve(ProtocolHeader.V0_9_1.Length));
            Output.Advance(ProtocolHeader.V0_9_1.Length);
        }

        Output.Flush();

        // Nothing of the caller's context belongs to the connection's life.
        ThreadPool.UnsafeQueueUserWorkItem(static connection => _ = connection.RunAsync(), this, preferLocal: false);
    }

    /// <summary>Under the gate.</summary>
    private ushort TakeNumber()
    {
        int max = ChannelMax == 0 ? ushort.MaxValue : ChannelMax;
        for (int number = 1; number <= max; number++)
        {
            if (number == _channels.Length)
            {
                Array.Resize(ref _channels, Math.Min(_channels.Length * 2, ushort.MaxValue + 1));
            }

            if (_channels[number] is null)
            {
                return (ushort)number;
            }
        }

        return 0;
    }
}
