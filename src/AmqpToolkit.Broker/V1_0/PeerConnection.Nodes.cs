using System.Text;
using AmqpToolkit.Broker.Access;
using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>What sources name and what is made for a link: queues, subscriptions on exchanges, dynamic nodes, the management node (1.0 section 3.5).</content>
internal sealed partial class PeerConnection
{
    /// <summary>Pairs of links to the management node that a session may have: each may have answers that wait.</summary>
    private const int MaxManagementPairs = 4;

    /// <summary>The name of the peer's container.</summary>
    private string _container = string.Empty;

    /// <summary>What a receiver reads: a queue, or an exchange through a queue of its own.</summary>
    private AmqpFault? FindSource(Link link, in SourceView source, out MessageQueue? queue, out Subscription? subscription)
    {
        queue = null;
        subscription = null;
        if (!source.Address.TryGetAddressString(out var text))
        {
            return new AmqpFault(AmqpError.Texts.NotFound, "the source has no address");
        }

        if (NodeAddress.Read(text, VirtualHost, out var node) is { } fault)
        {
            return fault;
        }

        if (node!.Queue is { } name)
        {
            return (Caller.Rights.CheckQueue(AccessKind.Read, name) ?? VirtualHost.LookupQueue(name, this, out queue))?.ToFault();
        }

        var refused = Subscribe(link, node, source.Durable != TerminusDurability.None && source.ExpiryPolicy.SequenceEqual("never"u8), out subscription);
        queue = subscription?.Queue;
        return refused;
    }

    /// <summary>Makes a queue for a receiver of an exchange, or finds that of a durable subscription again.</summary>
    private AmqpFault? Subscribe(Link link, NodeAddress node, bool isDurable, out Subscription? subscription)
    {
        subscription = null;
        byte[] name = isDurable ? Encoding.UTF8.GetBytes(Subscription.NameOf(_container, link.Name)) : [];
        if (name.Length > byte.MaxValue)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, "container and link have too long names for a durable subscription");
        }

        byte[] key = node.Key ?? (VirtualHost.FindExchange(node.Exchange)?.Type == ExchangeType.Topic ? "#"u8.ToArray() : []);
        bool isNew = !isDurable || VirtualHost.FindQueue(name) is null;
        if (VirtualHost.DeclareQueue(name, passive: false, isDurable, exclusive: !isDurable, autoDelete: false, default, this, out var queue, Caller) is { } refused)
        {
            return refused.ToFault();
        }

        subscription = new Subscription(queue!, isDurable) { IsNew = isNew };
        if (VirtualHost.BindQueue(queue!.Name, node.Exchange, key, default, this, Caller) is not { } unbound)
        {
            return null;
        }

        subscription.DeleteIfNew(this);
        subscription = null;
        return unbound.ToFault();
    }

    /// <summary>
    /// A durable subscription has one receiver at a time: one of the same container and link name that is attached elsewhere gives way (section 2.6.1). Other links of one name on several connections
    /// share nothing, and leave each other alone.
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

    /// <summary>A receiver that asks, without a source, for what it had: the queue of its durable subscription (section 2.6.3).</summary>
    private AmqpFault? Recover(BrokerSession session, Link link, in AttachView attach)
    {
        byte[] name = Encoding.UTF8.GetBytes(Subscription.NameOf(_container, link.Name));
        if (VirtualHost.FindQueue(name) is not { } queue || Caller.Rights.CheckQueue(AccessKind.Read, name) is not null)
        {
            return new AmqpFault(AmqpError.Texts.NotFound, "there is no source, and no subscription of that name");
        }

        StealSubscription(queue);
        var outgoing = new OutgoingLink(session, link, queue, attach.SndSettleMode == SenderSettleMode.Settled, Outcome.Release, PriorityOf(in attach))
        {
            Subscription = new Subscription(queue, IsDurable: true),
        };
        return Consume(outgoing, new Attach
        {
            SndSettleMode = attach.SndSettleMode == SenderSettleMode.Settled ? SenderSettleMode.Settled : SenderSettleMode.Unsettled,
            RcvSettleMode = attach.RcvSettleMode,
            Source = new Source
            {
                Address = EncodedValue.String($"/queues/{Uri.EscapeDataString(queue.NameText)}"),
                Durable = TerminusDurability.Configuration,
                ExpiryPolicy = TerminusExpiryPolicy.Texts.Never,
                DistributionMode = StdDistMode.Texts.Copy,
                DefaultOutcome = Outcomes.Released,
                Outcomes = Outcomes.Symbols,
            },
            Target = ValueOf(attach.Target.Octets),
        });
    }

    /// <summary>Makes a queue for a link.</summary>
    private AmqpFault? MakeNode(EncodedMapView properties, out DynamicNode? node)
    {
        node = null;
        var error = VirtualHost.DeclareQueue(default, passive: false, durable: false, exclusive: true, autoDelete: false, default, this, out var queue, Caller);
        node = error is null ? new DynamicNode(queue!, DynamicNode.PolicyOf(properties)) : null;
        return error?.ToFault();
    }

    /// <summary>One of the two links to the management node.</summary>
    private AmqpFault? AttachManagement(BrokerSession session, Link link, in AttachView attach)
    {
        var pairs = session.Management ??= new Dictionary<string, ManagementPair>(StringComparer.Ordinal);
        if (!pairs.TryGetValue(link.Name, out var pair))
        {
            if (pairs.Count == MaxManagementPairs)
            {
                return new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, $"a session has at most {MaxManagementPairs} pairs of links to the management node");
            }

            pair = new ManagementPair(session);
        }

        bool isOfRequests = link.Role == Role.Receiver;
        var reply = new Attach
        {
            SndSettleMode = isOfRequests ? attach.SndSettleMode : SenderSettleMode.Settled,
            RcvSettleMode = attach.RcvSettleMode,
            Source = ValueOf(attach.Source.Octets),
            Target = ValueOf(attach.Target.Octets),
            Properties = ManagementPair.Properties,
        };
        lock (Output.Gate)
        {
            if (!link.Attach(isOfRequests ? reply with { MaxMessageSize = ManagementPair.MaxRequestOctets } : reply))
            {
                return TooLong();
            }

            if (isOfRequests)
            {
                pair.Requests = link;
                pair.GrantCredit();
            }
            else
            {
                pair.Answers = link;
            }
        }

        pairs[link.Name] = pair;
        link.Owner = pair;
        return null;
    }
}
