using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Timers;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Connections;

/// <summary>
/// A client from the moment it is accepted: its protocol header says which version it speaks, and all else is that version's connection. Runs the one
/// reading task; asked to close or cut by any thread.
/// </summary>
internal sealed class ClientConnection(AmqpBroker broker, TransportConnection transport, ConnectionProfile profile, long? handshakeEndsAt = null) : IInputHandler, IDeadline
{
    private volatile IVersionConnection? _connection;
    private TimerWheel.Entry? _deadline;
    private long _handshakeEndsAt;
    private volatile bool _isAborted;

    /// <summary>For logs: both addresses.</summary>
    public string Name { get; } = $"{transport.RemoteEndPoint} -> {transport.LocalEndPoint}";

    /// <summary>The connection of the version; null before the header is there. Any thread.</summary>
    public IVersionConnection? Connection => _connection;

    /// <summary>Who has logged in; null before that. Any thread.</summary>
    public UserAccount? Account => _connection?.Account;

    /// <summary>The virtual host in use; null before there is one. Any thread.</summary>
    public VirtualHost? OpenedVirtualHost => _connection?.OpenedVirtualHost;

    /// <inheritdoc/>
    public bool HasPaused => _connection is { HasPaused: true };

    /// <summary>Serves the client until it is gone.</summary>
    public async Task RunAsync()
    {
        Log.Accepted(broker.Logger, Name);
        _handshakeEndsAt = handshakeEndsAt ?? broker.Timers.Now + (long)broker.Options.HandshakeTimeout.TotalMilliseconds;
        _deadline = broker.Timers.Schedule(this, _handshakeEndsAt);
        try
        {
            await ReceivePump.RunAsync(transport, this).ConfigureAwait(false);
            if (_connection is { } connection)
            {
                await connection.WaitUntilSentAsync().ConfigureAwait(false);
            }
        }
        catch (IOException)
        {
            // The peer is gone without a word, or a deadline has cut the stream: either way it ends here.
        }
        catch (Exception exception)
        {
            Log.Defect(broker.Logger, exception, Name);
        }
        finally
        {
            _deadline.Cancel();
            End();
        }
    }

    /// <inheritdoc/>
    public int HandleInput(byte[] buffer, int start, int count)
    {
        if (_connection is { } connection)
        {
            return connection.HandleInput(buffer, start, count);
        }

        if (_isAborted)
        {
            return -1;
        }

        if (count < ServerHandshake.ProtocolHeaderOctets)
        {
            return 0;
        }

        _deadline?.Cancel();
        if (ForeignProtocol.NameOf(buffer.AsSpan(start, count)) is { } foreign && broker.Strangers.MayTell(transport.RemoteEndPoint))
        {
            Log.ForeignProtocol(broker.Logger, Name, foreign);
        }

        connection = V1_0.PeerConnection.IsMeant(buffer.AsSpan(start, ServerHandshake.ProtocolHeaderOctets))
            ? new V1_0.PeerConnection(broker, transport, profile, Name, _handshakeEndsAt)
            : new BrokerConnection(broker, transport, profile, Name, _handshakeEndsAt);
        _connection = connection;
        Interlocked.MemoryBarrier();
        if (_isAborted)
        {
            connection.Abort();
        }

        return connection.HandleInput(buffer, start, count);
    }

    /// <inheritdoc/>
    public ValueTask WaitUntilReadyAsync() => _connection is { } connection ? connection.WaitUntilReadyAsync() : ValueTask.CompletedTask;

    /// <inheritdoc/>
    public long HandleDeadline(long now)
    {
        if (_connection is null)
        {
            if (broker.Strangers.MayTell(transport.RemoteEndPoint))
            {
                Log.ConnectionFailed(broker.Logger, Name, "the handshake took too long");
            }

            Abort();
        }

        return -1;
    }

    /// <summary>Tells the client that the broker closes the connection; a stranger hears nothing. Any thread.</summary>
    public void RequestClose(ProtocolError error)
    {
        if (_connection is { } connection)
        {
            connection.RequestClose(error);
        }
        else
        {
            Abort();
        }
    }

    /// <summary>Cuts the stream. Any thread.</summary>
    public void Abort()
    {
        _isAborted = true;
        Interlocked.MemoryBarrier();
        if (_connection is { } connection)
        {
            connection.Abort();
        }
        else
        {
            transport.Abort();
        }
    }

    private void End()
    {
        try
        {
            _connection?.End();
        }
        catch (Exception exception)
        {
            Log.Defect(broker.Logger, exception, Name);
        }
        finally
        {
            broker.Remove(this);
            transport.Dispose();
            Log.Closed(broker.Logger, Name);
        }
    }
}
