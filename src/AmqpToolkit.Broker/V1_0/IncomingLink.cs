using System.Runtime.CompilerServices;
using System.Text;
using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Broker.Topology;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V1_0;
using AmqpToolkit.Protocol.V1_0;

namespace AmqpToolkit.Broker.V1_0;

/// <summary>
/// A link on which messages come: what arrives in pieces is put together, and whole messages go on their way in the connection's batch. Used by the
/// connection's reader.
/// </summary>
internal sealed class IncomingLink(BrokerSession session, Link link, NodeAddress? node)
{
    /// <summary>Deliveries that a sender may have on their way.</summary>
    private const uint Credit = 1000;

    private OctetBuffer? _partial;

    /// <summary>Where the messages go; without an address of the link's own, where the last one went.</summary>
    private NodeAddress? _node;
    private byte[] _to = [];
    private bool _isSkipping;
    private bool _isGone;

    public BrokerSession Session => session;

    public Link Link => link;

    /// <summary>The way of the last message.</summary>
    public PublishWay Way { get; } = new();

    /// <summary>The queue that was made for this link, and goes with it (section 3.5.9).</summary>
    public DynamicNode? Dynamic { get; init; }

    /// <summary>Whether the sender knows the outcome rejected (section 3.5.3, outcomes).</summary>
    public bool MayReject { get; init; } = true;

    /// <summary>Lets the sender begin. Under the gate.</summary>
    public void GrantCredit() => link.SetCredit(Credit);

    /// <summary>Messages that came whole, one after the other.</summary>
    public void HandleMessages(ReadOnlySpan<byte> input, ReadOnlySpan<ReceivedMessage> messages)
    {
        _isSkipping = false;
        foreach (ref readonly var message in messages)
        {
            if (_isGone)
            {
                // One before it has ended the link: what came behind that is nobody's.
                break;
            }

            Accept(input.Slice(message.Start, message.Octets), 0, message.Sequence, message.IsSettled, isWhole: true);
        }

        GrantWhenDue();
    }

    /// <summary>Octets of a delivery, or its end.</summary>
    public void HandleTransfer(scoped in EngineEvent transfer)
    {
        if (transfer.IsFirst)
        {
            _isSkipping = transfer.IsResumed;
        }

        if (transfer.IsAborted || (_isSkipping && transfer.IsLast))
        {
            Forget(transfer.Sequence);
        }
        else if (_isSkipping)
        {
            // It goes on with a delivery that nobody here knows, and so it is none (section 2.7.5, resume).
        }
        else if (transfer.IsFirst && transfer.IsLast)
        {
            Accept(transfer.Payload, link.MessageFormat, transfer.Sequence, transfer.IsSettled, isWhole: true);
        }
        else if (TryPutAside(transfer.Payload) && transfer.IsLast)
        {
            Accept(_partial!.Written, link.MessageFormat, transfer.Sequence, transfer.IsSettled, isWhole: false);
            DropPartial();
        }

        GrantWhenDue();
    }

    /// <summary>The link is gone.</summary>
    public void Release()
    {
        _isGone = true;
        DropPartial();
        lock (session.Connection.Output.Gate)
        {
            // Nobody waits for their outcomes any more.
            session.Engine.ForgetIncoming(link, []);
        }
    }

    private void GrantWhenDue()
    {
        if (link.Credit <= Credit / 2)
        {
            session.Connection.GrantLater(this);
        }
    }

    private bool TryPutAside(ReadOnlySpan<byte> octets)
    {
        _partial ??= new OctetBuffer();
        if (!session.Connection.TryCountIncomplete(octets.Length))
        {
            session.Connection.UncountIncomplete(octets.Length);
            DropPartial();
            Fail(new AmqpFault(AmqpError.Texts.ResourceLimitExceeded, "messages that are not whole take too much memory"));
            return false;
        }

        _partial.Add(octets);
        return true;
    }

    private void DropPartial()
    {
        if (_partial is { Count: > 0 } partial)
        {
            session.Connection.UncountIncomplete(partial.Count);
            partial.Clear();
        }
    }

    private void Forget(ulong sequence)
    {
        DropPartial();
        lock (session.Connection.Output.Gate)
        {
            session.Engine.TryForgetIncoming(sequence);
        }
    }

    private void Fail(AmqpFault fault)
    {
        session.Connection.FlushPublishes();
        lock (session.Connection.Output.Gate)
        {
            link.Detach(closed: true, fault);
        }

        Release();
    }

    private void Accept(ReadOnlySpan<byte> message, uint format, ulong sequence, bool isSettled, bool isWhole)
    {
        var fault = Check(message, format, out var read) ?? FindNode(in read) ?? FindWay(_node!, in read);
        if (fault is not null)
        {
            Refuse(sequence, isSettled, fault);
            return;
        }

        session.Connection.Publish(this, in read, isSettled ? 0 : sequence, isWhole);
    }

    /// <summary>A message that is not taken: its sender hears why, by the outcome or, where it has settled, by the end of the link.</summary>
    private void Refuse(ulong sequence, bool isSettled, AmqpFault fault)
    {
        if (isSettled || !MayReject || (node is not null && fault.Condition == AmqpError.Texts.UnauthorizedAccess))
        {
            Fail(fault);
            return;
        }

        session.Connection.FlushPublishes();
        session.Dispose(sequence, Outcomes.Rejected(fault.Condition, fault.Description), link);
    }

    private AmqpFault? Check(ReadOnlySpan<byte> octets, uint format, out IncomingMessage message)
    {
        message = default;
        var error = format == 0 ? IncomingMessage.TryRead(octets, out message) : DecodeError.None;
        int mostOctets = session.Connection.VirtualHost.MaxPropertyOctets;
        return format == 0 && error == DecodeError.None && message.BodyStart <= mostOctets && message.UserId.IsEmpty
            ? null
            : FindFault(in message, format, error, mostOctets);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private AmqpFault? FindFault(in IncomingMessage message, uint format, DecodeError error, int mostOctets) =>
        format != 0 ? new AmqpFault(AmqpError.Texts.NotImplemented, $"message-format {format} is not known")
        : error != DecodeError.None ? new AmqpFault(AmqpError.Texts.DecodeError, $"the message cannot be read: {error}")
        : message.BodyStart > mostOctets ? new AmqpFault(LinkError.Texts.MessageSizeExceeded, $"the sections before the body have {message.BodyStart} octets; {mostOctets} are taken")
        : session.Connection.Caller.Rights.CheckUserId(message.UserId)?.ToFault();

    /// <summary>Where a message goes that comes over a link without an address: to its own (anonymous terminus, section 2.2).</summary>
    private AmqpFault? FindNode(in IncomingMessage message)
    {
        if (node is not null)
        {
            _node = node;
            return null;
        }

        if (_node is not null && message.To.SequenceEqual(_to))
        {
            return null;
        }

        _node = null;
        Way.RoutingVersion = -1;
        if (message.To.IsEmpty)
        {
            return new AmqpFault(AmqpError.Texts.PreconditionFailed, "the message says not where it goes");
        }

        if (NodeAddress.Read(message.To, session.Connection.VirtualHost, session.Connection.Broker.Options, out var found) is { } fault)
        {
            return fault;
        }

        if (found is { IsMade: true, Queue: { } queue } && session.Connection.VirtualHost.FindQueue(queue) is null)
        {
            // A link may have something made, a message may not: there are too many of them.
            return new AmqpFault(AmqpError.Texts.NotFound, $"there is no queue '{Encoding.UTF8.GetString(queue)}'");
        }

        session.Connection.FlushPublishes();
        _node = found;
        _to = message.To.ToArray();
        return null;
    }

    private AmqpFault? FindWay(NodeAddress way, in IncomingMessage message)
    {
        var virtualHost = session.Connection.VirtualHost;
        int version = virtualHost.RoutingVersion;
        var key = way.Key is { } fixedKey ? fixedKey : message.Subject;
        if (Way.RoutingVersion == version && (way.Key is not null || Way.IsSameWay(way.Exchange, key)))
        {
            return null;
        }

        if (key.Length > byte.MaxValue)
        {
            return new AmqpFault(AmqpError.Texts.InvalidField, $"a subject of {key.Length} octets is no routing key");
        }

        // The batch holds messages of the way that is about to be forgotten.
        session.Connection.FlushPublishes();
        Way.SetWay(way.Exchange, key);
        Way.RoutingVersion = version;
        if (session.Connection.FindWritableExchange(way.Exchange, key, out var exchange) is { } refused)
        {
            Way.RoutingVersion = -1;
            return refused.ToFault();
        }

        Way.Target = exchange;
        Way.NeedsHeaders = !exchange!.DependsOnKeyAlone;
        if (Way.NeedsHeaders)
        {
            Way.RoutingVersion = -1;
        }
        else
        {
            var routes = session.Connection.Routes;
            routes.Clear();
            virtualHost.Route(exchange, key, default, routes);
            Way.SetTargets(session.Connection.WithoutNotLocal(routes.Queues));
            Way.IsTaken = Way.TargetCount == 0 && routes.Count > 0;
        }

        return null;
    }
}
