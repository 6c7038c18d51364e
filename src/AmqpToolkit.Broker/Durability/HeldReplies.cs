using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Durability;

/// <summary>
/// Replies of one connection that promise what the journal has still to keep, and those behind them. The connection's reader adds, under the gate of
/// its output, and asks the journal at the end of its batch; on the journal's thread they go into the output, and the output's sender takes them on.
/// </summary>
internal sealed class HeldReplies(BrokerConnection connection, Journal journal) : IJournalWaiter, IThreadPoolWorkItem
{
    /// <summary>Octets that may wait before the reader does: a client that sends declarations faster than the disk takes them.</summary>
    private const int BoundOctets = 1024 * 1024;

    private const int KeptOctets = 16 * 1024;

    /// <summary>Up to where the replies go that each token stands for.</summary>
    private readonly Queue<(ulong Token, long End)> _promised = [];

    /// <summary>Channels whose close is held, and where: what they published before is confirmed before they are gone.</summary>
    private readonly Queue<(long End, BrokerChannel Channel)> _closes = [];

    private byte[] _octets = [];
    private int _count;
    private long _released;
    private long _promisedEnd;
    private ulong _token;
    private JournalTicket _ticket;
    private CommitLevel _level;
    private Exception? _failure;
    private TaskCompletionSource? _empty;
    private volatile bool _isHolding;

    /// <summary>Whether replies wait. Only the reader makes it true.</summary>
    public bool IsHolding => _isHolding;

    /// <summary>Whether so many wait that the reader should.</summary>
    public bool IsFull => _isHolding && Volatile.Read(ref _count) > BoundOctets;

    /// <inheritdoc/>
    ref JournalTicket IJournalWaiter.Ticket => ref _ticket;

    /// <summary>Holds a reply until what was appended to the journal before is kept. Under the output's gate, by the reader.</summary>
    public void Add<TMethod>(ushort channel, in TMethod method, CommitLevel level)
        where TMethod : struct, IMethod
    {
        _isHolding = true;
        _level = level > _level ? level : _level;
        Write(channel, in method);
    }

    /// <summary>Puts a reply behind those that wait; false when none does any more. Under the output's gate, by the reader.</summary>
    public bool TryAdd<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        if (!_isHolding)
        {
            return false;
        }

        Write(channel, in method);
        return true;
    }

    /// <summary>Holds a close until what its channels have published is kept, and confirmed before it. Under the output's gate, by the reader.</summary>
    public void AddClose<TMethod>(IEnumerable<BrokerChannel> channels, ushort number, in TMethod close)
        where TMethod : struct, IMethod
    {
        Add(number, in close, CommitLevel.Os);
        foreach (var channel in channels)
        {
            _level = channel.AwaitedLevel > _level ? channel.AwaitedLevel : _level;
            channel.ConfirmsUntilEnd = true;
            _closes.Enqueue((_released + _count, channel));
        }
    }

    /// <summary>Asks the journal to tell when what was added is kept. By the reader, at the end of its batch.</summary>
    public void Promise()
    {
        ulong token;
        CommitLevel level;
        lock (connection.Output.Gate)
        {
            long end = _released + _count;
            if (end == _promisedEnd)
            {
                return;
            }

            _promisedEnd = end;
            token = ++_token;
            _promised.Enqueue((token, end));
            level = _level;
            _level = CommitLevel.Os;
        }

        using var append = journal.Append();
        append.Commit(this, token, level);
    }

    /// <summary>Completes when nothing waits.</summary>
    public Task WaitUntilEmptyAsync()
    {
        lock (connection.Output.Gate)
        {
            if (!_isHolding)
            {
                return Task.CompletedTask;
            }

            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    /// <summary>Forgets what waits: the client will hear something else. Under the output's gate.</summary>
    public void Drop()
    {
        _released += _count;
        _count = 0;
        _promisedEnd = _released;
        _promised.Clear();
        while (_closes.TryDequeue(out var close))
        {
            close.Channel.EndConfirms(isKept: false);
        }

        End();
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleCommitted(ulong token)
    {
        lock (connection.Output.Gate)
        {
            long end = _released;
            while (_promised.TryPeek(out var first) && first.Token <= token)
            {
                end = first.End;
                _promised.Dequeue();
            }

            while (_closes.TryPeek(out var close) && close.End <= end)
            {
                // The journal may tell this first, but both are kept.
                _closes.Dequeue().Channel.EndConfirms(isKept: true);
            }

            Release((int)(end - _released));
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    void IJournalWaiter.HandleFailed(ulong token, Exception error)
    {
        _failure = error;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Off the journal's thread, which must not wait for a socket.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is null)
        {
            connection.Output.Flush();
        }
        else
        {
            connection.FailHeld();
        }
    }

    private void Release(int octets)
    {
        if (octets > 0 && !connection.Output.IsEnded)
        {
            _octets.AsSpan(0, octets).CopyTo(connection.Output.Reserve(octets));
            connection.Output.Advance(octets);
        }

        _count -= octets;
        _released += octets;
        _octets.AsSpan(octets, _count).CopyTo(_octets);
        if (_count == 0)
        {
            End();
        }
    }

    private void End()
    {
        _isHolding = false;
        if (_octets.Length > KeptOctets)
        {
            _octets = [];
        }

        _empty?.TrySetResult();
        _empty = null;
    }

    private void Write<TMethod>(ushort channel, in TMethod method)
        where TMethod : struct, IMethod
    {
        int most = method.MaxOctets + FrameWriter.OverheadOctets;
        if (_octets.Length - _count < most)
        {
            Array.Resize(ref _octets, Math.Max(_count + most, Math.Max(512, _octets.Length * 2)));
        }

        Volatile.Write(ref _count, _count + FrameWriter.WriteMethod(_octets.AsSpan(_count), channel, in method));
    }
}
