using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace AmqpToolkit.Transport;

/// <summary>One reusable send of several buffers in a row. Used by the one task that sends; not thread-safe.</summary>
internal sealed class GatheringSend : SocketAsyncEventArgs, IValueTaskSource
{
    private readonly Socket _socket;
    private readonly List<ArraySegment<byte>> _window = [];
    private ManualResetValueTaskSourceCore<bool> _completion = new() { RunContinuationsAsynchronously = false };

    public GatheringSend(Socket socket)
        : base(true) => _socket = socket;

    public ValueTask SendAsync(List<ArraySegment<byte>> segments, int start, int count)
    {
        _window.Clear();
        for (int index = start; index < start + count; index++)
        {
            _window.Add(segments[index]);
        }

        BufferList = _window;
        _completion.Reset();
        if (_socket.SendAsync(this))
        {
            return new ValueTask(this, _completion.Version);
        }

        return SocketError == SocketError.Success ? ValueTask.CompletedTask : ValueTask.FromException(new SocketException((int)SocketError));
    }

    public void GetResult(short token) => _completion.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    protected override void OnCompleted(SocketAsyncEventArgs e)
    {
        if (SocketError == SocketError.Success)
        {
            _completion.SetResult(true);
        }
        else
        {
            _completion.SetException(new SocketException((int)SocketError));
        }
    }
}
