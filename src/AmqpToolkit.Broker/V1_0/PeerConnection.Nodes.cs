using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <content>What is made for a link, dynamic nodes and the management node, and what links may have made by naming it (1.0 section 3.5).</content>
internal sealed partial class PeerConnection
{
    /// <summary>Pairs of links to the management node that a session may have: each may have answers that wait.</summary>
    private const int MaxManagementPairs = 4;

    /// <summary>The name of the peer's container.</summary>
    private string _container = string.Empty;

    /// <summary>What an address means: a node that is there, or one that is to be made.</summary>
    private AmqpFault? ReadAddress(ReadOnlySpan<byte> text, MultipleView capabilities, out NodeAddress? node)
    {
        if (NodeAddress.Read(text, VirtualHost, Broker.Options, out node) is { } fault)
        {
            return fault;
        }

        if (node is not { IsMade: true, Queue: { } name })
        {
            return null;
        }

        node = VirtualHost.FindQueue(name) is not null ? NodeAddress.OfQueue(name)
            : node.MayBeTopic && capabilities.ContainsSymbol("topic"u8) ? new NodeAddress(null, name, null) { IsMade = true }
            : node;
        return null;
    }

    /// <summary>Makes a node that is not there, by the user's own rights. Before that whoever names it is to have shown that nothing else stands against the link: what it made would stay.</summary>
    private AmqpFault? Make(NodeAddress node) => node switch
    {
        { IsMade: false } => null,
        { Queue: { } name } => VirtualHost.DeclareQueue(name, passive: false, durable: true, exclusive: false, autoDelete: false, default, this, out _, Caller)?.ToFault(),
        _ => VirtualHost.DeclareExchange(node.Exchange, "fanout"u8, passive: false, durable: true, autoDelete: false, isInternal: false, default, Caller)?.ToFault(),
    };

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
