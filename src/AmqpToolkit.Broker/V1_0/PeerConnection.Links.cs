using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Diagnostics;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>Links that are attached to nodes (1.0 sections 2.6.3 and 3.5).</content>
internal sealed partial class PeerConnection
{
    private static ReadOnlySpan<byte> PriorityProperty => "rabbitmq:priority"u8;

    /// <summary>Finds an exchange that may be published to with this key (RabbitMQ's rows 38 to 41).</summary>
    public ProtocolError? FindWritableExchange(ReadOnlySpan<byte> name, ReadOnlySpan<byte> routingKey, out Exchange? exchange)
    {
        exchange = null;
        if ((Caller.Rights.CheckExchange(AccessKind.Write, name) ?? VirtualHost.LookupExchange(name, out exchange)) is { } refused)
        {
            return refused;
        }

        return exchange!.Internal
            ? ProtocolError.AccessRefused($"cannot publish to internal exchange '{exchange.NameText}' in vhost '{VirtualHost.Name}'")
            : Caller.Rights.CheckTopic(AccessKind.Write, exchange, routingKey);
    }

    private void HandleAttached(scoped in EngineEvent found)
    {
        var link = found.Link!;
        if (found.Session!.Owner is not BrokerSession session || AttachView.TryParse(found.Performative, out var attach, out _) != DecodeError.None)
        {
            return;
        }

        var fault = link.Role == Role.Receiver ? AttachIncoming(session, link, in attach) : AttachOutgoing(session, link, in attach);
        EndMaking(isRefused: fault is not null);
        if (fault is null)
        {
            Steal(link);
        }
        else
        {
            Log.LinkRefused(Broker.Logger, Name, link.Name, $"{fault.Condition}: {fault.Description}");
            lock (Output.Gate)
            {
                link.Refuse(fault);
            }
        }
    }

    /// <summary>A link of the same name and direction that is attached already gives way to the new one (section 2.6.1), now that nothing stands against that.</summary>
    private void Steal(Link link)
    {
        foreach (var session in _sessions)
        {
            foreach (object other in session.Links)
            {
                var attached = other is OutgoingLink outgoing ? outgoing.Link : ((IncomingLink)other).Link;
                if (IsSame(attached, link) && !attached.IsDetaching)
                {
                    lock (Output.Gate)
                    {
                        attached.Detach(closed: true, new AmqpFault(LinkError.Texts.Stolen, $"link '{link.Name}' was attached again"));
                    }

                    ReleaseClosed(attached);
                    return;
                }
            }
        }
    }

    /// <summary>Whether a link is another of the name and direction.</summary>
    private static bool IsSame(Link attached, Link link) => attached.Role == link.Role && attached.Name == link.Name && !ReferenceEquals(attached, link);

    /// <summary>Whether a consumer is the link of this connection that a new one takes the place of.</summary>
    private bool IsReplaced(Consumer consumer, Link link) => consumer is OutgoingLink other && ReferenceEquals(other.Session.Connection, this) && IsSame(other.Link, link);

    /// <summary>The peer wants to send.</summary>
    private AmqpFault? AttachIncoming(BrokerSession session, Link link, in AttachView attach)
    {
        if (attach.Target.Kind == AnyTarget.Member.Coordinator)
        {
            return new AmqpFault(AmqpError.Texts.NotImplemented, "there are no transactions");
        }

        if (attach.Target.Kind != AnyTarget.Member.Target || attach.Target.ParseTarget(out var target) != DecodeError.None)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "a sender needs a target");
        }

        if (target.Address.TryGetAddressString(out var address) && address.SequenceEqual(ManagementPair.Address))
        {
            return AttachManagement(session, link, in attach);
        }

        NodeAddress? node = null;
        DynamicNode? dynamic = null;
        if (target.Dynamic)
        {
            if (MakeNode(target.DynamicNodeProperties, out dynamic) is { } refused)
            {
                return refused;
            }

            node = NodeAddress.OfQueue(dynamic!.Queue.Name);
        }
        else if (target.Address.TryGetAddressString(out var text) && (ReadAddress(text, target.Capabilities, out node) ?? CheckTarget(node!)) is { } refused)
        {
            return refused;
        }
        else if (node is null && target.HasAddress)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "the address is no text");
        }

        bool mayReject = attach.Source.Kind != AnySource.Member.Source || attach.Source.ParseSource(out var source) != DecodeError.None || !source.HasOutcomes
            || source.Outcomes.ContainsSymbol("amqp:rejected:list"u8);
        var incoming = new IncomingLink(session, link, node) { Dynamic = dynamic, MayReject = mayReject };
        var reply = new Attach
        {
            SndSettleMode = attach.SndSettleMode,
            RcvSettleMode = attach.RcvSettleMode,
            Source = ValueOf(attach.Source.Octets),
            Target = new Target
            {
                Address = dynamic is null ? ValueOf(target.Address.Octets) : dynamic.Address,
                Dynamic = dynamic is not null,
                DynamicNodeProperties = dynamic?.Properties ?? default,
                Capabilities = node is null ? default : TerminusCapabilities.Of(target.Capabilities, dynamic is not null, node is { Queue: null }),
            },
            MaxMessageSize = (ulong)MaxMessageOctets,
        };
        if (CheckAnswer(link, reply) is { } unanswerable)
        {
            dynamic?.HandleClosed(this);
            return unanswerable;
        }

        lock (Output.Gate)
        {
            link.Attach(reply);
            incoming.GrantCredit();
        }

        link.Owner = incoming;
        session.Links.Add(incoming);
        return null;
    }

    private AmqpFault? CheckTarget(NodeAddress node)
    {
        if (node.IsMade && (Caller.Rights.CheckExchange(AccessKind.Write, node.Exchange)?.ToFault() ?? Make(node)) is { } refused)
        {
            return refused;
        }

        if (node.Queue is { } queue && VirtualHost.FindQueue(queue) is null)
        {
            return TopologyErrors.Missing(TopologyErrors.QueueText(VirtualHost.Name, queue)).ToFault();
        }

        return FindWritableExchange(node.Exchange, node.Key, out _)?.ToFault();
    }

    /// <summary>The peer wants to receive.</summary>
    private AmqpFault? AttachOutgoing(BrokerSession session, Link link, in AttachView attach)
    {
        if (attach.Source.Kind == AnySource.Member.None)
        {
            return Recover(session, link, in attach, default);
        }

        if (attach.Source.Kind != AnySource.Member.Source || attach.Source.ParseSource(out var source) != DecodeError.None)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "a receiver needs a source");
        }

        if (source.Address.TryGetAddressString(out var address) && address.SequenceEqual(ManagementPair.Address))
        {
            return AttachManagement(session, link, in attach);
        }

        if (!source.Dynamic && !source.HasAddress)
        {
            // Libraries that always send a source ask this way.
            return Recover(session, link, in attach, source.Capabilities);
        }

        DynamicNode? dynamic = null;
        if ((source.Dynamic ? MakeNode(source.DynamicNodeProperties, out dynamic) : null) is { } refused)
        {
            return refused;
        }

        NodeAddress? node = null;
        var queue = dynamic?.Queue;
        if (queue is null && FindSource(in source, out node, out queue) is { } missing)
        {
            return missing;
        }

        var terms = node is { Queue: null } ? SubscriptionTerms.Of(in source, _container, link.Name) : null;
        var filters = new SourceFilters();
        if (filters.Read(source.Filter, queue is StreamQueue, terms is { IsShared: false }, Broker.Options.TimeProvider) is { } unusable)
        {
            dynamic?.HandleClosed(this);
            return unusable;
        }

        if (terms is null)
        {
            return AttachQueue(session, link, in attach, in source, queue!, dynamic, filters);
        }

        if (terms.QueueName is null)
        {
            return AttachSubscription(session, link, in attach, in source, node!, terms, filters);
        }

        // Finding a subscription and attaching to it are one step where others may have it, too.
        using (HoldSubscriptions())
        {
            return AttachSubscription(session, link, in attach, in source, node!, terms, filters);
        }
    }

    private AmqpFault? AttachSubscription(
        BrokerSession session, Link link, in AttachView attach, in SourceView source, NodeAddress node, SubscriptionTerms terms, SourceFilters filters)
    {
        OutgoingLink? outgoing = null;
        Attach reply = default;
        var fault = FindSubscription(node, link, terms, out var subscription)
            ?? CheckFilters(subscription!, link, filters.Meaning)
            ?? PrepareSource(session, link, in attach, in source, subscription!.Queue, null, filters, subscription, out outgoing, out reply)
            ?? Bind(subscription!, node);
        if (fault is not null)
        {
            subscription?.GiveUp(this);
            return fault;
        }

        if (terms.QueueName is not null)
        {
            TakeOver(session, subscription!);
            if (!subscription!.IsNew)
            {
                BeginAnew(subscription.Queue, node);
            }
        }

        fault = Consume(outgoing!, reply);
        if (fault is not null)
        {
            // The queue went, or became somebody's own, in this moment.
            subscription!.GiveUp(this);
        }

        return fault;
    }

    private AmqpFault? AttachQueue(
        BrokerSession session, Link link, in AttachView attach, in SourceView source, MessageQueue queue, DynamicNode? dynamic, SourceFilters filters)
    {
        var fault = PrepareSource(session, link, in attach, in source, queue, dynamic, filters, null, out var outgoing, out var reply) ?? Consume(outgoing!, reply);
        if (fault is not null)
        {
            dynamic?.HandleClosed(this);
        }

        return fault;
    }

    /// <summary>Makes the receiver of a queue, and the answer that says what it has. Nothing is changed yet.</summary>
    private AmqpFault? PrepareSource(
        BrokerSession session, Link link, in AttachView attach, in SourceView source, MessageQueue queue, DynamicNode? dynamic, SourceFilters filters, Subscription? subscription,
        out OutgoingLink? outgoing, out Attach reply)
    {
        bool isSettled = attach.SndSettleMode == SenderSettleMode.Settled;
        bool isBrowsing = queue is not StreamQueue && subscription is null && source.DistributionMode.SequenceEqual("copy"u8);
        outgoing = new OutgoingLink(session, link, queue, isSettled, DefaultOutcomeOf(in source), PriorityOf(in attach))
        {
            Dynamic = dynamic, Subscription = subscription, Reading = filters.Reading, IsBrowsing = isBrowsing, Filters = filters.Meaning, IsNoLocal = filters.IsNoLocal,
        };
        if (queue is not StreamQueue && (isBrowsing || filters.Selectors.Length > 0))
        {
            outgoing.Walk = new QueueWalk(queue, outgoing, filters.Selectors) { IsBrowsing = isBrowsing, DropsRefused = subscription is not null };
        }

        var terms = subscription?.Terms ?? SubscriptionTerms.OfLink;
        reply = new Attach
        {
            SndSettleMode = isSettled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled,
            RcvSettleMode = attach.RcvSettleMode,
            Source = new Source
            {
                Address = dynamic is null ? ValueOf(source.Address.Octets) : dynamic.Address,
                Dynamic = dynamic is not null,
                DynamicNodeProperties = dynamic?.Properties ?? default,
                DistributionMode = isBrowsing || queue is StreamQueue || subscription is not null ? StdDistMode.Texts.Copy : StdDistMode.Texts.Move,
                Durable = terms.IsDurable ? TerminusDurability.Configuration : TerminusDurability.None,
                ExpiryPolicy = terms.PolicyText,
                Timeout = terms.TimeoutSeconds,
                Filter = filters.InForce,
                DefaultOutcome = source.HasDefaultOutcome && Outcomes.TryRead(source.DefaultOutcome.Octets, out _, out _) ? EncodedValue.CopyOf(source.DefaultOutcome.Octets) : Outcomes.Released,
                Outcomes = Outcomes.Symbols,
                Capabilities = TerminusCapabilities.Of(source.Capabilities, dynamic is not null, subscription is not null, terms.IsShared),
            },
            Target = ValueOf(attach.Target.Octets),
        };

        return CheckAnswer(link, reply) ?? (queue.MayConsume(outgoing) ? null : WhyNoConsumer(queue));
    }

    /// <summary>An answer that no frame of the peer's carries refuses the link, before anything is done for it.</summary>
    private AmqpFault? CheckAnswer(Link link, Attach reply)
    {
        lock (Output.Gate)
        {
            return link.Fits(reply) ? null : new AmqpFault(AmqpError.Texts.FrameSizeTooSmall, "the answer is longer than the peer's max-frame-size");
        }
    }

    private AmqpFault WhyNoConsumer(MessageQueue queue) => queue.IsDeleted
        ? new AmqpFault(AmqpError.Texts.NotFound, $"no queue '{queue.NameText}' in vhost '{VirtualHost.Name}'")
        : new AmqpFault(AmqpError.Texts.ResourceLocked, $"queue '{queue.NameText}' in vhost '{VirtualHost.Name}' in exclusive use");

    /// <summary>What a receiver reads: a queue that is there, or an exchange.</summary>
    private AmqpFault? FindSource(in SourceView source, out NodeAddress? node, out MessageQueue? queue)
    {
        (node, queue) = (null, null);
        if (!source.Address.TryGetAddressString(out var text))
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "the address is no text");
        }

        return ReadAddress(text, source.Capabilities, out node) ?? MakeSource(node!, in source) ?? (node!.Queue is { } name ? FindQueue(name, out queue) : null);
    }

    /// <summary>Makes a node that is not there for who may read it, and says what can be read.</summary>
    private AmqpFault? MakeSource(NodeAddress node, in SourceView source)
    {
        if (!node.IsMade)
        {
            return null;
        }

        var refused = node.Queue is { } name ? Caller.Rights.CheckQueue(AccessKind.Read, name) : Caller.Rights.CheckExchange(AccessKind.Read, node.Exchange);
        bool isStream = node.Queue is not null && VirtualHost.Settings.DefaultQueueType == "stream";
        return refused?.ToFault() ?? new SourceFilters().Read(source.Filter, isStream, isSubscription: false, Broker.Options.TimeProvider) ?? Make(node);
    }

    private AmqpFault? FindQueue(byte[] name, out MessageQueue? queue)
    {
        queue = null;
        return (Caller.Rights.CheckQueue(AccessKind.Read, name) ?? VirtualHost.LookupQueue(name, this, out queue))?.ToFault();
    }

    /// <summary>Takes a receiver to its queue, and answers it before anything is delivered.</summary>
    private AmqpFault? Consume(OutgoingLink outgoing, Attach reply)
    {
        bool isAdded = outgoing.Queue.TryAddConsumer(outgoing, Turn, _ =>
        {
            lock (Output.Gate)
            {
                outgoing.Link.Attach(reply);
            }
        });
        if (!isAdded)
        {
            return WhyNoConsumer(outgoing.Queue);
        }

        outgoing.Link.Owner = outgoing;
        outgoing.Session.Links.Add(outgoing);
        if (outgoing.IsNoLocal)
        {
            AddNotLocal(outgoing);
        }

        return null;
    }

    /// <summary>What becomes of deliveries without a word; what a link that is gone does not want again is undeliverable.</summary>
    private static Outcome DefaultOutcomeOf(in SourceView source) =>
        !Outcomes.TryRead(source.DefaultOutcome.Octets, out var named, out _) ? Outcome.Release : named == Outcome.UndeliverableHere ? Outcome.Reject : named;

    private static EncodedValue ValueOf(ReadOnlySpan<byte> octets) => octets.IsEmpty ? default : EncodedValue.CopyOf(octets);

    private static long PriorityOf(in AttachView attach) =>
        attach.HasProperties && attach.Properties.TryGetValue(PriorityProperty, out var value) && value.TryGetInt64(out long priority) ? priority : 0;
}
