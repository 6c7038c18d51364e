using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace AmqpToolkit.Transport;

/// <summary>
/// The octets under TLS: a socket, and as long as hands are shaken a turn that has to be there for what has come, and that whoever waits for the peer gives back. Reading and writing are one task's each. Owns the socket.
/// </summary>
internal sealed class TurnStream(Socket socket, IHandshakeTurn? turn) : Stream
{
    private IHandshakeTurn? _turn = turn;
    private int _received;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Hands were shaken, or never will be: from now on it is a stream as any other.</summary>
    public void EndTurns()
    {
        _turn?.GiveBack();
        _turn = null;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _turn is { } turn ? ReadInTurnAsync(turn, buffer, cancellationToken) : socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _turn is { } turn ? WriteInTurnAsync(turn, buffer, cancellationToken) : WriteAllAsync(buffer, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAllAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            int sent = await socket.SendAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            buffer = buffer[sent..];
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => socket.Receive(buffer, offset, count, SocketFlags.None);

    public override void Write(byte[] buffer, int offset, int count)
    {
        for (int end = offset + count; offset < end;)
        {
            offset += socket.Send(buffer, offset, end - offset, SocketFlags.None);
        }
    }

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>What has come beside what is answered now is reckoned with behind it, and needs the turn still.</summary>
    private async ValueTask WriteInTurnAsync(IHandshakeTurn turn, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            Task<int> sending = socket.SendAsync(buffer, SocketFlags.None, cancellationToken).AsTask();
            if (!sending.IsCompleted)
            {
                turn.GiveBack();
                await sending.ConfigureAwait(false);
                await turn.TakeAsync().ConfigureAwait(false);
            }

            buffer = buffer[await sending.ConfigureAwait(false)..];
        }
    }

    private async ValueTask<int> ReadInTurnAsync(IHandshakeTurn turn, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        turn.GiveBack();
        int received = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        _received += received;
        if (_received > turn.MaxOctets)
        {
            // What is said in pieces is kept until it is whole.
            throw new IOException($"The handshake has more than {turn.MaxOctets} octets.");
        }

        await turn.TakeAsync().ConfigureAwait(false);
        return received;
    }
}
