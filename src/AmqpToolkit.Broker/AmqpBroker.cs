using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Protocol.Sasl;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker;

/// <summary>
/// A message broker inside this process: it listens, or takes connections from memory, and serves AMQP 0-9-1 as RabbitMQ does.
/// Messages live in memory. Any thread may call it.
/// </summary>
public sealed class AmqpBroker : IAsyncDisposable
{
    /// <summary>How long clients have to answer connection.close when the broker stops.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<BrokerConnection, Task> _connections = new();
    private readonly Dictionary<string, VirtualHost> _virtualHosts;
    private readonly Dictionary<string, BrokerUser> _users;
    private readonly List<Socket> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _stopGate = new();
    private Task? _stopped;

    private AmqpBroker(AmqpBrokerOptions options)
    {
        Options = options;
        Logger = options.LoggerFactory.CreateLogger("AmqpToolkit.Broker");
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Memory = new MemoryWatermark(Arena, options.MemoryLimitOctets ?? (long)(memory * options.MemoryWatermark), Logger);
        Arena.Watermark = Memory;
        Timers = new TimerWheel(options.TimeProvider, Logger);
        Timers.Schedule(new ArenaTrimmer(Arena), Timers.Now + ArenaTrimmer.IntervalMilliseconds);
        _virtualHosts = options.VirtualHosts.ToDictionary(name => name, name => new VirtualHost(name, options.Profile, Arena, Timers), StringComparer.Ordinal);
        _users = options.Users.ToDictionary(user => user.Name, StringComparer.Ordinal);
        HandshakeOptions = new ServerHandshakeOptions
        {
            ServerProperties = ServerProperties.Create(options),
            Offer = new Tuning(options.ChannelMax, options.FrameMax, options.HeartbeatSeconds),
            MinFrameMax = options.MinFrameMax,
        };
    }

    /// <summary>Where the broker listens, with the ports that it really has.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; private set; } = [];

    internal AmqpBrokerOptions Options { get; }

    internal ILogger Logger { get; }

    internal MessageArena Arena { get; } = new();

    internal MemoryWatermark Memory { get; }

    internal TimerWheel Timers { get; }

    internal ServerHandshakeOptions HandshakeOptions { get; }

    internal CancellationToken Stopping => _stopping.Token;

    internal int ConnectionCount => _connections.Count;

    internal IEnumerable<BrokerConnection> Connections => _connections.Keys;

    /// <summary>Starts a broker.</summary>
    /// <param name="options">How it is to be.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="SocketException">An endpoint cannot be had; nothing is left listening.</exception>
    public static async Task<AmqpBroker> StartAsync(AmqpBrokerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        options.Validate();
        var broker = new AmqpBroker(options);
        try
        {
            broker.Listen();
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return broker;
    }

    /// <summary>Stops: no new clients, connection.close with 320 to those that are there, and the end of those that do not answer in three seconds.</summary>
    /// <param name="cancellationToken">Cuts the wait for answers short.</param>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        lock (_stopGate)
        {
            return _stopped ??= StopOnceAsync(cancellationToken);
        }
    }

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        // First the word, then the deed: an accept that ends now knows why.
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var listener in _listeners)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_accepting).ConfigureAwait(false);
        var error = ProtocolError.ConnectionForced("broker forced connection closure with reason 'shutdown'");
        foreach (var connection in _connections.Keys)
        {
            connection.RequestClose(error);
        }

        var all = Task.WhenAll(_connections.Values);
        try
        {
            await all.WaitAsync(StopTimeout, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            foreach (var connection in _connections.Keys)
            {
                connection.Abort();
            }

            await all.ConfigureAwait(false);
        }

        Timers.Dispose();
        Arena.Drop();
    }

    /// <inheritdoc cref="StopAsync"/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Connects to the broker inside this process, without a socket.</summary>
    internal TransportConnection ConnectInMemory()
    {
        var (client, server) = InMemoryTransport.CreatePair();
        Serve(server);
        return client;
    }

    internal VirtualHost? FindVirtualHost(string name) => _virtualHosts.GetValueOrDefault(name);

    internal bool Authenticate(SaslCredentials credentials, bool isLoopback)
    {
        // The same work whether or not the user exists: time tells nothing.
        var user = _users.GetValueOrDefault(credentials.UserName);
        byte[] expected = SHA256.HashData(Encoding.UTF8.GetBytes(user?.Password ?? string.Empty));
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(credentials.Password));
        return CryptographicOperations.FixedTimeEquals(expected, given) && user is not null && (isLoopback || !user.LoopbackOnly);
    }

    internal void Remove(BrokerConnection connection) => _connections.TryRemove(connection, out _);

    private void Listen()
    {
        var endpoints = new List<IPEndPoint>();
        foreach (var endpoint in Options.Endpoints)
        {
            var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _listeners.Add(socket);
            if (endpoint.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            socket.Bind(endpoint);
            socket.Listen(1024);
            endpoints.Add((IPEndPoint)socket.LocalEndPoint!);
        }

        Endpoints = endpoints;
        foreach (var listener in _listeners)
        {
            _accepting.Add(Task.Run(() => AcceptAsync(listener)));
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Serve(new SocketTransportConnection(await listener.AcceptAsync(Stopping).ConfigureAwait(false)));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (!_stopping.IsCancellationRequested)
            {
                // Out of descriptors, or a client that left before it was taken: neither ends the listening.
                Log.AcceptFailed(Logger, exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    /// <summary>Serves a connection until it is gone. Owns the transport.</summary>
    internal void Serve(TransportConnection transport)
    {
        var connection = new BrokerConnection(this, transport);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[connection] = ServeAsync(begin.Task, connection);
        begin.SetResult();
        if (_stopping.IsCancellationRequested)
        {
            connection.Abort();
        }

        static async Task ServeAsync(Task begin, BrokerConnection connection)
        {
            // The table must know the connection before it can be removed from it.
            await begin.ConfigureAwait(false);
            await connection.RunAsync().ConfigureAwait(false);
        }
    }
}
