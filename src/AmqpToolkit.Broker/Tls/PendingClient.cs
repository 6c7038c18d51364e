using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Tls;

/// <summary>
/// A client of a port with TLS between the accept and its first octet of AMQP: it has shown what it speaks, and shaken hands, by the deadline of every handshake, or is cut. Owns the socket until then. Cut by any thread.
/// </summary>
internal sealed class PendingClient : IDeadline, IThreadPoolWorkItem
{
    /// <summary>The first octet of a record with a handshake (RFC 8446 section 5.1); that of AMQP is an A.</summary>
    private const byte HandshakeRecord = 22;

    private readonly AmqpBroker _broker;
    private readonly TlsDoor _door;
    private readonly Socket _socket;
    private readonly ConnectionProfile _profile;
    private readonly bool _maySpeakPlainly;
    private readonly IPEndPoint _remote;
    private readonly string _name;
    private readonly HandshakeTurns.Turn _turn;
    private TimerWheel.Entry? _deadline;
    private long _endsAt;
    private volatile string? _reason;
    private volatile bool _isCut;

    private PendingClient(AmqpBroker broker, TlsDoor door, Socket socket, ConnectionProfile profile, bool maySpeakPlainly)
    {
        _broker = broker;
        _door = door;
        _socket = socket;
        _profile = profile;
        _maySpeakPlainly = maySpeakPlainly;
        _remote = (IPEndPoint)socket.RemoteEndPoint!;
        _name = $"{_remote} -> {socket.LocalEndPoint}";
        Address = LoginThrottle.KeyOf(_remote.Address);
        _turn = door.Turns.Of(Address);
    }

    /// <summary>Where it comes from: of IPv6 the network.</summary>
    public UInt128 Address { get; }

    /// <summary>Who came before it has a lower one; the door's.</summary>
    public long Number { get; set; }

    /// <summary>Makes one.</summary>
    /// <returns>Null, and the socket is disposed of, when the client is gone already.</returns>
    public static PendingClient? Create(AmqpBroker broker, TlsDoor door, Socket socket, ConnectionProfile profile, bool maySpeakPlainly)
    {
        try
        {
            return new PendingClient(broker, door, socket, profile, maySpeakPlainly);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Its place among the others of its address; the door's.</summary>
    public LinkedListNode<PendingClient> Node => field ??= new LinkedListNode<PendingClient>(this);

    /// <summary>Its time begins with the accept, however late a thread is there for it.</summary>
    public void Begin()
    {
        _endsAt = _broker.Timers.Now + (long)_broker.Options.HandshakeTimeout.TotalMilliseconds;
        _deadline = _broker.Timers.Schedule(this, _endsAt);

        // What has come already would be reckoned with on the thread that is to accept others; who came first has its turn first.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    /// <summary>Runs until the client is a connection, or gone. Never fails.</summary>
    private async Task RunAsync()
    {
        TransportConnection? transport = null;
        bool hasSpoken = false;
        try
        {
            byte[] first = new byte[1];
            hasSpoken = await _socket.ReceiveAsync(first, SocketFlags.Peek).ConfigureAwait(false) > 0;
            if (hasSpoken)
            {
                transport = _maySpeakPlainly && first[0] != HandshakeRecord
                    ? new SocketTransportConnection(_socket)
                    : await TlsTransportConnection.AcceptAsync(_socket, hello => _door.HandshakeFor(hello.ServerName, Validate), _turn, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            // Of who is cut for others, or says nothing and leaves, nobody need know.
            if ((_reason is not null || (hasSpoken && !_isCut)) && _broker.Strangers.MayTell(_remote))
            {
                Log.ConnectionFailed(_broker.Logger, _name, _reason ?? $"no TLS: {exception.InnerException?.Message ?? exception.Message}");
            }
        }
        catch (Exception exception)
        {
            Log.Defect(_broker.Logger, exception, _name);
        }

        _deadline!.Cancel();
        try
        {
            if (transport is null)
            {
                _socket.Dispose();
            }
            else if (_door.TryLeave(this))
            {
                _broker.Serve(transport, _profile, _endsAt);
            }
            else
            {
                transport.Dispose();
            }
        }
        finally
        {
            // A broker that stops waits for the last of these before it looks at its connections.
            _door.Remove(this);
        }
    }

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        Cut("the handshake took too long");
        return -1;
    }

    /// <summary>Ends it. Any thread.</summary>
    /// <param name="reason">For the log; null where nobody need know.</param>
    public void Cut(string? reason)
    {
        _reason ??= reason;
        _isCut = true;
        _socket.Dispose();
        _turn.End();
    }

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            if (_door.Requires)
            {
                _reason = "it has shown no certificate";
            }

            return !_door.Requires;
        }

        if (errors == SslPolicyErrors.None)
        {
            return true;
        }

        _reason = $"its certificate does not hold: {(chain is null ? errors : string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct()))}";
        return false;
    }
}
