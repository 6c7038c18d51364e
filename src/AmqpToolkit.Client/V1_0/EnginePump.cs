using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V1_0;

/// <summary>
/// Joins an engine with its stream: what is received goes in, what it writes goes out. The engine, and all that hangs on what it says, is used under <see cref="Gate"/>; no user code runs
/// there, since whoever waits goes on elsewhere.
/// </summary>
internal sealed class EnginePump : IInputHandler, IOutputOwner, IFrameOutput, IThreadPoolWorkItem
{
    /// <summary>Octets of answers that may wait for a peer that does not read, at least: more than those of any that does.</summary>
    private const long LeastAnswerOctets = 1024 * 1024;

    /// <summary>Answers that may wait, in bounds of the output.</summary>
    private const long AnswersPerBound = 16;

    private readonly AmqpConnection _connection;
    private readonly Output _output;
    private int _isFlushScheduled;
    private readonly long _mostAnswerOctets;
    private long _answerOctets;
    private readonly List<AmqpReceiver> _touched = [];
    private bool _endsAfterInput;
    private bool _isLastInput;

    public EnginePump(AmqpConnection connection, TransportConnection transport, ConnectionSettings settings, int outputBoundOctets)
    {
        _connection = connection;
        _output = new Output(transport, this, outputBoundOctets);
        _mostAnswerOctets = Math.Max(LeastAnswerOctets, AnswersPerBound * outputBoundOctets);
        Engine = new ConnectionEngine(settings, this, isServer: false);
    }

    public ConnectionEngine Engine { get; }

    public Lock Gate => _output.Gate;

    /// <summary>Whether a message may be written; once false, those that wait are called when it is true again. Under the gate.</summary>
    public bool HasRoom => _output.HasRoom;

    /// <summary>Octets that wait or are on their way.</summary>
    public long PendingOctets => _output.PendingOctets;

    /// <summary>Whether a message is being written: messages have a bound, credit and a window; what else is written is counted. Under the gate.</summary>
    public bool IsWritingMessage { get; set; }

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
            CheckAnswers();
        }

        foreach (var receiver in _touched)
        {
            receiver.HandleReadEnd();
        }

        _touched.Clear();
        if (_endsAfterInput)
        {
            _output.EndAfterFlush();
        }
        else
        {
            _output.Flush();
        }

        return _isLastInput ? -1 : Engine.IsEnded ? count : taken;
    }

    /// <summary>Something has come for it in this read: it wakes who waits there when the read is done. The reader.</summary>
    public void Touch(AmqpReceiver receiver) => _touched.Add(receiver);

    /// <summary>A peer that asks and does not read the answers is cut, before they take all memory. Under the gate.</summary>
    private void CheckAnswers()
    {
        _answerOctets = Math.Min(_answerOctets, _output.PendingOctets);
        if (_answerOctets > _mostAnswerOctets)
        {
            _connection.HandleUnreadAnswers(_answerOctets);
        }
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

    /// <summary>Nothing is said any more: what waits is sent, and then the end of the stream. Under the gate.</summary>
    /// <param name="isLastInput">Whether the peer has said its last, too. Otherwise its stream is read to the end, so that it can read this end's last words.</param>
    public void EndAfterInput(bool isLastInput)
    {
        _endsAfterInput = true;
        _isLastInput = isLastInput;
    }

    /// <summary>Completes when what waited is sent, or dropped.</summary>
    public Task WaitUntilSentAsync() => _endsAfterInput ? _output.WaitUntilEndedAsync() : Task.CompletedTask;

    /// <summary>Drops what waits.</summary>
    public void Abort() => _output.Abort();

    Span<byte> IFrameOutput.Reserve(int octets) => _output.Reserve(octets);

    void IFrameOutput.Advance(int octets)
    {
        _answerOctets += IsWritingMessage ? 0 : octets;
        _output.Advance(octets);
    }

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
            _connection.HandleSendFailed(cause);
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
