using AmqpToolkit.Broker.Channels;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;

namespace AmqpToolkit.Broker.Connections;

/// <content>
/// What one receive brings, gathered: publishes that go the same way, settlements, confirms. Each queue's lock is taken once, each output is
/// flushed once.
/// </content>
internal sealed partial class BrokerConnection
{
    private const long MinIncompleteBoundOctets = 64 * 1024 * 1024;

    /// <summary>Settlements of the batch at hand. A batch never leaves its thread, so that connections share the list that its size needs.</summary>
    [ThreadStatic]
    private static List<Unsettled>? t_settled;

    [ThreadStatic]
    private static RouteCollector? t_routes;

    [ThreadStatic]
    private static PropertiesEditor? t_editor;

    private readonly IncomingBatch _batch;
    private readonly List<ChannelConsumer> _resumed = [];
    private readonly List<BrokerChannel> _confirming = [];
    private List<BrokerChannel>? _incomplete;
    private BrokerChannel? _lastIncomplete;
    private PublishState? _batchState;
    private Outcome _settledOutcome;
    private byte[] _input = [];
    private long _incompleteOctets;

    /// <summary>Where routes are gathered.</summary>
    public RouteCollector Routes => t_routes ??= new RouteCollector();

    /// <summary>Changes properties of messages that need it.</summary>
    public PropertiesEditor Editor => t_editor ??= new PropertiesEditor();

    private static List<Unsettled> Settled => t_settled ??= [];

    /// <summary>An empty list for deliveries that are settled at once with <see cref="Settle(List{Unsettled}, Outcome)"/>.</summary>
    public List<Unsettled> SettledList
    {
        get
        {
            FlushSettled();
            return Settled;
        }
    }

    /// <summary>The list of deliveries with this outcome.</summary>
    public List<Unsettled> SettledListFor(Outcome outcome)
    {
        if (Settled.Count > 0 && _settledOutcome != outcome)
        {
            FlushSettled();
        }

        _settledOutcome = outcome;
        return Settled;
    }

    /// <summary>Settles what the list has gained, with the rest of the batch where the order does not matter.</summary>
    public void SettleLater(List<Unsettled> settled, Outcome outcome, List<ChannelConsumer> resumed)
    {
        ResumeLater(resumed);
        if (outcome != Outcome.Accept || settled.Count >= Settlement.MaxGathered)
        {
            if (outcome != Outcome.Accept)
            {
                Holding.MarkWriting();
            }

            FlushPublishes();
            FlushSettled();
        }
    }

    /// <summary>Lets consumers that the shared prefetch held back go on at the end of the batch.</summary>
    public void ResumeLater(List<ChannelConsumer> resumed) => _resumed.AddRange(resumed);

    /// <summary>Settles and empties the list.</summary>
    public void Settle(List<Unsettled> settled, Outcome outcome) => Settlement.Settle(settled, outcome, Turn);

    /// <summary>Lets consumers that the shared prefetch held back go on.</summary>
    public void Resume(List<ChannelConsumer> consumers)
    {
        foreach (var consumer in consumers)
        {
            consumer.Queue.Resume(consumer, Turn);
        }
    }

    /// <summary>The batch, set on the way of <paramref name="state"/>.</summary>
    public IncomingBatch BatchFor(PublishState state)
    {
        if (!ReferenceEquals(_batchState, state) || _batch.Count == 0)
        {
            FlushPublishes();
            _batchState = state;
            _batch.SetRoute(state.Exchange, state.ExchangeOctets, state.RoutingKey, state.RoutingKeyOctets);
        }

        return _batch;
    }

    /// <summary>Hands the gathered publishes to their queues.</summary>
    public void FlushPublishes()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        var state = _batchState!;
        _batch.IsShared = state.TargetCount > 1;
        _batch.Group = Turn.Group;
        try
        {
            for (int index = 0; index < state.TargetCount; index++)
            {
                state.Targets[index].Publish(_batch, index == state.TargetCount - 1, Turn);
            }

            if (_batch.Refused.Count > 0)
            {
                state.Channel.HandleRefused(_batch.Refused, _batch.Count);
            }

            if (_batch.Written is { } level)
            {
                state.Channel.HandleWritten(level);
            }
        }
        finally
        {
            _batch.Clear();
        }
    }

    /// <summary>Hands the gathered settlements to their queues.</summary>
    public void FlushSettled()
    {
        if (Settled.Count > 0)
        {
            Settle(Settled, _settledOutcome);
        }

        if (_resumed.Count > 0)
        {
            Resume(_resumed);
            _resumed.Clear();
        }
    }

    /// <summary>A channel has publishes to confirm.</summary>
    public void AddConfirming(BrokerChannel channel)
    {
        if (_confirming.Count == 0 || !ReferenceEquals(_confirming[^1], channel))
        {
            _confirming.Add(channel);
        }
    }

    /// <summary>Counts octets of messages that are not whole: a connection with many channels must not hold any number of them.</summary>
    /// <returns>False when they are more than four of the largest messages, and more than 64 MiB.</returns>
    public bool TryCountIncomplete(int octets) =>
        (_incompleteOctets += octets) <= Math.Max(MinIncompleteBoundOctets, 4 * MaxMessageOctets);

    /// <summary>The message is whole, or given up.</summary>
    public void UncountIncomplete(long octets) => _incompleteOctets -= octets;

    /// <summary>A channel has begun a message that is not whole.</summary>
    public void AddIncomplete(BrokerChannel channel)
    {
        if (_lastIncomplete is not null && !ReferenceEquals(_lastIncomplete, channel))
        {
            (_incomplete ??= []).Add(_lastIncomplete);
        }

        _lastIncomplete = channel;
    }

    /// <summary>The message is whole.</summary>
    public void RemoveIncomplete(BrokerChannel channel)
    {
        if (ReferenceEquals(_lastIncomplete, channel))
        {
            _lastIncomplete = null;
        }
        else
        {
            _incomplete?.Remove(channel);
        }
    }

    private void SendConfirms()
    {
        foreach (var channel in _confirming)
        {
            channel.SendConfirm();
        }

        _confirming.Clear();
    }

    private void BeginBatch(byte[] buffer)
    {
        _input = buffer;
        Holding.Begin();
        _batch.Begin(buffer);
    }

    private void FlushBatch()
    {
        FlushPublishes();
        FlushSettled();
    }

    private void EndBatch()
    {
        FlushBatch();
        SendConfirms();
        if (_lastIncomplete is not null)
        {
            PutAside(_lastIncomplete);
            _lastIncomplete = null;
        }

        if (_incomplete is { Count: > 0 })
        {
            foreach (var channel in _incomplete)
            {
                PutAside(channel);
            }

            _incomplete.Clear();
        }

        _batch.End();
        _input = [];
        PromiseHeld();
        Turn.End();
        _broker.Memory.Check();

        static void PutAside(BrokerChannel channel)
        {
            if (!channel.Content.IsIdle)
            {
                channel.PutAside();
            }
        }
    }
}
