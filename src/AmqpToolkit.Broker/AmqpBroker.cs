using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Net;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Durability;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Paging;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Tls;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Protocol;
using AmqpToolkit.Storage.Files;
using AmqpToolkit.Transport;
using Microsoft.Extensions.Logging;

namespace AmqpToolkit.Broker;

/// <summary>
/// A message broker inside this process: it listens, or takes connections from memory, and serves AMQP 0-9-1 as RabbitMQ does, and AMQP 1.0, on the same ports.
/// Everything lives in memory; with <see cref="AmqpBrokerOptions.DataDirectory"/> what is durable is kept on the disk as well. Any thread may call it.
/// </summary>
public sealed class AmqpBroker : IAsyncDisposable
{
    /// <summary>How long clients have to answer connection.close when the broker stops.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<ClientConnection, Task> _connections = new();
    private readonly List<(Socket Socket, ConnectionProfile Profile, TlsListening Tls)> _listeners = [];
    private readonly ConnectionProfile _profile;
    private readonly ConnectionProfile _inMemoryProfile;
    private readonly List<Task> _accepting = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _stopGate = new();
    private Task? _stopped;
    private TlsDoor? _tls;

    private AmqpBroker(AmqpBrokerOptions options)
    {
        Options = options;
        Logger = options.LoggerFactory.CreateLogger("AmqpToolkit.Broker");
        long memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Memory = new MemoryWatermark(Arena, options.MemoryLimitOctets ?? (long)(memory * options.MemoryWatermark), Logger);
        Arena.Watermark = Memory;
        Timers = new TimerWheel(options.TimeProvider, Logger);
        if (options.HasStore)
        {
            // Beside the reading: a new store begins with a user, and to every store somebody logs in.
            _ = Task.Run(PasswordHash.Prepare, CancellationToken.None);

            // What a restart finds is read back by it, also when nothing is ever to leave memory.
            long pagingOctets = options.PagingWatermark < 1 ? (long)(Memory.LimitOctets * options.PagingWatermark) : long.MaxValue;
            Arena.Paging = new MessagePaging(this, pagingOctets, ScratchFiles);
        }

        Timers.Schedule(new ArenaTrimmer(Arena, options.ReturnsMemoryAtOnce), Timers.Now + ArenaTrimmer.IntervalMilliseconds);
        Strangers = new StrangerLog(Timers, Logger);
        Logins = new LoginThrottle(options.TimeProvider, options.LoginFailuresPerMinute);
        Occupancy = new NodeOccupancy(options.ConnectionMax ?? -1, options.ChannelMaxPerNode ?? -1);
        VirtualHosts = new BrokerVirtualHosts(this);
        Users = new BrokerUsers(this);
        _profile = new ConnectionProfile(options);
        _inMemoryProfile = options.OwnHeartbeatSeconds is null ? new ConnectionProfile(options, heartbeatSeconds: 0) : _profile;
    }

    /// <summary>Where the broker listens, with the ports that it really has.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints { get; private set; } = [];

    /// <summary>Where the broker listens with TLS alone (<see cref="AmqpTlsOptions.Endpoints"/>), with the ports that it really has.</summary>
    public IReadOnlyList<IPEndPoint> TlsEndpoints { get; private set; } = [];

    /// <summary>Who may log in and do what.</summary>
    public BrokerUsers Users { get; }

    /// <summary>The virtual hosts, their limits and policies.</summary>
    public BrokerVirtualHosts VirtualHosts { get; }

    /// <summary>The queues of the virtual host <c>/</c>, to look at; another's are its own (<see cref="BrokerVirtualHost.Queues"/>).</summary>
    /// <exception cref="InvalidOperationException">There is no virtual host <c>/</c>.</exception>
    public BrokerQueues Queues => VirtualHosts.Find("/")?.Queues ?? throw new InvalidOperationException("There is no virtual host '/': ask one of VirtualHosts for its queues.");

    /// <summary>Where what is durable is kept; null when everything is in memory.</summary>
    internal BrokerStore? Store { get; set; }

    /// <summary>What limits of the node's connections and channels are reckoned with.</summary>
    internal NodeOccupancy Occupancy { get; }

    /// <summary>How the node calls itself, in RabbitMQ's manner.</summary>
    internal static string NodeName { get; } = $"rabbit@{Environment.MachineName}";

    internal AmqpBrokerOptions Options { get; }

    /// <summary>Failed logins of each address.</summary>
    internal LoginThrottle Logins { get; }

    /// <summary>How much is logged of clients that have not logged in.</summary>
    internal StrangerLog Strangers { get; }

    /// <summary>Whether SCRAM is offered where the options do not say so: only as long as every user can use it, since clients take the strongest mechanism that they find.</summary>
    internal bool OffersScram => Users.AllHaveScram;

    /// <summary>Whether the start is over, and clients may come.</summary>
    internal bool IsListening { get; private set; }

    internal ILogger Logger { get; }

    internal MessageArena Arena { get; } = new();

    internal MemoryWatermark Memory { get; }

    internal TimerWheel Timers { get; }

    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Clients of the ports with TLS that are no connections yet.</summary>
    internal int PendingHandshakes => _tls?.PendingCount ?? 0;

    /// <summary>Whose turn it is of those; null without TLS.</summary>
    internal HandshakeTurns? Handshakes => _tls?.Turns;

    internal int ConnectionCount => _connections.Count;

    /// <summary>The connections of 0-9-1.</summary>
    internal IEnumerable<BrokerConnection> Connections => _connections.Keys.Select(client => client.Connection).OfType<BrokerConnection>();

    /// <summary>Starts a broker.</summary>
    /// <param name="options">How it is to be.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">A user, a pattern or a virtual host of the options cannot be used.</exception>
    /// <exception cref="DefinitionException">The definitions cannot be used.</exception>
    /// <exception cref="BrokerStoreException">The folder for what is kept cannot be used.</exception>
    /// <exception cref="TlsCertificateException">A certificate of <see cref="AmqpBrokerOptions.Tls"/> cannot be used.</exception>
    /// <exception cref="SocketException">An endpoint cannot be had; nothing is left listening.</exception>
    public static async Task<AmqpBroker> StartAsync(AmqpBrokerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        cancellationToken.ThrowIfCancellationRequested();
        options.Validate();
        var broker = new AmqpBroker(options);
        try
        {
            if (options.Tls is { } tls)
            {
                // Files that cannot be used end the start before anything else has begun.
                broker._tls = new TlsDoor(broker, tls);
            }

            // A port that is taken is found before a folder is made, or a store read that takes a while.
            broker.Bind();
            if (options.HasStore)
            {
                await broker.OpenStoreAsync().ConfigureAwait(false);
            }
            else
            {
                broker.AddFirstUsers();
            }

            if (!options.Definitions.IsEmpty)
            {
                broker.ImportDefinitions(options.Definitions);
            }

            broker.Users.TellOffer();
            broker.Listen();
            if (options.HasStore)
            {
                if (broker.Store?.NewFolder is { } folder)
                {
                    // Not before it is sure that there will be a broker: who has only mistyped a port wants one line.
                    Log.StoreBegins(broker.Logger, folder);
                }

                _ = broker.Users.BeginReckoning();
            }
        }
        catch
        {
            await broker.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return broker;
    }

    /// <summary>
    /// Takes over what RabbitMQ, or an earlier broker, has exported as definitions: users, virtual hosts, permissions, topic permissions, limits, policies, exchanges,
    /// queues and bindings. Nothing is deleted; queues and exchanges that are there stay as they are.
    /// </summary>
    /// <param name="utf8Json">The JSON.</param>
    /// <param name="virtualHost">Where things go that name no virtual host, as in the export of a single one.</param>
    /// <returns>What was passed over, a line each, as the log says it: parameters of plugins, global ones, keys that mean nothing. Of more than two hundred the number.</returns>
    /// <exception cref="DefinitionException">It cannot be used, and nothing has been changed; or an exchange, a queue or a binding of it cannot be made: then what stood before has been taken over.</exception>
    public IReadOnlyList<string> ImportDefinitions(ReadOnlyMemory<byte> utf8Json, string virtualHost = "/") => DefinitionsImport.Run(this, utf8Json, virtualHost);

    /// <summary>Users, virtual hosts, permissions, limits, policies, exchanges, queues and bindings as RabbitMQ 3.10 exports and imports them; what belongs to a connection alone is not among them.</summary>
    public DefinitionsExport ExportDefinitions() => DefinitionsExport.Of(this);

    /// <summary>Completes when everything that was changed before - users, policies, queues that were declared here - is kept as <see cref="AmqpBrokerOptions.Durability"/> says; at once when nothing is.</summary>
    /// <exception cref="BrokerStoreException">The store has failed (as the task's outcome).</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Store?.FlushAsync().WaitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>
    /// Looks at the files of <see cref="AmqpBrokerOptions.Tls"/> now; else that happens every <see cref="AmqpTlsOptions.ReloadInterval"/>. Those that cannot be used leave what was before, and the log says so. Clients that
    /// are connected stay.
    /// </summary>
    public void ReloadCertificates() => _tls?.Reload();

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
        foreach (var (listener, _, _) in _listeners)
        {
            listener.Dispose();
        }

        await Task.WhenAll(_accepting).ConfigureAwait(false);
        if (_tls is { } tls)
        {
            await tls.CloseAsync().ConfigureAwait(false);
        }

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
        Strangers.Flush();
        if (Arena.Paging is { } paging)
        {
            await paging.StopReadingAsync().ConfigureAwait(false);
        }

        await Users.Reckoning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Store is { } store)
        {
            // It writes what is left and waits for the disk.
            await Task.Run(store.Dispose, CancellationToken.None).ConfigureAwait(false);
        }

        if (Arena.Paging is { } scratch)
        {
            await Task.Run(scratch.CloseScratch, CancellationToken.None).ConfigureAwait(false);
        }

        Arena.Drop();
    }

    /// <inheritdoc cref="StopAsync"/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>
    /// Connects to the broker inside this process, without a socket: a stream for a client of the toolkit, of either version, that counts as from this machine. There are no heartbeats unless both ends ask for them.
    /// </summary>
    /// <returns>The client's end, which whoever asked owns. At a broker that has stopped it is at its end.</returns>
    public TransportConnection ConnectInMemory()
    {
        var (client, server) = InMemoryTransport.CreatePair();
        Serve(server, _inMemoryProfile);
        return client;
    }

    internal VirtualHost? FindVirtualHost(string name) => VirtualHosts.Find(name)?.Topology;

    /// <summary>Permissions have changed: what channels remember of their ways holds no longer.</summary>
    internal void ForgetRoutes()
    {
        foreach (var virtualHost in VirtualHosts.Topologies)
        {
            virtualHost.ForgetRoutes();
        }
    }

    /// <summary>Closes the connections that are chosen.</summary>
    internal void CloseConnections(Func<ClientConnection, bool> isMeant, ProtocolError error)
    {
        foreach (var connection in _connections.Keys)
        {
            if (isMeant(connection))
            {
                connection.RequestClose(error);
            }
        }
    }

    internal void Remove(ClientConnection connection) => _connections.TryRemove(connection, out _);

    /// <summary>Reads what an earlier broker has kept; one that begins gets the users and virtual hosts of the options.</summary>
    private async Task OpenStoreAsync()
    {
        // Reading may take seconds, and is work: not on the caller's thread.
        RemoveScratchFiles();
        await Task.Run(() => BrokerStore.Open(this)).ConfigureAwait(false);
        if (Store is { HasBegun: false } store)
        {
            if (store.HasMetDamage || Users.Names.Any(name => Options.Users.All(user => user.Name != name)))
            {
                // What says that it has begun may be what is lost, and with it who was let in and who no more.
                Log.FirstUsersNotMade(Logger, string.Join(", ", Options.Users.Select(user => user.Name)));
                return;
            }

            if (store.Journal.FoundVersion > 0)
            {
                Log.FirstUsersMade(Logger, string.Join(", ", Options.Users.Select(user => user.Name)));
            }

            AddFirstUsers();
            store.Begin(Users.ImitationSecret);
            await store.FlushAsync().ConfigureAwait(false);
            return;
        }

        if (!Users.HasKeptSecret)
        {
            // A store of an earlier program has none: what strangers are told has to stay the same from now on.
            Store!.Begin(Users.ImitationSecret);
        }

        foreach (var user in Options.Users)
        {
            Users.Complete(user);
        }
    }

    /// <summary>The users and virtual hosts that the options name.</summary>
    private void AddFirstUsers()
    {
        foreach (string name in Options.VirtualHosts)
        {
            VirtualHosts.Create(name);
        }

        foreach (var user in Options.Users)
        {
            Users.Set(user);
            if (user.Permissions is null)
            {
                foreach (string name in Options.VirtualHosts)
                {
                    Users.SetPermission(user.Name, new UserPermission(name));
                }
            }
        }
    }

    /// <summary>What a broker that was killed has left there is nobody's. Before the journal is opened: it may need the room.</summary>
    private void RemoveScratchFiles()
    {
        try
        {
            if (ScratchFolder is { } folder && Directory.Exists(folder))
            {
                // It may still be another's, who has the journal, too: then it stays, and this broker will not start.
                using (var files = new ScratchFileLayer(new DiskFileLayer(folder)))
                {
                    files.Lock();
                }

                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever needs them will meet the same, and say so.
        }
    }

    private string? ScratchFolder => Options.DataDirectory is { } folder ? Path.Combine(folder, "scratch") : null;

    /// <summary>The folder for messages that need not outlive the broker and that memory has no room for; null where only a test's disk is.</summary>
    private DiskFileLayer? ScratchFiles() => ScratchFolder is { } folder ? new DiskFileLayer(folder) : null;

    private void Bind()
    {
        var endpoints = new List<IPEndPoint>();
        foreach (var endpoint in Options.Endpoints)
        {
            endpoints.Add(Bind(endpoint, _profile, Options.Tls is { OnPlainEndpoints: true } ? TlsListening.Optional : TlsListening.None));
        }

        foreach (var listener in Options.Listeners)
        {
            endpoints.Add(Bind(listener.Endpoint, new ConnectionProfile(Options, listener), listener.Tls));
        }

        Endpoints = endpoints;
        TlsEndpoints = [.. (Options.Tls?.Endpoints ?? []).Select(endpoint => Bind(endpoint, _profile, TlsListening.Required))];
    }

    private void Listen()
    {
        IsListening = true;
        foreach (var listener in _listeners)
        {
            listener.Socket.Listen(1024);
        }

        foreach (var listener in _listeners)
        {
            _accepting.Add(Task.Run(() => AcceptAsync(listener.Socket, listener.Profile, listener.Tls)));
        }
    }

    private IPEndPoint Bind(IPEndPoint endpoint, ConnectionProfile profile, TlsListening tls)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listeners.Add((socket, profile, tls));
        if (endpoint.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = false;
        }

        socket.Bind(endpoint);
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where clients leave before they are taken, or there are no descriptors, it fails again and again.</summary>
    internal void TellAcceptFailed(EndPoint endpoint, string reason)
    {
        if (Strangers.MayTellOfAccepting(endpoint))
        {
            Log.AcceptFailed(Logger, reason);
        }
    }

    private async Task AcceptAsync(Socket listener, ConnectionProfile profile, TlsListening tls)
    {
        EndPoint? endpoint = null;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                // A broker may stop before it has begun to listen here: then this throws, too.
                endpoint ??= listener.LocalEndPoint!;
                var socket = await listener.AcceptAsync(Stopping).ConfigureAwait(false);
                if (tls == TlsListening.None)
                {
                    Serve(new SocketTransportConnection(socket), profile);
                }
                else
                {
                    _tls!.Admit(socket, profile, maySpeakPlainly: tls == TlsListening.Optional);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception) when (!_stopping.IsCancellationRequested)
            {
                // Out of descriptors, or a client that left before it was taken: neither ends the listening.
                TellAcceptFailed(endpoint!, exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    /// <summary>What the options put between the broker and a connection.</summary>
    /// <returns>Null when that failed: the connection is cut.</returns>
    private TransportConnection? Wrap(TransportConnection transport, Func<TransportConnection, TransportConnection> wrap)
    {
        try
        {
            return wrap(transport) ?? throw new InvalidOperationException("There is nothing where the connection's stream should be.");
        }
#pragma warning disable CA1031 // Whatever another's code throws: it is one connection that suffers.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.Defect(Logger, exception, nameof(AmqpBrokerOptions.WrapTransport));
            transport.Dispose();
            return null;
        }
    }

    /// <summary>Serves a connection until it is gone. Owns the transport.</summary>
    /// <param name="transport">The stream.</param>
    /// <param name="profile">What its client is shown; null for the broker's own.</param>
    /// <param name="handshakeEndsAt">By when it is to be open, where it was accepted a while ago.</param>
    internal void Serve(TransportConnection transport, ConnectionProfile? profile = null, long? handshakeEndsAt = null)
    {
        if (Options.WrapTransport is { } wrap)
        {
            if (Wrap(transport, wrap) is not { } wrapped)
            {
                return;
            }

            transport = wrapped;
        }

        var connection = new ClientConnection(this, transport, profile ?? _profile, handshakeEndsAt);
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _connections[connection] = ServeAsync(begin.Task, connection);
        begin.SetResult();
        if (_stopping.IsCancellationRequested)
        {
            connection.Abort();
        }

        static async Task ServeAsync(Task begin, ClientConnection connection)
        {
            // The table must know the connection before it can be removed from it.
            await begin.ConfigureAwait(false);
            await connection.RunAsync().ConfigureAwait(false);
        }
    }
}
