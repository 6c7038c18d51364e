using System.Net;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Broker.Tests.Fuzz;

/// <summary>
/// A peer that says what it was given, in the pieces that it was given, and writes down what it hears. Unless it is to hear badly, it never
/// waits, so that the broker runs through a whole conversation on one thread. When the broker ends the stream it ends its side, too.
/// </summary>
internal sealed class FuzzTransport(IReadOnlyList<ReadOnlyMemory<byte>> pieces, FuzzEnding ending, FuzzHearing hearing = FuzzHearing.Good, int octetsToHear = int.MaxValue)
    : TransportConnection
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _exhausted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _deafened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _shutDown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte> _heard = [];
    private int _next;
    private int _taken;

    public override EndPoint? LocalEndPoint => null;

    public override EndPoint? RemoteEndPoint => null;

    /// <summary>Completes when the broker has let go of the stream.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when the broker has taken everything and waits for more.</summary>
    public Task Exhausted => _exhausted.Task;

    /// <summary>Completes when the peer has stopped to hear: a send waits for ever.</summary>
    public Task Deafened => _deafened.Task;

    /// <summary>Whether not all was heard that was said.</summary>
    public bool HasMissed { get; private set; }

    public override bool IsPeerGone => _closing.Task.IsCompleted;

    /// <summary>What the broker has said.</summary>
    public byte[] Heard
    {
        get
        {
            lock (_gate)
            {
                return [.. _heard];
            }
        }
    }

    /// <summary>Breaks the stream of a peer that had nothing more to say, or heard nothing any more.</summary>
    public void Break() => _closing.TrySetResult();

    public override ValueTask WaitForDataAsync() => default;

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        if (_ended.Task.IsCompleted)
        {
            return ValueTask.FromException<int>(new IOException("aborted"));
        }

        if (_next < pieces.Count)
        {
            var piece = pieces[_next][_taken..];
            int octets = Math.Min(piece.Length, buffer.Length);
            piece[..octets].CopyTo(buffer);
            _taken += octets;
            if (_taken == pieces[_next].Length)
            {
                _next++;
                _taken = 0;
            }

            return new ValueTask<int>(octets);
        }

        _exhausted.TrySetResult();
        return ending switch
        {
            FuzzEnding.End => new ValueTask<int>(0),
            FuzzEnding.Break => ValueTask.FromException<int>(new IOException("broken by the test")),
            _ => new ValueTask<int>(HearTheEndAsync()),
        };
    }

    public override ValueTask SendAsync(List<ArraySegment<byte>> segments)
    {
        lock (_gate)
        {
            if (_ended.Task.IsCompleted)
            {
                return ValueTask.FromException(new IOException("aborted"));
            }

            foreach (var segment in segments)
            {
                if (_heard.Count + segment.Count > octetsToHear)
                {
                    HasMissed = true;
                    _deafened.TrySetResult();
                    return hearing == FuzzHearing.Deaf ? new ValueTask(WaitForTheEndAsync()) : ValueTask.FromException(new IOException("broken by the test"));
                }

                _heard.AddRange(segment);
            }
        }

        return hearing == FuzzHearing.Slow ? new ValueTask(Task.Run(() => Thread.SpinWait(50))) : default;
    }

    public override void ShutdownSend() => _shutDown.TrySetResult();

    public override void Abort()
    {
        _ended.TrySetResult();
        _exhausted.TrySetResult();
    }

    private async Task<int> HearTheEndAsync()
    {
        await Task.WhenAny(_closing.Task, _ended.Task, _shutDown.Task).ConfigureAwait(false);
        return _shutDown.Task.IsCompleted ? 0 : throw new IOException("broken by the test");
    }

    private async Task<int> WaitForTheEndAsync()
    {
        await Task.WhenAny(_closing.Task, _ended.Task).ConfigureAwait(false);
        throw new IOException("broken by the test");
    }
}
