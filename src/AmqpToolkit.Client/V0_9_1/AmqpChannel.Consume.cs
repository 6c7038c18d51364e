using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;

namespace AmqpToolkit.Client.V0_9_1;

/// <content>Consuming and settling (0-9-1 class basic).</content>
public sealed partial class AmqpChannel
{
    /// <summary>Deliveries that a consumer may hold unsettled when nothing else is said.</summary>
    public const ushort DefaultPrefetchCount = 256;

    private readonly Dictionary<byte[], AmqpConsumer> _consumers = new(OctetComparer.Instance);
    private readonly SettleWindow _settles = new();
    private readonly DeliveryPool _getPool;
    private AmqpConsumer? _lastConsumer;
    private ulong _staleUpTo;
    private int _prefetchCount;
    private bool _isAcking;

    /// <summary>Bounds the deliveries that may be unsettled (basic.qos).</summary>
    /// <param name="prefetchCount">How many; 0 is no bound.</param>
    /// <param name="global">RabbitMQ: false for each consumer that starts from now on, true for all of the channel together.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public async ValueTask QosAsync(ushort prefetchCount, bool global = false, CancellationToken cancellationToken = default)
    {
        var call = CallAsync(
            new BasicQos { PrefetchCount = prefetchCount, Global = global }, new PendingCall<bool>(BasicQos.MethodKey), cancellationToken);
        lock (Gate)
        {
            _prefetchCount = prefetchCount;
        }

        await call.ConfigureAwait(false);
    }

    /// <summary>Starts a consumer with a prefetch count of its own: basic.qos and basic.consume travel together.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="noAck">Whether deliveries count as acknowledged when they are sent; then there is no credit, see <see cref="AmqpConsumer"/>.</param>
    /// <param name="prefetchCount">Deliveries that may be unsettled; 0 is no bound.</param>
    /// <param name="cancellationToken">Ends the wait; a consumer that starts all the same is cancelled.</param>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public ValueTask<AmqpConsumer> ConsumeAsync(
        ShortString queue, bool noAck = false, ushort prefetchCount = DefaultPrefetchCount, CancellationToken cancellationToken = default) =>
        ConsumeAsync(new BasicConsume { Queue = queue, NoAck = noAck }, noAck ? null : prefetchCount, cancellationToken);

    /// <summary>Starts a consumer; its credit is what <see cref="QosAsync"/> set last.</summary>
    /// <inheritdoc cref="ConsumeAsync(ShortString, bool, ushort, CancellationToken)"/>
    public ValueTask<AmqpConsumer> ConsumeAsync(in BasicConsume method, CancellationToken cancellationToken = default) =>
        ConsumeAsync(method with { NoWait = false }, prefetchCount: null, cancellationToken);

    /// <summary>Fetches one message.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="noAck">Whether it counts as acknowledged when it is sent.</param>
    /// <param name="cancellationToken">Ends the wait; a message that comes all the same goes back to its queue.</param>
    /// <returns>The message, to be disposed of; null when the queue is empty.</returns>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public ValueTask<RetainedDelivery?> GetAsync(ShortString queue, bool noAck = false, CancellationToken cancellationToken = default) =>
        CallAsync(new BasicGet { Queue = queue, NoAck = noAck }, (PendingCall<RetainedDelivery?>)new PendingGet(noAck), cancellationToken);

    /// <summary>Puts every unsettled delivery back into its queue; RabbitMQ wants <paramref name="requeue"/> (basic.recover).</summary>
    /// <remarks>What was delivered before is void then: settling it returns false.</remarks>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public async ValueTask RecoverAsync(bool requeue = true, CancellationToken cancellationToken = default) =>
        await CallAsync(new BasicRecover { Requeue = requeue }, new PendingCall<bool>(BasicRecover.MethodKey), cancellationToken).ConfigureAwait(false);

    /// <summary>Makes the channel transactional: publishes and settlements count from the commit on (tx.select).</summary>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    /// <exception cref="InvalidOperationException">The channel is in confirm mode.</exception>
    public async ValueTask TxSelectAsync(CancellationToken cancellationToken = default)
    {
        lock (Gate)
        {
            if (_confirms is not null)
            {
                throw new InvalidOperationException("A channel in confirm mode cannot be transactional.");
            }

            if (IsOpen)
            {
                // What a rollback brings back can be settled again, so nothing is judged here.
                AppendAcks();
                _settles.StopTracking();
                _isTransactional = true;
            }
        }

        await CallAsync(default(TxSelect), noWait: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes everything since the last commit count (tx.commit).</summary>
    /// <exception cref="AmqpException">The channel has ended; whether the commit counts is not known.</exception>
    public ValueTask TxCommitAsync(CancellationToken cancellationToken = default) => CallAsync(default(TxCommit), noWait: false, cancellationToken);

    /// <summary>Undoes everything since the last commit (tx.rollback). Deliveries stay unsettled and are not delivered again by it.</summary>
    /// <exception cref="AmqpException">The channel has ended.</exception>
    public ValueTask TxRollbackAsync(CancellationToken cancellationToken = default) => CallAsync(default(TxRollback), noWait: false, cancellationToken);

    internal bool IsStale(ulong tag) => tag <= Volatile.Read(ref _staleUpTo);

    internal bool Ack(ulong tag, bool multiple)
    {
        lock (Gate)
        {
            if (!CanSettle(tag))
            {
                return false;
            }

            if (!_settles.IsTracking || multiple)
            {
                AppendAcks();
                SettleOthers(tag, multiple);
                Output.Append(Number, new BasicAck { DeliveryTag = tag, Multiple = multiple });
            }
            else if (_settles.Settle(tag, isAck: true))
            {
                if (!_isAcking)
                {
                    _isAcking = true;
                    Output.AddAcking(this);
                }
            }
            else
            {
                AppendAcks();
                Output.Append(Number, new BasicAck { DeliveryTag = tag });
            }
        }

        Output.FlushSoon();
        return true;
    }

    internal bool Nack(ulong tag, bool requeue, bool multiple) => Settle(tag, multiple, new BasicNack { DeliveryTag = tag, Requeue = requeue, Multiple = multiple });

    internal bool Reject(ulong tag, bool requeue) => Settle(tag, multiple: false, new BasicReject { DeliveryTag = tag, Requeue = requeue });

    /// <summary>Gives a delivery back that nobody has seen. Any thread.</summary>
    internal void GiveBack(ulong tag)
    {
        lock (Gate)
        {
            if (!IsOpen || tag <= _staleUpTo)
            {
                return;
            }

            AppendAcks();
            SettleOthers(tag, multiple: false);
            Output.Append(Number, new BasicNack { DeliveryTag = tag, Requeue = true });
        }

        Output.FlushSoon();
    }

    /// <summary>Writes the acks that have gathered. Under the gate; the output calls it with each flush.</summary>
    internal void AppendMergedAcks()
    {
        _isAcking = false;
        if (IsOpen)
        {
            AppendAcks();
        }
    }

    internal ValueTask<bool> CancelAsync(AmqpConsumer consumer) => consumer.Buffer.IsEnded ? new ValueTask<bool>(true) : CallAsync(
        new BasicCancel { ConsumerTag = consumer.TagOctets }, (PendingCall<bool>)new PendingCancel(consumer), CancellationToken.None);

    /// <summary>The channel is closing: deliveries that still come are discarded, and none of its buffers holds up the reader. Any thread.</summary>
    internal void StopConsumers()
    {
        AmqpConsumer[] consumers;
        lock (Gate)
        {
            consumers = [.. _consumers.Values];
        }

        foreach (var consumer in consumers)
        {
            consumer.Buffer.Stop();
        }
    }

    /// <summary>The reader.</summary>
    internal ProtocolError? HandleConsumeOk(ReadOnlySpan<byte> tag)
    {
        PendingConsume? call;
        AmqpConsumer consumer;
        lock (Gate)
        {
            // In one go with the call: the timer may end the channel meanwhile, and ends what it finds then.
            call = PeekCall(BasicConsumeOkView.MethodKey) as PendingConsume;
            if (call is null)
            {
                return OutOfTurn(BasicConsumeOkView.MethodKey);
            }

            consumer = new AmqpConsumer(
                this,
                tag.ToArray(),
                call.NoAck,
                call.Credit > 0 ? call.Credit : int.MaxValue,
                call.Credit > 0 ? long.MaxValue : _options.MaxBufferedOctets);
            if (!_consumers.TryAdd(consumer.TagOctets, consumer))
            {
                return ProtocolError.NotAllowed($"attempt to reuse consumer tag '{consumer.ConsumerTag}'").At(BasicConsumeOkView.MethodKey);
            }

            TakeCall(BasicConsumeOkView.MethodKey);
            if (!IsOpen)
            {
                consumer.Buffer.Stop();
            }
        }

        if (!call.Complete(consumer))
        {
            // Nobody waits for it any more.
            _ = consumer.DisposeAsync().AsTask();
        }

        return null;
    }

    /// <summary>The reader.</summary>
    internal ProtocolError? HandleCancelOk()
    {
        if (TakeCall(BasicCancelOkView.MethodKey) is not PendingCancel call)
        {
            return OutOfTurn(BasicCancelOkView.MethodKey);
        }

        Forget(call.Consumer);
        Connection.Input.FlushTouched();
        call.Consumer.Buffer.Complete(failure: null, dropsBuffered: false);
        call.Complete(true);
        return null;
    }

    /// <summary>The server ends a consumer. The reader.</summary>
    internal void HandleCancel(ReadOnlySpan<byte> tag, bool noWait)
    {
        if (FindConsumer(tag) is { } consumer)
        {
            ClientLog.ConsumerCancelled(Connection.Logger, Connection.Where, Number, consumer.ConsumerTag);
            Forget(consumer);
            var reason = new CloseReason(ErrorScope.None, CloseInitiator.Peer, 0, "basic.cancel: its queue may be gone", BasicCancel.MethodKey);
            Connection.Input.FlushTouched();
            consumer.Buffer.Complete(new ConsumerCancelledException(consumer.ConsumerTag, reason), dropsBuffered: false);
        }

        if (!noWait)
        {
            Answer(new BasicCancelOk { ConsumerTag = ShortString.CopyOf(tag) });
        }
    }

    /// <summary>The reader.</summary>
    internal ProtocolError? HandleRecoverOk()
    {
        AmqpConsumer[] consumers;
        lock (Gate)
        {
            AppendAcks();
            Volatile.Write(ref _staleUpTo, _lastTag);
            _settles.SettleUpTo(_lastTag);
            consumers = [.. _consumers.Values];
        }

        // What is void takes no room from what comes again in its place.
        Connection.Input.FlushTouched();
        foreach (var consumer in consumers)
        {
            consumer.Buffer.DropVoid();
        }

        return HandleDone(BasicRecoverOkView.MethodKey);
    }

    private ValueTask<AmqpConsumer> ConsumeAsync(BasicConsume method, ushort? prefetchCount, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<AmqpConsumer>(cancellationToken);
        }

        PendingConsume call;
        lock (Gate)
        {
            if (WhyNotOpen() is { } exception)
            {
                return ValueTask.FromException<AmqpConsumer>(exception);
            }

            AppendAcks();
            if (prefetchCount is { } count)
            {
                _prefetchCount = count;
                Output.Append(Number, new BasicQos { PrefetchCount = count });
                Enqueue(new PendingCall<bool>(BasicQos.MethodKey));
            }

            call = new PendingConsume(method.NoAck, method.NoAck ? 0 : _prefetchCount);
            Output.Append(Number, in method);
            Enqueue(call);
        }

        Output.Flush();
        return call.WaitAsync(cancellationToken);
    }

    private AmqpConsumer? FindConsumer(ReadOnlySpan<byte> tag)
    {
        if (_lastConsumer is { } last && tag.SequenceEqual(last.TagOctets))
        {
            return last;
        }

        return _consumers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(tag, out var consumer) ? _lastConsumer = consumer : null;
    }

    private void Forget(AmqpConsumer consumer)
    {
        _lastConsumer = null;
        lock (Gate)
        {
            _consumers.Remove(consumer.TagOctets);
        }
    }

    private bool Settle<TMethod>(ulong tag, bool multiple, in TMethod method)
        where TMethod : struct, IMethod
    {
        lock (Gate)
        {
            if (!CanSettle(tag))
            {
                return false;
            }

            AppendAcks();
            SettleOthers(tag, multiple);
            Output.Append(Number, in method);
        }

        Output.FlushSoon();
        return true;
    }

    /// <summary>Under the gate.</summary>
    private bool CanSettle(ulong tag)
    {
        if (!IsOpen || tag <= _staleUpTo)
        {
            return false;
        }

        return !_settles.IsTracking || !_settles.IsSettled(tag)
            ? true
            : throw new InvalidOperationException($"Delivery {tag} was settled before.");
    }

    /// <summary>Notes what a method settles that is written at once. Under the gate.</summary>
    private void SettleOthers(ulong tag, bool multiple)
    {
        if (!_settles.IsTracking)
        {
            return;
        }

        if (multiple)
        {
            _settles.SettleUpTo(tag);
        }
        else
        {
            _settles.Settle(tag, isAck: false);
        }
    }

    /// <summary>Under the gate.</summary>
    private void AppendAcks()
    {
        while (_settles.HasPending && _settles.TryTakePending(out ulong tag, out bool multiple))
        {
            Output.Append(Number, new BasicAck { DeliveryTag = tag, Multiple = multiple });
        }
    }
}
