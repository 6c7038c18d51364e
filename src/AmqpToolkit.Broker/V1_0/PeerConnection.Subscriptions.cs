using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>Exchanges as sources: subscriptions, of one link or of several, and how they are found again (1.0 sections 2.6.1, 2.6.3 and 3.5.3).</content>
internal sealed partial class PeerConnection
{
    /// <summary>Subscriptions that wait for the end of the connection.</summary>
    public DetachedSubscriptions Detached { get; } = new();

    /// <summary>Makes a queue for a receiver of an exchange, or finds that of a subscription again. What was there is changed only when nothing stands against the attach.</summary>
    private AmqpFault? Subscribe(NodeAddress node, SubscriptionTerms terms, out Subscription? subscription)
    {
        subscription = null;
        byte[] name = terms.QueueName is { } text ? Encoding.UTF8.GetBytes(text) : [];
        if (name.Length > byte.MaxValue)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "container and link have too long names for a subscription that is found again");
        }

        byte[] key = node.Key ?? (VirtualHost.FindExchange(node.Exchange)?.Type == ExchangeType.Topic ? "#"u8.ToArray() : []);
        if ((FindSubscription(name, terms, out var queue, out bool isNew) ?? CheckShared(queue!, node, key, terms)) is { } refused)
        {
            return refused;
        }

        var found = new Subscription(queue!, terms.GrantedBy(queue!)) { IsNew = isNew };
        if (VirtualHost.BindQueue(queue!.Name, node.Exchange, key, default, this, Caller) is { } unbound)
        {
            found.DeleteIfNew(this);
            return unbound.ToFault();
        }

        subscription = found;
        return null;
    }

    /// <summary>The queue of a subscription: it is there, or it is made.</summary>
    private AmqpFault? FindSubscription(byte[] name, SubscriptionTerms terms, out MessageQueue? queue, out bool isNew)
    {
        isNew = false;
        if (name.Length > 0 && VirtualHost.FindQueue(name) is { } present)
        {
            queue = present;
            return (Caller.Rights.CheckQueue(AccessKind.Configure, name) ?? Caller.Rights.CheckQueue(AccessKind.Read, name) ?? VirtualHost.LookupQueue(name, this, out _)) is { } refused
                ? refused.ToFault()
                : present is StreamQueue || present.Definition.Durable != terms.IsDurable
                ? new AmqpFault(AmqpError.Texts.PreconditionFailed, $"queue '{present.NameText}' is not one of such a subscription")
                : null;
        }

        isNew = true;
        var arguments = name.Length == 0 ? Table.Empty : Table.Create(table =>
        {
            // Whatever queues are in the virtual host: a subscription is taken from, and by whoever has it.
            table.Add("x-queue-type", "classic");
            if (terms.TimeoutSeconds > 0)
            {
                table.Add("x-expires", terms.TimeoutSeconds * 1000L);
            }
        });
        return VirtualHost.DeclareQueue(name, passive: false, terms.IsDurable, exclusive: name.Length == 0, autoDelete: false, arguments.View, this, out queue, Caller)?.ToFault();
    }

    /// <summary>Links of one subscription read one exchange by one key.</summary>
    private AmqpFault? CheckShared(MessageQueue queue, NodeAddress node, byte[] key, SubscriptionTerms terms) =>
        terms.IsShared && queue.ConsumerCount > 0 && FindOthers(queue, node.Exchange, key).Count > 0
            ? new AmqpFault(AmqpError.Texts.ResourceLocked, "others share this subscription, and read something else through it")
            : null;

    /// <summary>The bindings of a subscription from before it was asked to read something else.</summary>
    private List<Binding> FindOthers(MessageQueue queue, byte[] exchange, byte[] key)
    {
        var others = new List<Binding>();
        lock (VirtualHost.TopologyLock)
        {
            for (var binding = queue.FirstBinding; binding is not null; binding = binding.NextOfDestination)
            {
                if (!binding.Source.Name.AsSpan().SequenceEqual(exchange) || !binding.RoutingKey.AsSpan().SequenceEqual(key))
                {
                    others.Add(binding);
                }
            }
        }

        return others;
    }

    /// <summary>A subscription that is asked to read something else begins anew, as JMS has it: what it kept is of no use any more, and is to be dropped when the lock is left.</summary>
    private PurgedMessages? BeginAnew(MessageQueue queue, NodeAddress node)
    {
        byte[] key = node.Key ?? (VirtualHost.FindExchange(node.Exchange)?.Type == ExchangeType.Topic ? "#"u8.ToArray() : []);
        var others = FindOthers(queue, node.Exchange, key);
        foreach (var binding in others)
        {
            VirtualHost.UnbindQueue(queue.Name, binding.Source.Name, binding.RoutingKey, new TableView(binding.Arguments), this);
        }

        return others.Count > 0 ? queue.TakeAll() : null;
    }

    /// <summary>Has a subscription ready for a receiver: that of another link gives way, or has to read the same. Under the lock of subscriptions, or two that come at a time would both go, or both stay.</summary>
    private AmqpFault? MakeRoom(BrokerSession session, Subscription subscription, string filters)
    {
        if (!subscription.Terms.IsShared)
        {
            StealSubscription(subscription.Queue);
        }
        else if (!SharesFilters(subscription.Queue, filters))
        {
            return new AmqpFault(AmqpError.Texts.ResourceLocked, "others share this subscription, and have other filters");
        }

        subscription.BeginUse();
        session.Detached.Remove(subscription);
        Detached.Remove(subscription);
        return null;
    }

    /// <summary>An attach is refused: what it has made goes, and what was there waits on as before.</summary>
    private void GiveUp(BrokerSession session, Subscription subscription)
    {
        if (subscription.IsNew)
        {
            session.Detached.Remove(subscription);
            Detached.Remove(subscription);
            subscription.DeleteIfNew(this);
        }
        else
        {
            subscription.HandleReleased(this, session);
        }
    }

    /// <summary>What a filter does not pick is nobody's: links of one subscription have the same.</summary>
    private static bool SharesFilters(MessageQueue queue, string filters)
    {
        foreach (var consumer in queue.ListConsumers())
        {
            if (consumer is OutgoingLink { Subscription: not null } other && other.Filters != filters)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A subscription that is not shared has one receiver at a time: one of the same container and link name that is attached elsewhere gives way (section 2.6.1). Other links of one name on several
    /// connections share nothing, and leave each other alone.
    /// </summary>
    private void StealSubscription(MessageQueue queue)
    {
        foreach (var consumer in queue.ListConsumers())
        {
            if (consumer is OutgoingLink { Subscription: not null } other)
            {
                queue.RemoveConsumer(other, Turn);
                other.HandleStolen(Turn);
            }
        }
    }

    /// <summary>
    /// A receiver that asks, without a source or with one that has no address, for what it had: the queue of its subscription (section 2.6.3). Of a shared one that is how a client of JMS ends it; who sends a
    /// source has a place for capabilities in it.
    /// </summary>
    private AmqpFault? Recover(BrokerSession session, Link link, in AttachView attach, MultipleView capabilities)
    {
        bool isShared = attach.DesiredCapabilities.ContainsSymbol("shared"u8) || capabilities.ContainsSymbol("shared"u8);
        bool isGlobal = attach.DesiredCapabilities.ContainsSymbol("global"u8) || capabilities.ContainsSymbol("global"u8);
        string text = isShared
            ? SubscriptionTerms.SharedName(_container, link.Name, isDurable: true, isGlobal)
            : SubscriptionTerms.NameOf(_container, link.Name);
        byte[] name = Encoding.UTF8.GetBytes(text);
        if (VirtualHost.FindQueue(name) is not { } queue
            || (Caller.Rights.CheckQueue(AccessKind.Configure, name) ?? Caller.Rights.CheckQueue(AccessKind.Read, name) ?? VirtualHost.LookupQueue(name, this, out _)) is not null)
        {
            return new AmqpFault(AmqpError.Texts.NotFound, "the source has no address, and there is no subscription of that name");
        }

        lock (VirtualHost.SubscriptionLock)
        {
            if (isShared && queue.ConsumerCount > 0)
            {
                return new AmqpFault(AmqpError.Texts.ResourceLocked, "others have the subscription");
            }

            var terms = session.Detached.TermsOf(queue) ?? Detached.TermsOf(queue) ?? new SubscriptionTerms(text, queue.Definition.Durable, isShared, TerminusExpiryPolicy.Known.Never, 0);
            var subscription = new Subscription(queue, terms.GrantedBy(queue));
            return MakeRoom(session, subscription, string.Empty) ?? AttachRecovered(session, link, in attach, subscription);
        }
    }

    private AmqpFault? AttachRecovered(BrokerSession session, Link link, in AttachView attach, Subscription subscription)
    {
        var queue = subscription.Queue;
        var outgoing = new OutgoingLink(session, link, queue, attach.SndSettleMode == SenderSettleMode.Settled, Outcome.Release, PriorityOf(in attach))
        {
            Subscription = subscription,
        };
        return Consume(
            outgoing,
            new Attach
            {
                SndSettleMode = attach.SndSettleMode == SenderSettleMode.Settled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled,
                RcvSettleMode = attach.RcvSettleMode,
                Source = new Source
                {
                    Address = EncodedValue.String($"/queues/{Uri.EscapeDataString(queue.NameText)}"),
                    Durable = subscription.Terms.IsDurable ? TerminusDurability.Configuration : TerminusDurability.None,
                    ExpiryPolicy = subscription.Terms.PolicyText,
                    Timeout = subscription.Terms.TimeoutSeconds,
                    DistributionMode = StdDistMode.Texts.Copy,
                    DefaultOutcome = Outcomes.Released,
                    Outcomes = Outcomes.Symbols,
                },
                Target = ValueOf(attach.Target.Octets),
            });
    }
}
