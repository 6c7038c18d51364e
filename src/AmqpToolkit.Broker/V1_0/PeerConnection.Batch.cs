using AmqpToolkit.Broker.Conversion;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;
using AmqpToolkit.Storage.Journaling;

namespace AmqpToolkit.Broker.V1_0;

/// <content>What one receive brings, gathered: messages that go the same way, outcomes, credit. Each queue's lock is taken once, the output is flushed once.</content>
internal sealed partial class PeerConnection
{
    private const long MinIncompleteBoundOctets = 64 * 1024 * 1024;

    /// <summary>Octets of an outcome that is said back: less than the smallest frame has.</summary>
    private const int MaxEchoedOctets = 256;

    /// <summary>Octets of an outcome whose annotations are merged into messages.</summary>
    private const int MaxMergedOctets = 4096;

    [ThreadStatic]
    private static List<Unsettled>? t_settled;

    [ThreadStatic]
    private static RouteCollector? t_routes;

    [ThreadStatic]
    private static OctetBuffer? t_edited;

    private readonly IncomingBatch _batch;
    private readonly List<ulong> _batchSequences = [];
    private readonly List<IncomingLink> _toGrant = [];
    private readonly List<BrokerSession> _toCommit = [];
    private readonly List<(Unsettled Delivery, Outcome Outcome)> _otherwiseSettled = [];
    private IncomingLink? _batchLink;
    private Outcome _settledOutcome;
    private byte[] _input = [];
    private CommitLevel? _keptLevel;
    private long _incompleteOctets;

    /// <summary>Where routes are gathered.</summary>
    public RouteCollector Routes => t_routes ??= new RouteCollector();

    private static List<Unsettled> Settled => t_settled ??= [];

    /// <summary>An empty list for deliveries that are settled at once.</summary>
    private List<Unsettled> SettledList
    {
        get
        {
            FlushSettled();
            return Settled;
        }
    }

    /// <summary>Takes a message on its way, which the link has found.</summary>
    /// <param name="link">Where it came.</param>
    /// <param name="message">The message.</param>
    /// <param name="sequence">Its number; 0 when its sender does not wait for an outcome.</param>
    /// <param name="isWhole">Whether it lies in the receive buffer.</param>
    public void Publish(IncomingLink link, scoped in IncomingMessage message, ulong sequence, bool isWhole)
    {
        Holding.MarkPublishing();
        var way = link.Way;
        if (way.NeedsHeaders || message.MayHaveCopies)
        {
            PublishAlone(link, in message, sequence);
            return;
        }

        if (way.TargetCount == 0)
        {
            if (sequence != 0)
            {
                FlushPublishes();
                link.Session.Dispose(sequence, way.IsTaken ? Outcomes.Accepted : Outcomes.Released, link.Link);
            }

            return;
        }

        BatchFor(link);
        _batchSequences.Add(sequence);
        if (isWhole && message.DeliveryAnnotations.End == 0 && message.Octets.Length - message.BodyStart < LargeBody.ThresholdOctets)
        {
            int start = OffsetInInput(message.Octets);
            _batch.Add(start, message.BodyStart, start + message.BodyStart, message.Octets.Length - message.BodyStart, message.Flags);
        }
        else
        {
            _batch.Add(Store(way, in message));
        }

        if (_batch.IsFull)
        {
            FlushPublishes();
        }
    }

    /// <summary>Hands the gathered messages to their queues.</summary>
    public void FlushPublishes()
    {
        if (_batch.Count == 0)
        {
            return;
        }

        var link = _batchLink!;
        var way = link.Way;
        _batch.IsShared = way.TargetCount > 1;
        try
        {
            for (int index = 0; index < way.TargetCount; index++)
            {
                way.Targets[index].Publish(_batch, index == way.TargetCount - 1, Turn);
            }

            _batch.Refused.Sort();
            var written = _batch.Written;
            if (TakeKeptLevel() is { } kept && (written is null || kept > written))
            {
                written = kept;
            }

            link.Session.HandlePublished(_batchSequences, _batch.Refused, written, link.Link);
        }
        finally
        {
            _batch.Clear();
            _batchSequences.Clear();
        }
    }

    /// <summary>A link's sender gets new credit at the end of the batch.</summary>
    public void GrantLater(IncomingLink link)
    {
        if (_toGrant.Count == 0 || !ReferenceEquals(_toGrant[^1], link))
        {
            _toGrant.Add(link);
        }
    }

    /// <summary>A session's senders wait for the journal.</summary>
    public void CommitLater(BrokerSession session)
    {
        if (!_toCommit.Contains(session))
        {
            _toCommit.Add(session);
        }
    }

    /// <summary>Counts octets of messages that are not whole.</summary>
    /// <returns>False when they are more than four of the largest messages, and more than 64 MiB.</returns>
    public bool TryCountIncomplete(int octets) =>
        (_incompleteOctets += octets) <= Math.Max(MinIncompleteBoundOctets, 4 * MaxMessageOctets);

    /// <summary>The message is whole, or given up.</summary>
    public void UncountIncomplete(long octets) => _incompleteOctets -= octets;

    /// <summary>A message that exchanges look into, or may: its way is its own.</summary>
    private void PublishAlone(IncomingLink link, scoped in IncomingMessage message, ulong sequence)
    {
        FlushPublishes();
        var way = link.Way;
        var stored = Store(way, in message);
        var collector = Routes;
        collector.Clear();
        RouteSections.Route(VirtualHost, way.Target!, Broker.Arena.Read(stored), collector);
        _keptLevel = collector.HandToKeepers(Broker.Arena, stored, Turn);
        way.SetTargets(WithoutNotLocal(collector.Queues));
        way.IsTaken = way.TargetCount == 0 && collector.Count > 0;
        way.RoutingVersion = -1;
        if (way.TargetCount == 0)
        {
            Broker.Arena.Release(stored);
            var kept = TakeKeptLevel();
            if (sequence != 0 && (collector.IsHeld || way.IsTaken))
            {
                link.Session.HandlePublished([sequence], [], kept, link.Link);
            }
            else if (sequence != 0)
            {
                link.Session.Dispose(sequence, Outcomes.Released, link.Link);
            }

            return;
        }

        BatchFor(link);
        _batchSequences.Add(sequence);
        _batch.Add(stored);
        FlushPublishes();
    }

    /// <summary>When what exchanges keep of the message at hand counts as kept.</summary>
    private CommitLevel? TakeKeptLevel()
    {
        var level = _keptLevel;
        _keptLevel = null;
        return level;
    }

    private void BatchFor(IncomingLink link)
    {
        if (!ReferenceEquals(_batchLink, link) || _batch.Count == 0)
        {
            FlushPublishes();
            _batchLink = link;
            _batch.SetRoute(link.Way.Exchange, link.Way.ExchangeOctets, link.Way.RoutingKey, link.Way.RoutingKeyOctets);
        }
    }

    private MessageRef Store(PublishWay way, scoped in IncomingMessage message)
    {
        var properties = message.Octets[..message.BodyStart];
        var (start, end) = message.DeliveryAnnotations;
        if (end > 0)
        {
            // They were for this hop alone (section 3.2.2).
            var edited = t_edited ??= new OctetBuffer();
            edited.Clear();
            edited.Add(properties[..start]);
            edited.Add(properties[end..]);
            properties = edited.Written;
        }

        var body = message.Octets[message.BodyStart..];
        LargeBody? large = null;
        if (body.Length >= LargeBody.ThresholdOctets)
        {
            large = new LargeBody(Broker.Arena);
            large.Append(body);
            body = default;
        }

        return Broker.Arena.Store(new MessageContent
        {
            Exchange = way.Exchange.AsSpan(0, way.ExchangeOctets),
            RoutingKey = way.RoutingKey.AsSpan(0, way.RoutingKeyOctets),
            Properties = properties,
            Body = body,
            Large = large,
            Flags = message.Flags,
        });
    }

    /// <summary>The peer tells what became of deliveries, of the broker's or of its own.</summary>
    private void HandleDisposed(scoped in EngineEvent found)
    {
        ulong at = found.Sequence;
        if (!found.IsOfOutgoing && !found.IsSettled)
        {
            // What a sender says before it settles is not asked for here.
            return;
        }

        if (!found.IsOfOutgoing)
        {
            lock (Output.Gate)
            {
                // A sender that settles has heard the outcome.
                while (found.Session!.TryTakeDisposed(in found, ref at, out _, out _))
                {
                }
            }

            return;
        }

        if (found.Session!.Owner is not BrokerSession session)
        {
            return;
        }

        bool isKnown = Outcomes.TryRead(found.State, out var outcome, out var annotations);
        if (found.State.Length > MaxMergedOctets)
        {
            annotations = default;
        }

        if (!isKnown && !found.IsSettled)
        {
            return;
        }

        if (annotations.Count > 0 && outcome is Outcome.Release or Outcome.Fail or Outcome.UndeliverableHere)
        {
            FlushSettled();
        }

        // What goes back is written down as well, and makes no room in the journal.
        if (outcome != Outcome.Accept)
        {
            Holding.MarkWriting();
        }

        Gather(session, in found, isKnown, outcome);
        if (annotations.Count > 0 && outcome is Outcome.Release or Outcome.Fail or Outcome.UndeliverableHere)
        {
            AnnotationMerger.Merge(Broker.Arena, Settled, annotations);
        }

        if (Settled.Count >= Settlement.MaxGathered)
        {
            // What goes back goes in one step as far as possible: between two, younger messages would overtake.
            FlushPublishes();
            FlushSettled();
        }
    }

    private void Gather(BrokerSession session, scoped in EngineEvent found, bool isKnown, Outcome outcome)
    {
        if (Settled.Count > 0 && _settledOutcome != outcome)
        {
            FlushSettled();
        }

        // What no small frame carries is not said again: that it is settled is enough.
        var state = found.IsSettled || found.State.Length > MaxEchoedOctets ? default : EncodedValue.CopyOf(found.State);
        ulong at = found.Sequence;
        lock (Output.Gate)
        {
            while (session.Engine.TryTakeDisposed(in found, ref at, out ulong sequence, out _))
            {
                if (!session.Deliveries.TryRemove(sequence, out var delivery))
                {
                    continue;
                }

                if (!found.IsSettled)
                {
                    session.Engine.DisposeOutgoing(sequence, state, settled: true);
                }

                var consumer = (OutgoingLink)delivery.Consumer!;
                if (consumer.IsBrowsing)
                {
                    continue;
                }

                var own = isKnown ? outcome : consumer.DefaultOutcome;
                if (own != outcome && Settled.Count > 0)
                {
                    // Links of a session may each have their own: gathered apart, settled below.
                    _otherwiseSettled.Add((delivery, own));
                    continue;
                }

                outcome = own;
                Settled.Add(delivery);
            }
        }

        _settledOutcome = outcome;
        foreach (var (delivery, own) in _otherwiseSettled)
        {
            delivery.Queue.Settle([delivery], own, Turn);
        }

        _otherwiseSettled.Clear();
    }

    private void FlushSettled()
    {
        if (Settled.Count == 0)
        {
            return;
        }

        if (_settledOutcome == Outcome.UndeliverableHere)
        {
            SettleUndeliverable(Settled);
        }
        else
        {
            Settlement.Settle(Settled, _settledOutcome, Turn);
        }
    }

    /// <summary>
    /// What a link does not want again (section 3.4.5, undeliverable-here): where there is somewhere to go for what is undeliverable it goes there, as with RabbitMQ; else it goes back, but not to this link.
    /// </summary>
    private void SettleUndeliverable(List<Unsettled> deliveries)
    {
        Unsettled[] all = [.. deliveries];
        deliveries.Clear();
        foreach (var delivery in all)
        {
            var link = (OutgoingLink)delivery.Consumer!;
            bool isOwn = link.Walk is { DropsRefused: true };
            bool goesBack = delivery.Queue is StreamQueue || (delivery.Queue.Settings.DeadLetterExchange is null && !isOwn);
            if (goesBack && delivery.Queue is not StreamQueue && !delivery.Queue.TryExclude(link, delivery.Message))
            {
                lock (Output.Gate)
                {
                    link.End(new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "too many messages wait that are not to come over this link"));
                }
            }

            delivery.Queue.Settle([delivery], goesBack ? Outcome.Fail : Outcome.Reject, Turn);
        }
    }

    private void BeginBatch(byte[] buffer)
    {
        _input = buffer;
        Holding.Begin();
        _batch.Begin(buffer);
    }

    private bool HasGathered => _batch.Count > 0 || Settled.Count > 0;

    private void FlushBatch()
    {
        FlushPublishes();
        FlushSettled();
    }

    private void EndBatch()
    {
        FlushBatch();
        _batch.End();
        _batchLink = null;
        _input = [];
        lock (Output.Gate)
        {
            foreach (var link in _toGrant)
            {
                link.GrantCredit();
            }

            _engine.Flush();
        }

        _toGrant.Clear();
        foreach (var session in _toCommit)
        {
            session.Commit();
        }

        _toCommit.Clear();
        Turn.Touch(Output);
        Turn.End();
        Broker.Memory.Check();
    }
}
