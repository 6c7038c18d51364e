using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.Classic;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol.Classic;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>Publishing and its answers (0-9-1 basic.publish, basic.return; class confirm).</content>
public sealed partial class AmqpChannel
{
    /// <summary>
    /// The header that ties a basic.return, which carries no tag, to its publish. It is written into mandatory messages of a channel in
    /// confirm mode; the caller's own table stays as it is.
    /// </summary>
    public const string PublishTagHeader = "x-publish-tag";

    /// <summary>Returned messages that wait for a reader; one more drops the oldest.</summary>
    private const int MaxReturns = 1024;

    private readonly PublishSourcePool _sources;
    private readonly Queue<PublishSource> _queued = new();
    private readonly List<ConfirmWaiter> _confirmWaiters = [];
    private ConfirmRing? _confirms;
    private Channel<ReturnedMessage>? _returns;
    private bool _isTransactional;
    private bool _isFlowing = true;

    /// <summary>Publishes that the broker has not answered.</summary>
    public int UnconfirmedCount
    {
        get
        {
            lock (Gate)
            {
                return _confirms is { } confirms ? (int)(confirms.NextTag - confirms.LowestTag) : 0;
            }
        }
    }

    /// <summary>Puts the channel into confirm mode, which the first <c>PublishAsync</c> does by itself (confirm.select).</summary>
    /// <exception cref="InvalidOperationException">The channel is transactional.</exception>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public async ValueTask ConfirmSelectAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingCall<bool>? call;
        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                throw exception;
            }

            call = SelectConfirms();
        }

        if (call is not null)
        {
            Output.Flush();
            await call.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="PublishAsync(in BasicPublish, in BasicProperties, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="exchange">Where it goes; empty is the default exchange, whose keys are the names of queues.</param>
    /// <param name="routingKey">The key that the exchange routes by.</param>
    /// <param name="body">The message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<PublishOutcome> PublishAsync(
        ShortString exchange, ShortString routingKey, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        PublishAsync(new BasicPublish { Exchange = exchange, RoutingKey = routingKey }, default, body, cancellationToken);

    /// <summary>
    /// Publishes, and ends with what the broker says of it: a refusal, a return and a doubt are values. An exception means that nothing was sent.
    /// The first call puts the channel into confirm mode. Await the result once.
    /// </summary>
    /// <param name="method">Where it goes. A mandatory message gets the header <see cref="PublishTagHeader"/>.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="body">The message, to be left alone until the result is there. (It is copied at once unless the window or the output is full.)</param>
    /// <param name="cancellationToken">
    /// Ends the wait. A message that waits for its turn is not sent then; one that was sent stays sent, and keeps its place in the window until
    /// it is answered.
    /// </param>
    /// <exception cref="AmqpException">The channel has ended, and nothing was sent.</exception>
    /// <exception cref="ArgumentException">The properties do not fit into a frame.</exception>
    /// <exception cref="InvalidOperationException">The channel is transactional.</exception>
    [OverloadResolutionPriority(1)]
    public ValueTask<PublishOutcome> PublishAsync(
        in BasicPublish method, in BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        PublishAsync(in method, in properties, body, given: null, cancellationToken);

    /// <inheritdoc cref="PublishAsync(in BasicPublish, in BasicProperties, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="method">Where it goes. A mandatory message gets the header <see cref="PublishTagHeader"/>.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="body">
    /// The message, the whole of its memory. It is the channel's from here on, and disposed of once, however the call ends; large ones are sent from where
    /// they lie.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<PublishOutcome> PublishAsync(
        in BasicPublish method, in BasicProperties properties, IMemoryOwner<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        var given = new GivenBody(body);
        try
        {
            return PublishAsync(in method, in properties, given.Memory, given, cancellationToken);
        }
        finally
        {
            given.Release();
        }
    }

    /// <inheritdoc cref="PostAsync(in BasicPublish, in BasicProperties, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="exchange">Where it goes; empty is the default exchange, whose keys are the names of queues.</param>
    /// <param name="routingKey">The key that the exchange routes by.</param>
    /// <param name="body">The message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask PostAsync(ShortString exchange, ShortString routingKey, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        PostAsync(new BasicPublish { Exchange = exchange, RoutingKey = routingKey }, default, body, cancellationToken);

    /// <summary>
    /// Publishes, and ends when the output has the message: at once, unless the window or the output is full. In confirm mode
    /// <see cref="ConfirmAllAsync"/> tells what became of all; without it nothing does. Await the result once.
    /// </summary>
    /// <inheritdoc cref="PublishAsync(in BasicPublish, in BasicProperties, ReadOnlyMemory{byte}, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    public ValueTask PostAsync(
        in BasicPublish method, in BasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
        PostAsync(in method, in properties, body, given: null, cancellationToken);

    /// <inheritdoc cref="PostAsync(in BasicPublish, in BasicProperties, ReadOnlyMemory{byte}, CancellationToken)"/>
    /// <param name="method">Where it goes. In confirm mode a mandatory message gets the header <see cref="PublishTagHeader"/>.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="body">
    /// The message, the whole of its memory. It is the channel's from here on, and disposed of once, however the call ends; large ones are sent from where
    /// they lie.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask PostAsync(
        in BasicPublish method, in BasicProperties properties, IMemoryOwner<byte> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        var given = new GivenBody(body);
        try
        {
            return PostAsync(in method, in properties, given.Memory, given, cancellationToken);
        }
        finally
        {
            given.Release();
        }
    }

    /// <summary>Waits until everything is answered that <c>PostAsync</c> has accepted so far, and counts how it ended since the last call.</summary>
    /// <param name="cancellationToken">Ends the wait; nothing is lost for the next call.</param>
    /// <exception cref="InvalidOperationException">The channel is not in confirm mode.</exception>
    public async ValueTask<ConfirmSummary> ConfirmAllAsync(CancellationToken cancellationToken = default)
    {
        ConfirmWaiter waiter;
        lock (Gate)
        {
            if (_confirms is null)
            {
                throw new InvalidOperationException("The channel is not in confirm mode; call ConfirmSelectAsync before posting.");
            }

            if (_confirms.IsEmpty)
            {
                return _confirms.TakeSummary();
            }

            waiter = new ConfirmWaiter(_confirms.NextTag - 1);
            _confirmWaiters.Add(waiter);
        }

        Output.Flush();
        try
        {
            return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (Gate)
            {
                if (!_confirmWaiters.Remove(waiter))
                {
                    _confirms.PutBack(waiter.Summary);
                }
            }

            throw;
        }
    }

    /// <summary>
    /// Reads the messages that came back and that no confirmed publish waits for: those of a channel that is not in confirm mode. The first call
    /// starts keeping them, 1,024 at most; one more drops the oldest.
    /// </summary>
    /// <exception cref="AmqpException">The channel has ended by a mistake or with its connection.</exception>
    public IAsyncEnumerable<ReturnedMessage> ReadReturnsAsync(CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            if (_returns is null)
            {
                _returns = Channel.CreateBounded<ReturnedMessage>(new BoundedChannelOptions(MaxReturns)
                {
                    FullMode = BoundedChannelFullMode.DropOldest,
                    SingleWriter = true,
                    AllowSynchronousContinuations = false,
                });
                if (_state == ChannelState.Closed)
                {
                    _returns.Writer.TryComplete(_reason!.IsOrderly ? null : CreateException());
                }
            }

            return _returns.Reader.ReadAllAsync(cancellationToken);
        }
    }

    internal void Recycle(PublishSource source) => _sources.Return(source);

    /// <summary>A caller has left its publish. Under the gate.</summary>
    internal void Abandon(PublishSource source)
    {
        // A queued one stays in the queue and is skipped when its turn comes.
        if (source.Phase == PublishPhase.Sent)
        {
            _confirms!.Replace(source.Tag, PublishSource.Left);
        }
    }

    /// <summary>Sends what waits, as far as there is room. Under the gate.</summary>
    /// <param name="ended">Gets those whose callers wanted no more than that.</param>
    /// <returns>Whether nothing waits any more.</returns>
    internal bool SendQueued(List<PublishSource> ended)
    {
        while (_queued.TryPeek(out var source))
        {
            if (source.Phase == PublishPhase.Abandoned)
            {
                _queued.Dequeue();
                continue;
            }

            if (!IsOpen)
            {
                return true;
            }

            if (!CanPublish)
            {
                return false;
            }

            _queued.Dequeue();
            var content = source.Content;
            AppendContent(content.Method, content.Properties, content.Body.Span, content.Given);
            if (source.IsTracked)
            {
                source.Send(_confirms!.Add(source));
            }
            else
            {
                _confirms?.Add(PublishSource.Posted);
                source.End(default(PublishOutcome));
                ended.Add(source);
            }
        }

        return true;
    }

    /// <summary>The broker has answered publishes. The reader.</summary>
    internal void HandleConfirm(ulong tag, bool multiple, bool isAck)
    {
        var ended = Output.RentList();
        ConfirmWaiter[] waiters = [];
        bool isKnown;
        lock (Gate)
        {
            isKnown = _confirms?.Answer(tag, multiple, isAck, ended) == true;
            if (_confirmWaiters.Count > 0)
            {
                waiters = TakeWaiters(all: false);
            }
        }

        Output.CompleteAndReturn(ended);
        foreach (var waiter in waiters)
        {
            waiter.Complete();
        }

        if (!isKnown)
        {
            Fail(new CloseReason(
                ErrorScope.Channel,
                CloseInitiator.Local,
                Constants.PreconditionFailed,
                $"PRECONDITION_FAILED - unknown delivery tag {tag}",
                isAck ? BasicAck.MethodKey : BasicNack.MethodKey));
        }
    }

    private ValueTask<PublishOutcome> PublishAsync(
        in BasicPublish method, in BasicProperties properties, ReadOnlyMemory<byte> body, GivenBody? given, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<PublishOutcome>(cancellationToken);
        }

        CheckHeaderFits(in properties);
        PublishSource source;
        bool isAlone = false;
        bool isBehind = false;
        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                return ValueTask.FromException<PublishOutcome>(exception);
            }

            if (_confirms is null)
            {
                SelectConfirms();
            }

            source = _sources.Rent();
            source.Begin(isTracked: true);
            bool hasRoom = CanPublish;
            if (hasRoom && _queued.Count == 0)
            {
                isAlone = _confirms!.IsEmpty;
                AppendContent(in method, in properties, body.Span, given);
                source.Send(_confirms.Add(source));
            }
            else
            {
                isBehind = hasRoom;
                Queue(source, new QueuedPublish(method, properties, body, given));
            }
        }

        var outcome = source.OutcomeTask;
        if (cancellationToken.CanBeCanceled)
        {
            source.Watch(cancellationToken);
        }

        if (isBehind)
        {
            Output.ServeWaiting();
        }

        // One alone is in a hurry; where more are under way, waiting a moment lets them travel together.
        if (isAlone)
        {
            Output.Flush();
        }
        else
        {
            Output.FlushSoon();
        }

        return outcome;
    }

    private ValueTask PostAsync(
        in BasicPublish method, in BasicProperties properties, ReadOnlyMemory<byte> body, GivenBody? given, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        CheckHeaderFits(in properties);
        PublishSource? source = null;
        bool isBehind = false;
        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                return ValueTask.FromException(exception);
            }

            bool hasRoom = CanPublish;
            if (hasRoom && _queued.Count == 0)
            {
                AppendContent(in method, in properties, body.Span, given);
                _confirms?.Add(PublishSource.Posted);
            }
            else
            {
                isBehind = hasRoom;
                source = _sources.Rent();
                source.Begin(isTracked: false);
                Queue(source, new QueuedPublish(method, properties, body, given));
            }
        }

        if (isBehind)
        {
            Output.ServeWaiting();
        }

        Output.FlushSoon();
        if (source is null)
        {
            return ValueTask.CompletedTask;
        }

        var accepted = source.AcceptedTask;
        if (cancellationToken.CanBeCanceled)
        {
            source.Watch(cancellationToken);
        }

        return accepted;
    }

    /// <summary>
    /// Whether a message may be appended; where others wait already, it goes behind them, and all are served at once. Under the gate.
    /// </summary>
    private bool CanPublish => _isFlowing && Connection.BlockedReason is null && _confirms is not { HasRoom: false } && Output.HasRoom;

    /// <summary>Under the gate.</summary>
    private PendingCall<bool>? SelectConfirms()
    {
        if (_isTransactional)
        {
            throw new InvalidOperationException("A transactional channel has no confirms; post, and commit.");
        }

        if (_confirms is not null)
        {
            return null;
        }

        // Tags count from here, so the answer need not be awaited.
        var call = new PendingCall<bool>(ConfirmSelect.MethodKey);
        _confirms = new ConfirmRing(_options.MaxUnconfirmed);
        AppendAcks();
        Output.Append(Number, default(ConfirmSelect));
        Enqueue(call);
        return call;
    }

    /// <summary>Under the gate.</summary>
    private void Queue(PublishSource source, in QueuedPublish content)
    {
        content.Given?.Share();
        source.Queue(in content);
        _queued.Enqueue(source);
        if (_queued.Count == 1)
        {
            Output.AddWaiting(this);
        }
    }

    /// <summary>Ends what was sent as in doubt, and what was not with the exception. Under the gate.</summary>
    private void EndPublishes(CloseReason reason, List<PublishSource> ended)
    {
        _confirms?.EndAll(reason, ended);
        while (_queued.TryDequeue(out var source))
        {
            if (source.Phase == PublishPhase.Queued)
            {
                source.End(CreateException());
                ended.Add(source);
            }
        }
    }

    /// <summary>Under the gate.</summary>
    private ConfirmWaiter[] TakeWaiters(bool all)
    {
        List<ConfirmWaiter>? taken = null;
        for (int index = 0; index < _confirmWaiters.Count; index++)
        {
            var waiter = _confirmWaiters[index];
            if (all || _confirms!.LowestTag > waiter.Tag)
            {
                waiter.Summary = _confirms!.TakeSummary();
                (taken ??= []).Add(waiter);
            }
        }

        if (taken is null)
        {
            return [];
        }

        _confirmWaiters.RemoveAll(taken.Contains);
        return [.. taken];
    }
}
