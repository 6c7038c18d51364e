using AmqpToolkit.Broker.Queues;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>What is made for a link, dynamic nodes and the management node, and what links may have made by naming it (1.0 section 3.5).</content>
internal sealed partial class PeerConnection
{
    /// <summary>Pairs of links to the management node that a session may have: each may have answers that wait.</summary>
    private const int MaxManagementPairs = 4;

    /// <summary>The name of the peer's container.</summary>
    private string _container = string.Empty;

    /// <summary>What the attach at hand has made because there was no node of that name.</summary>
    private BindingDestination? _made;

    /// <summary>Ends an attach: what it has made goes again if it is refused, unless somebody has come to it meanwhile.</summary>
    private void EndMaking(bool isRefused)
    {
        var made = _made;
        _made = null;
        if (!isRefused)
        {
            return;
        }

        if (made is MessageQueue queue && VirtualHost.DeleteQueueIfUntouched(queue))
        {
            queue.FinishClose(Turn);
        }
        else if (made is Exchange exchange)
        {
            VirtualHost.DeleteExchangeIfUntouched(exchange);
        }
    }

    /// <summary>What an address means: a node that is there, or one that is to be made.</summary>
    private AmqpFault? ReadAddress(ReadOnlySpan<byte> text, MultipleView capabilities, out NodeAddress? node)
    {
        if (NodeAddress.Read(text, VirtualHost, Broker.Options, out node) is { } fault)
        {
            return fault;
        }

        if (node is { IsMade: true, Queue: { } name })
        {
            node = VirtualHost.FindQueue(name) is not null ? NodeAddress.OfQueue(name)
                : node.MayBeTopic && capabilities.ContainsSymbol("topic"u8) ? new NodeAddress(null, name, null) { IsMade = true }
                : node;
        }

        if (node is { IsMade: false } && (Broker.Options.AutoCreateNodes || Broker.Options.LegacyAddresses))
        {
            // Another link may have made it a moment ago, and be refused yet.
            VirtualHost.MarkFound(node.Queue ?? node.Exchange);
        }

        return null;
    }

    /// <summary>Makes a node that is not there, by the user's own rights.</summary>
    private AmqpFault? Make(NodeAddress node)
    {
        if (!node.IsMade)
        {
            return null;
        }

        ProtocolError? error;
        if (node.Queue is { } name)
        {
            error = VirtualHost.DeclareQueue(name, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out var queue, Caller);
            _made = queue;
        }
        else
        {
            error = VirtualHost.DeclareExchange(node.Exchange, "fanout"u8, passive: false, durable: true, autoDelete: false, isInternal: false, default, Caller);
            _made = error is null ? VirtualHost.FindExchange(node.Exchange) : null;
        }

        return error?.ToFault();
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
        reply = isOfRequests ? reply with { MaxMessageSize = ManagementPair.MaxRequestOctets } : reply;
        if (CheckAnswer(link, reply) is { } unanswerable)
        {
            return unanswerable;
        }

        lock (Output.Gate)
        {
            link.Attach(reply);
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
