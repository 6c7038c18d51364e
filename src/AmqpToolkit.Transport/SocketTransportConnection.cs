using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Transport;

/// <summary>A TCP stream over a plain socket, without Nagle's delay. Owns the socket.</summary>
public sealed class SocketTransportConnection : TransportConnection
{
    /// <summary>Buffers of one gathering send; Linux takes 1,024 at most.</summary>
    private const int MaxGatheredSegments = 512;

    private readonly Socket _socket;
    private readonly GatheringSend _gathering;
    private int _aborted;

    /// <summary>Takes over a connected socket.</summary>
    public SocketTransportConnection(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        _socket = socket;
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
        }

        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        _gathering = new GatheringSend(socket);
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    /// <remarks>Asks Linux for the state of the TCP connection; elsewhere it does not know.</remarks>
    public override bool IsPeerGone => TcpState.IsPeerGone(_socket);

    /// <summary>Connects to <paramref name="host"/>, trying each of its addresses.</summary>
    /// <exception cref="IOException">No address answered.</exception>
    public static async ValueTask<SocketTransportConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken) =>
        new(await ConnectSocketAsync(host, port, cancellationToken).ConfigureAwait(false));

    /// <summary>A socket that is connected to <paramref name="host"/>.</summary>
    /// <exception cref="IOException">No address answered.</exception>
    internal static async ValueTask<Socket> ConnectSocketAsync(string host, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"No connection to {host}:{port}: {exception.Message}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WaitForDataAsync()
    {
        try
        {
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Broken(exception);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Broken(exception);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(List<ArraySegment<byte>> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        try
        {
            if (segments.Count == 1)
            {
                ReadOnlyMemory<byte> rest = segments[0];
                while (!rest.IsEmpty)
                {
                    rest = rest[await _socket.SendAsync(rest, SocketFlags.None).ConfigureAwait(false)..];
                }

                return;
            }

            for (int at = 0; at < segments.Count; at += MaxGatheredSegments)
            {
                await _gathering.SendAsync(segments, at, Math.Min(MaxGatheredSegments, segments.Count - at)).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            throw Broken(exception);
        }
    }

    /// <inheritdoc/>
    public override void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer was faster: there is nobody left to tell.
            Abort();
        }
    }

    /// <inheritdoc/>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
        {
            _socket.Dispose();
            _gathering.Dispose();
        }
    }

    private static IOException Broken(Exception exception) => new(exception.Message, exception);
}
