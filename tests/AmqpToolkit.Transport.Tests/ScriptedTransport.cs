using System.Net;

namespace AmqpToolkit.Transport.Tests;

/// <summary>A stream whose receives and sends do what a test says. Sends complete at once unless <see cref="HoldSends"/> is set.</summary>
internal sealed class ScriptedTransport : TransportConnection
{
    private readonly Lock _gate = new();
    private readonly Queue<object> _incoming = new();
    private readonly List<byte> _sent = [];
    private readonly List<int> _segmentsOfSends = [];
    private TaskCompletionSource? _held;
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override EndPoint? LocalEndPoint => null;

    public override EndPoint? RemoteEndPoint => null;

    /// <summary>Sends wait for <see cref="CompleteSend"/> or <see cref="FailSend"/>.</summary>
    public bool HoldSends { get; init; }

    /// <summary>The send of this number, counted from 0, breaks; -1 for none.</summary>
    public int BrokenSend { get; set; } = -1;

    public int LastSendThread { get; private set; }

    public bool IsShutDown { get; private set; }

    public bool IsAborted { get; private set; }

    public int WaitsForData { get; private set; }

    /// <summary>Room that each receive was given, in octets.</summary>
    public List<int> Rooms { get; } = [];

    public byte[] Sent
    {
        get
        {
            lock (_gate)
            {
                return [.. _sent];
            }
        }
    }

    public int[] SegmentsOfSends
    {
        get
        {
            lock (_gate)
            {
                return [.. _segmentsOfSends];
            }
        }
    }

    /// <summary>Lets a receive find these octets; a larger receive gets no more than that.</summary>
    public void Deliver(byte[] octets) => Put(octets);

    /// <summary>Lets a receive find the end.</summary>
    public void DeliverEnd() => Put(Array.Empty<byte>());

    /// <summary>Lets a receive break.</summary>
    public void DeliverBreak() => Put(new IOException("broken by the test"));

    /// <summary>Waits for a send and completes it.</summary>
    public void CompleteSend() => TakeHeld().SetResult();

    /// <summary>Waits for a send and breaks it.</summary>
    public void FailSend() => TakeHeld().SetException(new IOException("broken by the test"));

    public bool HasHeldSend
    {
        get
        {
            lock (_gate)
            {
                return _held is not null;
            }
        }
    }

    public override async ValueTask WaitForDataAsync()
    {
        WaitsForData++;
        await ArrivedAsync();
    }

    public override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        Assert.False(buffer.IsEmpty);
        Rooms.Add(buffer.Length);
        await ArrivedAsync();
        lock (_gate)
        {
            switch (_incoming.Peek())
            {
                case IOException broken:
                    throw broken;

                case byte[] octets:
                    int taken = Math.Min(octets.Length, buffer.Length);
                    octets.AsSpan(0, taken).CopyTo(buffer.Span);
                    if (octets.Length > 0)
                    {
                        _incoming.Dequeue();
                        if (taken < octets.Length)
                        {
                            PutFirst(octets[taken..]);
                        }
                    }

                    return taken;

                default:
                    throw new InvalidOperationException();
            }
        }
    }

    public override ValueTask SendAsync(List<ArraySegment<byte>> segments)
    {
        lock (_gate)
        {
            LastSendThread = Environment.CurrentManagedThreadId;
            int number = _segmentsOfSends.Count;
            _segmentsOfSends.Add(segments.Count);
            if (number == BrokenSend)
            {
                return ValueTask.FromException(new IOException("broken by the test"));
            }

            foreach (var segment in segments)
            {
                _sent.AddRange(segment);
            }

            if (!HoldSends)
            {
                return ValueTask.CompletedTask;
            }

            Assert.Null(_held);
            _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_held.Task);
        }
    }

    public override void ShutdownSend() => IsShutDown = true;

    public override void Abort()
    {
        TaskCompletionSource? held;
        lock (_gate)
        {
            IsAborted = true;
            held = _held;
            _held = null;
        }

        held?.SetException(new IOException("aborted"));
    }

    private TaskCompletionSource TakeHeld()
    {
        Assert.True(SpinWait.SpinUntil(() => HasHeldSend, TimeSpan.FromSeconds(60)), "no send came");
        lock (_gate)
        {
            var held = _held!;
            _held = null;
            return held;
        }
    }

    private void Put(object item)
    {
        lock (_gate)
        {
            _incoming.Enqueue(item);
            _arrived.TrySetResult();
        }
    }

    private void PutFirst(byte[] octets)
    {
        object[] rest = [.. _incoming];
        _incoming.Clear();
        _incoming.Enqueue(octets);
        foreach (object item in rest)
        {
            _incoming.Enqueue(item);
        }
    }

    private Task ArrivedAsync()
    {
        lock (_gate)
        {
            if (_incoming.Count > 0)
            {
                return Task.CompletedTask;
            }

            if (_arrived.Task.IsCompleted)
            {
                _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _arrived.Task;
        }
    }
}
