using AmqpToolkit.Broker.Connections;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V0_9_1;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.Classic;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.Channels;

/// <summary>
/// A channel's state. Owned by its connection and used by the connection's reader, save for what deliveries touch
/// (<see cref="Deliveries"/> and the members named so), which the gate of the connection's output guards.
/// </summary>
internal sealed partial class BrokerChannel(BrokerConnection connection, ushort number)
{
    private static readonly List<ChannelConsumer> NoConsumers = [];

    private Dictionary<byte[], ChannelConsumer>? _consumers;
    private List<ChannelConsumer>? _waitingForCredit;
    private int _consumersAfterSweep = 8;
    private volatile bool _isClosing;

    public BrokerConnection Connection => connection;

    public ushort Number => number;

    public VirtualHost VirtualHost => connection.VirtualHost;

    /// <summary>Whether channel.close was sent: all but close-ok and close is dropped.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>Whether the channel has given its deliveries back and gets no more. Under the output's gate.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>What content is awaited.</summary>
    public ContentState Content;

    /// <summary>The prefetch count of consumers to come (basic.qos with global = false); 0 for no limit.</summary>
    public ushort DefaultPrefetchCount { get; set; }

    /// <summary>The queue that was declared last: methods that name none mean it.</summary>
    public byte[]? LastQueueName { get; set; }

    /// <summary>Deliveries that are not settled. Under the output's gate.</summary>
    public DeliveryTagWindow<Unsettled> Deliveries { get; } = new(connection.Arena.ListOctetsCounter);

    /// <summary>The prefetch count that all consumers share (basic.qos with global = true); 0 for no limit. Under the output's gate.</summary>
    public ushort GlobalPrefetchCount { get; set; }

    /// <summary>Deliveries to consumers that are not settled. Under the output's gate.</summary>
    public int GlobalUnsettled { get; set; }

    /// <summary>Whether one more delivery fits the shared prefetch. Under the output's gate.</summary>
    public bool HasGlobalCredit => GlobalPrefetchCount == 0 || GlobalUnsettled < GlobalPrefetchCount;

    /// <summary>Consumers by tag. The reader alone changes it, under the output's gate: others look at it there.</summary>
    public Dictionary<byte[], ChannelConsumer> Consumers => _consumers ??= new Dictionary<byte[], ChannelConsumer>(Utf8Comparer.Instance);

    /// <summary>Remembers a consumer that the shared prefetch holds back. Under the output's gate.</summary>
    public void AddWaitingForCredit(ChannelConsumer consumer)
    {
        if (!consumer.IsWaitingForCredit)
        {
            consumer.IsWaitingForCredit = true;
            (_waitingForCredit ??= []).Add(consumer);
        }
    }

    /// <summary>The consumers that the shared prefetch holds back no longer. Under the output's gate.</summary>
    public List<ChannelConsumer> TakeWaitingForCredit()
    {
        if (_waitingForCredit is null || !HasGlobalCredit)
        {
            return NoConsumers;
        }

        var waiting = _waitingForCredit;
        _waitingForCredit = null;
        foreach (var consumer in waiting)
        {
            consumer.IsWaitingForCredit = false;
        }

        return waiting;
    }

    /// <summary>Sends a reply on this channel, unless it was closed from beside the reader: behind a close nothing comes. By the reader.</summary>
    public void Send<TMethod>(in TMethod method)
        where TMethod : struct, Codec.IMethod
    {
        lock (connection.Output.Gate)
        {
            if (!_isClosedLate)
            {
                connection.Send(number, in method);
            }
        }
    }

    /// <summary>The same for a reply that waits until what was appended to the journal before is kept.</summary>
    public void Hold<TMethod>(in TMethod method, CommitLevel level)
        where TMethod : struct, Codec.IMethod
    {
        lock (connection.Output.Gate)
        {
            if (!_isClosedLate)
            {
                connection.Hold(number, in method, level);
            }
        }
    }

    /// <summary>Sends a reply about definitions, when they are kept.</summary>
    /// <param name="method">The reply.</param>
    /// <param name="isKept">Whether it is about something that may be kept at all.</param>
    public void SendDefined<TMethod>(in TMethod method, bool isKept = true)
        where TMethod : struct, Codec.IMethod
    {
        if (isKept && VirtualHost.Store is { HasUncommittedDefinitions: true } store)
        {
            Hold(in method, store.DefinitionLevel);
        }
        else
        {
            Send(in method);
        }
    }

    /// <summary>The name of a method's queue, with the empty name's meaning; null, with an error, when there is none.</summary>
    public ProtocolError? ExpandQueueName(ReadOnlySpan<byte> given, out ReadOnlySpan<byte> name)
    {
        name = given;
        if (!given.IsEmpty)
        {
            return null;
        }

        name = LastQueueName;
        return LastQueueName is null ? ProtocolError.NotFound("no previously declared queue") : null;
    }

    /// <summary>A queue was deleted under a consumer of this channel. Any thread.</summary>
    public void HandleConsumerLost(ChannelConsumer consumer, Turn turn)
    {
        // Only the reader may touch the table of consumers: the tag is forgotten when it next looks.
        lock (connection.Output.Gate)
        {
            if (IsReleased || connection.IsClosed)
            {
                return;
            }

            if (connection.ClientTakesConsumerCancel)
            {
                AppendUnasked(new BasicCancel { ConsumerTag = consumer.ConsumerTag, NoWait = true }, turn);
            }
            else
            {
                connection.Words.AppendConsumerLost(this, consumer, turn);
            }
        }
    }

    /// <summary>Appends what the client has not asked for, behind the replies that wait if a turn of its own has brought it about. Under the output's gate; any thread.</summary>
    public void AppendUnasked<TMethod>(in TMethod method, Turn turn)
        where TMethod : struct, Codec.IMethod
    {
        if (!connection.TryHoldUnderGate(number, in method, turn))
        {
            connection.AppendUnderGate(number, in method);
            turn.Touch(connection.Output);
        }
    }

    /// <summary>Starts to close: everything but close-ok and close is dropped from here on.</summary>
    public void BeginClose(ProtocolError error)
    {
        lock (connection.Output.Gate)
        {
            if (_isClosing)
            {
                // The timer came first: it has told the client, and one answer comes back, not two.
                return;
            }

            _isClosing = true;
        }

        // First nothing is delivered any more, then the client hears why: behind the confirms of what it had published.
        Release();
        connection.SendChannelClose(this, new ChannelClose
        {
            ReplyCode = error.ReplyCode,
            ReplyText = error.ReplyText,
            ClassId = (ushort)(error.MethodKey >> 16),
            MethodId = (ushort)error.MethodKey,
        });
    }

    /// <summary>Gives back all that the channel holds: consumers, unsettled deliveries, what a transaction holds.</summary>
    public void Release()
    {
        Content.Reset();
        ReleasePublish();
        if (_consumers is not null)
        {
            foreach (var consumer in _consumers.Values)
            {
                RemoveConsumer(consumer);
            }

            lock (connection.Output.Gate)
            {
                _consumers.Clear();
            }
        }

        ReleaseTransaction();
        var returned = connection.SettledList;
        lock (connection.Output.Gate)
        {
            Deliveries.RemoveAll(returned);
            Deliveries.Trim();
            GlobalUnsettled = 0;
            _waitingForCredit = null;
            IsReleased = true;
            _timeoutEntry?.Cancel();
        }

        connection.Settle(returned, Outcome.Fail);
    }

    /// <summary>Forgets, now and then, the consumers whose queues were deleted: nobody cancels them by their tags.</summary>
    public void SweepConsumers()
    {
        if (Consumers.Count < _consumersAfterSweep * 2)
        {
            return;
        }

        foreach (var (tag, consumer) in Consumers)
        {
            if (consumer.IsCancelled)
            {
                ForgetConsumer(tag);
            }
        }

        _consumersAfterSweep = Math.Max(8, Consumers.Count);
    }

    /// <summary>The consumers whose queues are still there.</summary>
    public int CountConsumers() => Consumers.Values.Count(consumer => !consumer.IsCancelled);

    /// <summary>Notes a consumer by its tag, before its queue knows it.</summary>
    public void AddConsumer(byte[] tag, ChannelConsumer consumer)
    {
        lock (connection.Output.Gate)
        {
            Consumers.Add(tag, consumer);
        }
    }

    /// <summary>Takes a consumer's tag out, and nothing else.</summary>
    public ChannelConsumer? ForgetConsumer(ReadOnlySpan<byte> tag)
    {
        lock (connection.Output.Gate)
        {
            return Consumers.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(tag, out _, out var consumer) ? consumer : null;
        }
    }

    /// <summary>Whether the channel has been closed from beside the reader, which may have missed a consumer that was on its way.</summary>
    public bool IsLateFor(ChannelConsumer consumer)
    {
        lock (connection.Output.Gate)
        {
            return IsReleased && !consumer.IsCancelled;
        }
    }

    /// <summary>Takes a consumer off its queue, and the queue away if that was its last.</summary>
    public void RemoveConsumer(ChannelConsumer consumer)
    {
        ForgetReplyQueue(consumer.Queue);
        TakeOffQueue(consumer, connection.Turn);
    }

    private void TakeOffQueue(ChannelConsumer consumer, Turn turn)
    {
        bool isLast = consumer.Queue.RemoveConsumer(consumer, turn);
        lock (connection.Output.Gate)
        {
            if (consumer.IsWaitingForCredit)
            {
                _waitingForCredit?.Remove(consumer);
            }
        }

        if (isLast && VirtualHost.DeleteQueueIfUnused(consumer.Queue))
        {
            consumer.Queue.FinishClose(turn);
        }
    }
}
