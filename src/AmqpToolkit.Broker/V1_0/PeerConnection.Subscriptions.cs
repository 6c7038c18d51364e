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
    /// <summary>What the attach at hand has taken out of a queue, and is to be given back.</summary>
    private PurgedMessages? _purged;

    /// <summary>Queues of subscriptions that have ended, whose messages are to be given back.</summary>
    private List<MessageQueue>? _closed;

    /// <summary>Subscriptions that wait for the end of the connection.</summary>
    public DetachedSubscriptions Detached { get; } = new();

    /// <summary>Makes a queue for a receiver of an exchange, or finds that of a subscription again, as it is. What was there is changed only when nothing stands against the attach.</summary>
    private AmqpFault? FindSubscription(NodeAddress node, Link link, SubscriptionTerms terms, out Subscription? subscription)
    {
        subscription = null;
        byte[] name = terms.QueueName is { } text ? Encoding.UTF8.GetBytes(text) : [];
        if (name.Length > byte.MaxValue)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "container and link have too long names for a subscription that is found again");
        }

        if ((FindSubscription(name, terms, out var queue, out bool isNew) ?? CheckShared(queue!, link, node, terms)) is { } refused)
        {
            return refused;
        }

        subscription = new Subscription(queue!, terms.GrantedBy(queue!)) { IsNew = isNew };
        return null;
    }

    /// <summary>Has a subscription read its exchange. The last that may stand against an attach.</summary>
    private AmqpFault? Bind(Subscription subscription, NodeAddress node) =>
        VirtualHost.BindQueue(subscription.Queue.Name, node.Exchange, KeyOf(node), default, this, Caller, Turn)?.ToFault();

    private byte[] KeyOf(NodeAddress node) => node.Key ?? (VirtualHost.FindExchange(node.Exchange)?.Type == ExchangeType.Topic ? "#"u8.ToArray() : []);

    /// <summary>Whether other links than the one that a new one takes the place of have a subscription.</summary>
    private bool HasOthers(MessageQueue queue, Link link) => Array.Exists(queue.ListConsumers(), consumer => !IsReplaced(consumer, link));

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
    private AmqpFault? CheckShared(MessageQueue queue, Link link, NodeAddress node, SubscriptionTerms terms) =>
        terms.IsShared && HasOthers(queue, link) && FindOthers(queue, node.Exchange, KeyOf(node)).Count > 0
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
    private void BeginAnew(MessageQueue queue, NodeAddress node)
    {
        var others = FindOthers(queue, node.Exchange, KeyOf(node));
        foreach (var binding in others)
        {
            VirtualHost.UnbindQueue(queue.Name, binding.Source.Name, binding.RoutingKey, new TableView(binding.Arguments), this);
        }

        _purged = others.Count > 0 ? queue.TakeAll() : null;
    }

    /// <summary>A subscription has ended: what its queue kept is given back when the lock of subscriptions was left.</summary>
    public void FinishLater(MessageQueue queue) => (_closed ??= []).Add(queue);

    /// <summary>Gives back what subscriptions had that began anew, or ended. Outside of every lock.</summary>
    public void FinishSubscriptions()
    {
        if (_purged is { } dropped)
        {
            _purged = null;
            dropped.Queue.Drop(in dropped);
        }

        if (_closed is { Count: > 0 } closed)
        {
            _closed = null;
            closed.ForEach(queue => queue.FinishClose(Turn));
        }
    }

    /// <summary>Takes the lock of subscriptions until the result is disposed of.</summary>
    public SubscriptionHold HoldSubscriptions() => new(this);

    /// <summary>Links that share a subscription are to have the same filters.</summary>
    private AmqpFault? CheckFilters(Subscription subscription, Link link, string filters) =>
        subscription.Terms.IsShared && !SharesFilters(subscription.Queue, link, filters)
            ? new AmqpFault(AmqpError.Texts.ResourceLocked, "others share this subscription, and have other filters")
            : null;

    /// <summary>
    /// A link is about to attach to a subscription: another that has it gives way, unless it is shared. Not before nothing stands against the attach any more: who is refused is to have taken nothing. Under the lock
    /// of subscriptions, or two that come at a time would both go, or both stay.
    /// </summary>
    private void TakeOver(BrokerSession session, Subscription subscription)
    {
        if (!subscription.Terms.IsShared)
        {
            StealSubscription(subscription.Queue);
        }

        subscription.BeginUse();
        session.Detached.Remove(subscription);
        Detached.Remove(subscription);
    }

    /// <summary>What a filter does not pick is nobody's: links of one subscription have the same.</summary>
    private bool SharesFilters(MessageQueue queue, Link link, string filters)
    {
        foreach (var consumer in queue.ListConsumers())
        {
            if (consumer is OutgoingLink { Subscription: not null } other && other.Filters != filters && !IsReplaced(other, link))
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

        using (HoldSubscriptions())
        {
            if (isShared && HasOthers(queue, link))
            {
                return new AmqpFault(AmqpError.Texts.ResourceLocked, "others have the subscription");
            }

            var terms = session.Detached.TermsOf(queue) ?? Detached.TermsOf(queue) ?? new SubscriptionTerms(text, queue.Definition.Durable, isShared, TerminusExpiryPolicy.Known.Never, 0);
            var subscription = new Subscription(queue, terms.GrantedBy(queue));
            return AttachRecovered(session, link, in attach, subscription);
        }
    }

    private AmqpFault? AttachRecovered(BrokerSession session, Link link, in AttachView attach, Subscription subscription)
    {
        var queue = subscription.Queue;
        var outgoing = new OutgoingLink(session, link, queue, attach.SndSettleMode == SenderSettleMode.Settled, Outcome.Release, PriorityOf(in attach))
        {
            Subscription = subscription,
        };
        var reply = new Attach
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
        };
        if ((CheckAnswer(link, reply) ?? (queue.MayConsume(outgoing) ? null : WhyNoConsumer(queue))) is { } refused)
        {
            return refused;
        }

        TakeOver(session, subscription);
        return Consume(outgoing, reply);
    }
}
