using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace AmqpToolkit.Transport;

/// <summary>A TCP stream inside TLS (RFC 8446, 5246). Owns the socket. What is sent is gathered into records of TLS, which costs a copy; the plain transport knows nothing of it.</summary>
public sealed class TlsTransportConnection : TransportConnection
{
    /// <summary>The plain octets of one record at most (RFC 8446 section 5.1).</summary>
    private const int RecordOctets = 16 * 1024;

    private readonly Socket _socket;
    private readonly SslStream _stream;
    private int _aborted;

    private TlsTransportConnection(Socket socket, SslStream stream)
    {
        _socket = socket;
        _stream = stream;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        PeerCertificate = stream.RemoteCertificate as X509Certificate2;
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    public override bool IsProtected => true;

    /// <inheritdoc/>
    public override X509Certificate2? PeerCertificate { get; }

    /// <inheritdoc/>
    public override bool IsPeerGone => TcpState.IsPeerGone(_socket);

    /// <summary>The version of TLS that was agreed on.</summary>
    public SslProtocols Protocol => _stream.SslProtocol;

    /// <summary>Takes over an accepted socket and shakes hands as the server.</summary>
    /// <param name="socket">Connected; disposed of when this fails.</param>
    /// <param name="options">Certificates and versions. A client may not renegotiate, whatever they say.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="IOException">The peer does not speak TLS, or has not what is asked of it.</exception>
    public static Task<TlsTransportConnection> AcceptAsync(Socket socket, SslServerAuthenticationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AllowRenegotiation = false;
        return ShakeHandsAsync(socket, turn: null, stream => stream.AuthenticateAsServerAsync(options, cancellationToken));
    }

    /// <summary>The same, with options that are chosen when it is known which name the client asks for (SNI).</summary>
    /// <exception cref="IOException">The peer does not speak TLS, or has not what is asked of it.</exception>
    public static Task<TlsTransportConnection> AcceptAsync(Socket socket, Func<SslClientHelloInfo, SslServerAuthenticationOptions> choose, CancellationToken cancellationToken) =>
        AcceptAsync(socket, choose, turn: null, cancellationToken);

    /// <summary>The same, with a turn for what is reckoned.</summary>
    internal static Task<TlsTransportConnection> AcceptAsync(Socket socket, Func<SslClientHelloInfo, SslServerAuthenticationOptions> choose, IHandshakeTurn? turn, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(choose);
        return ShakeHandsAsync(socket, turn, stream => stream.AuthenticateAsServerAsync((_, hello, _, _) => ValueTask.FromResult(choose(hello)), state: null, cancellationToken));
    }

    /// <summary>Connects to <paramref name="host"/>, trying each of its addresses, and shakes hands as the client.</summary>
    /// <exception cref="IOException">No address answered, or who did does not speak TLS, or is not who it should be.</exception>
    public static async Task<TlsTransportConnection> ConnectAsync(string host, int port, SslClientAuthenticationOptions options, CancellationToken cancellationToken) =>
        await ConnectAsync(await SocketTransportConnection.ConnectSocketAsync(host, port, cancellationToken).ConfigureAwait(false), options, cancellationToken).ConfigureAwait(false);

    /// <summary>Takes over a connected socket and shakes hands as the client. The server may not renegotiate, whatever the options say.</summary>
    /// <exception cref="IOException">The peer does not speak TLS, or is not who it should be.</exception>
    public static Task<TlsTransportConnection> ConnectAsync(Socket socket, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AllowRenegotiation = false;
        return ShakeHandsAsync(socket, turn: null, stream => stream.AuthenticateAsClientAsync(options, cancellationToken));
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask WaitForDataAsync()
    {
        try
        {
            await _stream.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsBreak(exception))
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
            return await _stream.ReadAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            throw Broken(exception);
        }
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(List<ArraySegment<byte>> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        byte[] record = ArrayPool<byte>.Shared.Rent(RecordOctets);
        int filled = 0;
        try
        {
            foreach (var segment in segments)
            {
                ReadOnlyMemory<byte> rest = segment;
                while (!rest.IsEmpty)
                {
                    if (filled == 0 && rest.Length >= RecordOctets)
                    {
                        await _stream.WriteAsync(rest[..RecordOctets]).ConfigureAwait(false);
                        rest = rest[RecordOctets..];
                        continue;
                    }

                    int taken = Math.Min(rest.Length, RecordOctets - filled);
                    rest[..taken].CopyTo(record.AsMemory(filled));
                    rest = rest[taken..];
                    filled += taken;
                    if (filled == RecordOctets)
                    {
                        await _stream.WriteAsync(record.AsMemory(0, filled)).ConfigureAwait(false);
                        filled = 0;
                    }
                }
            }

            if (filled > 0)
            {
                await _stream.WriteAsync(record.AsMemory(0, filled)).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            throw Broken(exception);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(record);
        }
    }

    /// <inheritdoc/>
    public override void ShutdownSend() => _ = ShutdownSendAsync();

    /// <inheritdoc/>
    public override void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
        {
            // The stream's own end may wait for the peer: the socket goes first.
            _socket.Dispose();
            _stream.Dispose();
        }
    }

    /// <summary>close_notify, and then the end of the TCP stream (RFC 8446 section 6.1).</summary>
    private async Task ShutdownSendAsync()
    {
        try
        {
            await _stream.ShutdownAsync().ConfigureAwait(false);
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (IsBreak(exception))
        {
            // The peer was faster: there is nobody left to tell.
            Abort();
        }
    }

    private static async Task<TlsTransportConnection> ShakeHandsAsync(Socket socket, IHandshakeTurn? turn, Func<SslStream, Task> shakeHands)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.NoDelay = true;
        var octets = new TurnStream(socket, turn);
        var stream = new SslStream(octets, leaveInnerStreamOpen: false);
        try
        {
            await shakeHands(stream).ConfigureAwait(false);
            return new TlsTransportConnection(socket, stream);
        }
        catch (Exception exception)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            if (exception is AuthenticationException || IsBreak(exception))
            {
                throw Broken(exception);
            }

            throw;
        }
        finally
        {
            octets.EndTurns();
        }
    }

    private static bool IsBreak(Exception exception) => exception is IOException or SocketException or ObjectDisposedException or InvalidOperationException;

    private static IOException Broken(Exception exception) => exception as IOException ?? new IOException(exception.Message, exception);
}
