using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Transport;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// What a connection sends. Its <see cref="Gate"/> guards the output and everything that must not come between a decision and its frame:
/// states, tags, queues of calls. No user code runs under it.
/// </summary>
internal sealed class ConnectionOutput : IOutputOwner, IThreadPoolWorkItem
{
    private readonly AmqpConnection _connection;
    private readonly Output _output;
    private readonly List<AmqpChannel> _acking = [];
    private readonly List<AmqpChannel> _waiting = [];
    private List<PublishSource>? _spare = [];
    private int _waitingCount;
    private int _isFlushScheduled;

    public ConnectionOutput(AmqpConnection connection, TransportConnection transport, int boundOctets)
    {
        _connection = connection;
        _output = new Output(transport, this, boundOctets);
    }

    /// <summary>Held while appending.</summary>
    public Lock Gate => _output.Gate;

    /// <summary>Whether a publish may be appended; once false, waiting channels are served when it is true again. Under the gate.</summary>
    public bool HasRoom => _output.HasRoom;

    /// <summary>Rises with what is sent.</summary>
    public long SendCount => _output.SendCount;

    /// <summary>Room for octets in a row. Under the gate.</summary>
    public Span<byte> Reserve(int octets) => _output.Reserve(octets);

    /// <summary>Appends what was reserved. Under the gate.</summary>
    public void Advance(int octets) => _output.Advance(octets);

    /// <summary>Appends octets that stay where they are until sent. Under the gate.</summary>
    public void AppendShared(ArraySegment<byte> octets, ISharedOctets shared) => _output.AppendShared(octets, shared);

    /// <summary>Appends one method. Under the gate.</summary>
    public void Append<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod =>
        Advance(FrameWriter.WriteMethod(Reserve(FrameWriter.OverheadOctets + method.MaxOctets), channel, in method));

    /// <summary>Appends one heartbeat. Under the gate.</summary>
    public void AppendHeartbeat() => Advance(FrameWriter.WriteHeartbeat(Reserve(FrameWriter.OverheadOctets)));

    /// <summary>Sends now. Outside the gate.</summary>
    public void Flush() => _output.Flush();

    /// <summary>Sends soon: what is appended meanwhile goes along. Any thread, under the gate or not.</summary>
    public void FlushSoon()
    {
        if (Interlocked.Exchange(ref _isFlushScheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>Sends what waits and then the end of the stream.</summary>
    public void EndAfterFlush() => _output.EndAfterFlush();

    /// <summary>Drops what waits.</summary>
    public void Abort() => _output.Abort();

    /// <summary>Lets a channel write its merged acks with the next flush. Under the gate.</summary>
    public void AddAcking(AmqpChannel channel) => _acking.Add(channel);

    /// <summary>Lets a channel send its waiting publishes when there is room. Under the gate.</summary>
    public void AddWaiting(AmqpChannel channel)
    {
        _waiting.Add(channel);
        _waitingCount = _waiting.Count;
    }

    /// <summary>Serves the publishes that wait. Outside the gate.</summary>
    public void ServeWaiting()
    {
        if (Volatile.Read(ref _waitingCount) == 0)
        {
            return;
        }

        var ended = RentList();
        lock (Gate)
        {
            int kept = 0;
            for (int index = 0; index < _waiting.Count; index++)
            {
                if (!_waiting[index].SendQueued(ended))
                {
                    _waiting[kept++] = _waiting[index];
                }
            }

            _waiting.RemoveRange(kept, _waiting.Count - kept);
            Volatile.Write(ref _waitingCount, kept);
        }

        CompleteAndReturn(ended);
        FlushSoon();
    }

    /// <summary>A list for publishes that end under the gate and whose callers are told outside it.</summary>
    public List<PublishSource> RentList() => Interlocked.Exchange(ref _spare, null) ?? [];

    /// <summary>Tells the callers and takes the list back. Outside the gate.</summary>
    public void CompleteAndReturn(List<PublishSource> ended)
    {
        foreach (var source in ended)
        {
            source.Complete();
        }

        ended.Clear();
        Volatile.Write(ref _spare, ended);
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _isFlushScheduled, 0);
        Interlocked.MemoryBarrier();
        lock (Gate)
        {
            foreach (var channel in _acking)
            {
                channel.AppendMergedAcks();
            }

            _acking.Clear();
        }

        _output.Flush();
    }

    void IOutputOwner.HandleOutputDrained() => ServeWaiting();

    void IOutputOwner.HandleOutputEnded(Exception? cause) => _connection.HandleOutputEnded(cause);
}
