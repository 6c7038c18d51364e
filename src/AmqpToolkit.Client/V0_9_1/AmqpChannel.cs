using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Client.V0_9_1;

/// <summary>
/// A channel, from channel.open-ok to its end: it lives once. All members may be called by any thread; calls are put in one order, and several may be
/// under way: their answers come in that order. A mistake of one call (channel.close) ends the channel and with it all others (0-9-1 class channel).
/// </summary>
/// <remarks>
/// <code>
///   Opening --open-ok--> Open --close--> Closing --close-ok--> Closed
///                         \--the server closes, a mistake, the connection's end--^
/// </code>
/// A token ends the wait of its call and nothing else: the answer, when it comes, is eaten, and what it brought is undone.
/// </remarks>
public sealed partial class AmqpChannel : IAsyncDisposable
{
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<PendingCall> _calls = new();
    private readonly ChannelOptions _options;
    private readonly TextCache _texts = new();
    private volatile ChannelState _state;
    private volatile CloseReason? _reason;

    /// <summary>channel.close was sent and its answer has not come: the number is taken, and nothing else counts.</summary>
    private volatile bool _awaitsCloseOk;
    private long _closingSince;

    internal AmqpChannel(AmqpConnection connection, ushort number, ChannelOptions options)
    {
        Connection = connection;
        Number = number;
        _options = options;
        _sources = new PublishSourcePool(this, options.MaxUnconfirmed);
        _getPool = new DeliveryPool(this);
    }

    /// <summary>Its connection.</summary>
    public AmqpConnection Connection { get; }

    /// <summary>Its number on the connection.</summary>
    public ushort Number { get; }

    /// <summary>Where it stands.</summary>
    public ChannelState State => _state;

    /// <summary>Completes when the channel has ended, with the first cause. Never faults.</summary>
    public Task<CloseReason> Closed => _closed.Task;

    internal Lock Gate => Connection.Gate;

    private ConnectionOutput Output => Connection.Output;

    /// <summary>Under the gate.</summary>
    private bool IsOpen => _state == ChannelState.Open && Connection.IsOpen;

    /// <summary>Closes the channel. Confirms that come before the server's answer still count; what is unanswered then is in doubt.</summary>
    /// <param name="cancellationToken">Ends the wait; the channel closes all the same.</param>
    public async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            if (_state == ChannelState.Open && Connection.IsOpen)
            {
                AppendAcks();
                BeginClose(new CloseReason(ErrorScope.Channel, CloseInitiator.Local, Constants.ReplySuccess, "closed by the application"));
                _state = ChannelState.Closing;
            }
        }

        StopConsumers();
        Output.Flush();
        await Closed.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="CloseAsync"/>, and never throws. May be called more than once.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    /// <summary>Sends channel.open. Under the gate.</summary>
    internal PendingCall<AmqpChannel> BeginOpen()
    {
        var call = new PendingCall<AmqpChannel>(ChannelOpen.MethodKey);
        Enqueue(call);
        Output.Append(Number, default(ChannelOpen));
        return call;
    }

    /// <summary>Ends everything that waits on the channel.</summary>
    internal void End(CloseReason reason)
    {
        PendingCall[] calls;
        AmqpConsumer[] consumers;
        List<PublishSource> ended = Output.RentList();
        ConfirmWaiter[] waiters;
        lock (Gate)
        {
            if (_state == ChannelState.Closed)
            {
                Output.CompleteAndReturn(ended);
                return;
            }

            _state = ChannelState.Closed;

            SetReason(reason);
            calls = [.. _calls];
            _calls.Clear();
            consumers = [.. _consumers.Values];
            EndPublishes(_reason!, ended);
            waiters = TakeWaiters(all: true);
        }

        foreach (var consumer in consumers)
        {
            consumer.Buffer.Complete(CreateException(), dropsBuffered: !consumer.NoAck);
        }

        foreach (var call in calls)
        {
            call.Fail(CreateException());
        }

        Output.CompleteAndReturn(ended);
        foreach (var waiter in waiters)
        {
            waiter.Complete();
        }

        _returns?.Writer.TryComplete(_reason!.IsOrderly ? null : CreateException());
        _closed.TrySetResult(_reason!);
        if (_reason!.Scope == ErrorScope.Channel && !_reason.IsOrderly)
        {
            ClientLog.ChannelFailed(Connection.Logger, Connection.Where, Number, _reason.ToString());
        }
    }

    /// <summary>Ends the channel when an answer is overdue. The timer's thread.</summary>
    /// <param name="now">Milliseconds.</param>
    /// <param name="since">Time before this one does not count.</param>
    internal void CheckCalls(long now, long since)
    {
        var options = Connection.Options;
        string? late = null;
        lock (Gate)
        {
            if (_state == ChannelState.Closing && now - _closingSince >= options.CloseTimeout.TotalMilliseconds)
            {
                late = "channel.close";
            }
            else if (_state is ChannelState.Open or ChannelState.Opening &&
                _calls.TryPeek(out var head) && now - Math.Max(head.HeadSince, since) >= options.CallTimeout.TotalMilliseconds)
            {
                late = Methods.NameOf(head.RequestKey);
            }
        }

        if (late is not null)
        {
            // What the server made of the call is unknown, so the channel's state is, too.
            Fail(new CloseReason(ErrorScope.Channel, CloseInitiator.Local, Constants.ResourceError, $"no answer to {late} in time"));
        }
    }

    internal string Text(ReadOnlySpan<byte> octets) => _texts.Get(octets);

    private AmqpException CreateException() => _reason switch
    {
        null => Connection.CreateException(),
        { Scope: ErrorScope.Connection } reason => new ConnectionClosedException(reason),
        var reason => new ChannelClosedException(Number, reason),
    };

    /// <summary>A close that was asked for is no cause when the server had one of its own. Under the gate.</summary>
    private void SetReason(CloseReason reason)
    {
        if (_reason is null || (_reason.IsOrderly && reason is { Initiator: CloseInitiator.Peer, IsOrderly: false }))
        {
            _reason = reason;
        }
    }

    /// <summary>Why a call cannot be made; null when it can. Under the gate.</summary>
    private AmqpException? WhyNotOpen() => IsOpen ? null : CreateException();

    /// <summary>Ends the channel from this side at once; only its number stays taken until the server has answered.</summary>
    private void Fail(CloseReason reason)
    {
        lock (Gate)
        {
            if (_state == ChannelState.Closed)
            {
                return;
            }

            if (_state is ChannelState.Open or ChannelState.Opening && !_awaitsCloseOk && Connection.IsOpen)
            {
                BeginClose(reason);
            }
        }

        End(reason);
        Output.FlushSoon();
    }

    /// <summary>Sends channel.close. Under the gate.</summary>
    private void BeginClose(CloseReason reason)
    {
        _reason ??= reason;
        _awaitsCloseOk = true;
        _closingSince = Connection.Clock.Now;
        Output.Append(Number, new ChannelClose
        {
            ReplyCode = reason.ReplyCode,
            ReplyText = reason.ReplyText,
            ClassId = (ushort)(reason.MethodKey >> 16),
            MethodId = (ushort)reason.MethodKey,
        });
    }

    /// <summary>Sends a method and waits for its answer.</summary>
    private ValueTask<TResult> CallAsync<TMethod, TResult>(in TMethod method, PendingCall<TResult> call, CancellationToken cancellationToken)
        where TMethod : struct, IMethod
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                return ValueTask.FromException<TResult>(exception);
            }

            AppendAcks();
            Output.Append(Number, in method);
            Enqueue(call);
        }

        Output.Flush();
        return call.WaitAsync(cancellationToken);
    }

    /// <summary>Sends a method whose answer says nothing, or that has none when <paramref name="noWait"/> is set.</summary>
    private async ValueTask CallAsync<TMethod>(TMethod method, bool noWait, CancellationToken cancellationToken)
        where TMethod : struct, IMethod
    {
        if (noWait)
        {
            Send(in method, cancellationToken);
        }
        else
        {
            await CallAsync(in method, new PendingCall<bool>(TMethod.MethodKey), cancellationToken).ConfigureAwait(false);
        }
    }

    private void Send<TMethod>(in TMethod method, CancellationToken cancellationToken)
        where TMethod : struct, IMethod
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                throw exception;
            }

            AppendAcks();
            Output.Append(Number, in method);
        }

        Output.FlushSoon();
    }

    /// <summary>Under the gate.</summary>
    private void Enqueue(PendingCall call)
    {
        if (_calls.Count == 0)
        {
            call.HeadSince = Connection.Clock.Now;
        }

        _calls.Enqueue(call);
    }
}
