using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Joins an engine with its stream: what is received goes in, what it writes goes out. The engine, and all that hangs on what it says, is used under <see cref="Gate"/>; no user code runs
/// there, since whoever waits goes on elsewhere.
/// </summary>
internal sealed class EnginePump : IInputHandler, IOutputOwner, IFrameOutput, IThreadPoolWorkItem
{
    private readonly AmqpConnection _connection;
    private readonly Output _output;
    private int _isFlushScheduled;
    private bool _endsAfterInput;

    public EnginePump(AmqpConnection connection, TransportConnection transport, ConnectionSettings settings, int outputBoundOctets)
    {
        _connection = connection;
        _output = new Output(transport, this, outputBoundOctets);
        Engine = new ConnectionEngine(settings, this, isServer: false);
    }

    public ConnectionEngine Engine { get; }

    public Lock Gate => _output.Gate;

    /// <summary>Whether a message may be written; once false, those that wait are called when it is true again. Under the gate.</summary>
    public bool HasRoom => _output.HasRoom;

    /// <summary>Rises with what is received.</summary>
    public long ReceiveCount { get; private set; }

    /// <summary>Rises with what is sent.</summary>
    public long SendCount => _output.SendCount;

    public int HandleInput(byte[] buffer, int start, int count)
    {
        ReceiveCount++;
        int taken = 0;
        lock (Gate)
        {
            while (true)
            {
                var found = Engine.Read(buffer.AsSpan(start + taken, count - taken), out int consumed);
                taken += consumed;
                if (found.Kind == EngineEventKind.None)
                {
                    break;
                }

                _connection.HandleEvent(in found);
            }

            Engine.Flush();
        }

        if (_endsAfterInput)
        {
            _output.EndAfterFlush();
        }
        else
        {
            _output.Flush();
        }

        return Engine.IsEnded ? count : taken;
    }

    public ValueTask WaitUntilReadyAsync() => ValueTask.CompletedTask;

    /// <summary>Sends soon what the engine has put together: what is said meanwhile goes along. Any thread.</summary>
    public void FlushSoon()
    {
        if (Interlocked.Exchange(ref _isFlushScheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>What is received is the last: then what waits is sent, and the end of the stream. Under the gate.</summary>
    public void EndAfterInput() => _endsAfterInput = true;

    /// <summary>Drops what waits.</summary>
    public void Abort() => _output.Abort();

    Span<byte> IFrameOutput.Reserve(int octets) => _output.Reserve(octets);

    void IFrameOutput.Advance(int octets) => _output.Advance(octets);

    void IOutputOwner.HandleOutputDrained()
    {
        lock (Gate)
        {
            _connection.HandleRoom();
            Engine.Flush();
        }

        FlushSoon();
    }

    void IOutputOwner.HandleOutputEnded(Exception? cause)
    {
        if (cause is not null)
        {
            _connection.Abort();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _isFlushScheduled, 0);
        Interlocked.MemoryBarrier();
        lock (Gate)
        {
            Engine.Flush();
        }

        _output.Flush();
    }
}
